//! RUM: unlearns the forget set in parts, by how well the original knows them.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{AfterEpochs, Alternate, Labels, Memory, Part, Phase, Recipe, Round, Share, Stream, Train},
    terms::{Positive, Set, UnitInterval},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{
        BATCH_SIZE, FORGET_BATCH_SIZE, LR, MOMENTUM, WEIGHT_DECAY, constant, cross_entropy, forget, retain,
        sgd,
    },
    parameters, salun,
};

const HARD_SHARE: Hyper<UnitInterval> =
    Hyper::unit_interval("hard-share", 0.33, "share of the forget set that is relabelled")
        .usual("0.2 to 0.67");
const FINE_TUNE_EPOCHS: Hyper<Positive> =
    Hyper::positive("fine-tune-epochs", 10.0, "passes over the retain set before it").usual("1 to 10");
const EPOCHS: Hyper<NonZeroU32> =
    Hyper::count("epochs", 5, "epochs of relabelling, each with a pass over the retain set").usual("1 to 5");

const KEEP: Hyper<Keep> = Hyper::choice(
    "fine-tune-on",
    &[("retain-and-hard", Keep::RetainAndHard), ("retain", Keep::Retain)],
    "whether the hard part is still trained on before it is relabelled, as in the published code",
);

/// What is fine-tuned on.
#[derive(Debug, Clone, Copy)]
enum Keep {
    RetainAndHard,
    Retain,
}

pub(super) const METHOD: Method = Method {
    name: "rum",
    tier: Tier::Three,
    family: "sequence",
    about: "Fine-tunes without what is easy to forget, then teaches random labels to the part of the forget set that the \
            original is least sure of, on the weights that matter to it",
    source: "Zhao et al., What makes unlearning hard and what to do about it, NeurIPS 2024, arXiv:2406.01257; \
             kairanzhao/RUM `main_rum.py`: nothing for what is hardly memorised, fine-tuning for the middle, SalUn for the \
             rest. There the proxy of memorisation is the confidence averaged over the epochs of training; here it is that \
             of the finished original, which is all that a checkpoint tells",
    failure_modes: "confidence is a coarse proxy of memorisation: an original that is sure of everything ranks by noise",
    parameters: parameters![
        HARD_SHARE,
        KEEP,
        salun::RHO,
        salun::RESTORE,
        FINE_TUNE_EPOCHS,
        EPOCHS,
        LR.at(1e-1).usual("1e-3 to 1e-1"),
        BATCH_SIZE.at(256),
        FORGET_BATCH_SIZE.at(64),
        MOMENTUM,
        WEIGHT_DECAY,
    ],
    recipe: |arguments, _| {
        let with = match arguments.get(&KEEP) {
            Keep::RetainAndHard => {
                vec![Part { set: Set::Forget, share: hard(arguments), labels: Labels::True }]
            }
            Keep::Retain => Vec::new(),
        };
        let keep = Stream { with, ..retain(arguments) };
        let keep = on(arguments, keep, arguments.get(&FINE_TUNE_EPOCHS).get());
        // The mask is the original's, as published.
        let salient = salun::select(hard(arguments), arguments);
        Recipe { phases: vec![salient, Phase::Train(keep), Phase::Alternate(relabel(arguments))] }
    },
    ..Method::UNLEARNS
};

fn relabel(arguments: &Arguments) -> Alternate {
    let hard = Stream { share: hard(arguments), labels: Labels::Random, ..forget(arguments) };
    let turn =
        |stream| Round::new(Train { gradient: salun::gradient(arguments), ..on(arguments, stream, 1.0) });
    Alternate {
        epochs: arguments.get(&EPOCHS),
        rounds: vec![turn(hard), turn(retain(arguments))],
        memory: Memory::Loop,
        after_epochs: AfterEpochs::default(),
    }
}

/// The part of the forget set that the original is least sure of.
fn hard(arguments: &Arguments) -> Share {
    let from = UnitInterval::new(0.0).expect("0 is in [0, 1]");
    Share::ByConfidence { from, to: arguments.get(&HARD_SHARE) }
}

fn on(arguments: &Arguments, stream: Stream, epochs: f64) -> Train {
    let loss = vec![cross_entropy(stream.set, 1.0)];
    Train::new(stream, constant(epochs), loss, sgd(arguments))
}
