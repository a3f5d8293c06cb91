//! RUM: unlearns the forget set in parts, by how well the original knows them.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{AfterEpochs, Alternate, Labels, Memory, Phase, Recipe, Round, Share, Stream, Train},
    terms::{Positive, UnitInterval},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{
        BATCH_SIZE, FORGET_BATCH_SIZE, LR, MOMENTUM, WEIGHT_DECAY, constant, cross_entropy, forget, retain,
        sgd,
    },
    parameters,
};

const HARD_SHARE: Hyper<UnitInterval> =
    Hyper::unit_interval("hard-share", 0.33, "share of the forget set that is relabelled")
        .usual("0.2 to 0.67");
const FINE_TUNE_EPOCHS: Hyper<Positive> =
    Hyper::positive("fine-tune-epochs", 10.0, "passes over the retain set before it").usual("1 to 10");
const EPOCHS: Hyper<NonZeroU32> =
    Hyper::count("epochs", 5, "epochs of relabelling, each with a pass over the retain set").usual("1 to 5");

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
    parameters: parameters![
        HARD_SHARE,
        FINE_TUNE_EPOCHS,
        EPOCHS,
        LR.at(1e-1).usual("1e-3 to 1e-1"),
        BATCH_SIZE.at(256),
        FORGET_BATCH_SIZE.at(64),
        MOMENTUM,
        WEIGHT_DECAY,
    ],
    recipe: |arguments, _| {
        let keep = on(arguments, retain(arguments), arguments.get(&FINE_TUNE_EPOCHS).get());
        Recipe { phases: vec![Phase::Train(keep), Phase::Alternate(relabel(arguments))] }
    },
    ..Method::UNLEARNS
};

fn relabel(arguments: &Arguments) -> Alternate {
    let from = UnitInterval::new(0.0).expect("0 is in [0, 1]");
    let share = Share::ByConfidence { from, to: arguments.get(&HARD_SHARE) };
    let hard = Stream { share, labels: Labels::Random, ..forget(arguments) };
    Alternate {
        epochs: arguments.get(&EPOCHS),
        rounds: vec![Round::new(on(arguments, hard, 1.0)), Round::new(on(arguments, retain(arguments), 1.0))],
        memory: Memory::Loop,
        after_epochs: AfterEpochs::default(),
    }
}

fn on(arguments: &Arguments, stream: Stream, epochs: f64) -> Train {
    let loss = vec![cross_entropy(stream.set, 1.0)];
    Train::new(stream, constant(epochs), loss, sgd(arguments))
}
