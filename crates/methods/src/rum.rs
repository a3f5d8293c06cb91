//! RUM: unlearns the forget set in parts, by how well the original knows them.

use sweep_protocol::{
    recipe::{AfterEpochs, Alternate, Labels, Memory, Phase, Recipe, Round, Share, Stream, Train},
    terms::UnitInterval,
};

use super::{
    Arguments, Method, Parameter, Tier,
    loops::{
        MOMENTUM, WEIGHT_DECAY, batch_size, constant, cross_entropy, forget, forget_batch_size, lr, retain,
        sgd,
    },
};

pub(super) const METHOD: Method = Method {
    name: "rum",
    tier: Tier::Three,
    family: "sequence",
    about: "Fine-tunes on the retain set, then teaches random labels to the part of the forget set that the original is \
            least sure of",
    source: "Zhao et al., What makes unlearning hard and what to do about it, NeurIPS 2024, arXiv:2406.01257; \
             kairanzhao/RUM: nothing for what is hardly memorised, fine-tuning for the middle, relabelling for the rest; \
             memorisation by the original's confidence",
    failure_modes: "confidence is a coarse proxy of memorisation: an original that is sure of everything ranks by noise",
    parameters: &[
        Parameter::unit_interval("hard-share", 0.33, "share of the forget set that is relabelled")
            .usual("0.2 to 0.67"),
        Parameter::positive("fine-tune-epochs", 10.0, "passes over the retain set before it")
            .usual("1 to 10"),
        Parameter::count("epochs", 5, "epochs of relabelling, each with a pass over the retain set")
            .usual("1 to 5"),
        lr(1e-1).usual("1e-3 to 1e-1"),
        batch_size(256),
        forget_batch_size(64),
        MOMENTUM,
        WEIGHT_DECAY,
    ],
    recipe: |arguments, _| {
        let keep = on(arguments, retain(arguments), arguments.positive("fine-tune-epochs").get());
        Recipe { phases: vec![Phase::Train(keep), Phase::Alternate(relabel(arguments))] }
    },
    ..Method::UNLEARNS
};

fn relabel(arguments: &Arguments) -> Alternate {
    let from = UnitInterval::new(0.0).expect("0 is in [0, 1]");
    let share = Share::ByConfidence { from, to: arguments.unit_interval("hard-share") };
    let hard = Stream { share, labels: Labels::Random, ..forget(arguments) };
    Alternate {
        epochs: arguments.count("epochs"),
        rounds: vec![Round::new(on(arguments, hard, 1.0)), Round::new(on(arguments, retain(arguments), 1.0))],
        memory: Memory::Loop,
        after_epochs: AfterEpochs::default(),
    }
}

fn on(arguments: &Arguments, stream: Stream, epochs: f64) -> Train {
    let loss = vec![cross_entropy(stream.set, 1.0)];
    Train::new(stream, constant(epochs), loss, sgd(arguments))
}
