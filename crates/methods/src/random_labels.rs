//! Random labels: teaches the forget set wrong, the retain set right.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{
        AfterEpochs, Alternate, GradientPlan, Labels, Memory, Part, Phase, Recipe, Round, Share, Stream,
        Train,
    },
    terms::{Positive, Set},
};

use super::{
    Arguments, Hyper, Method, Parameter, Tier,
    loops::{self, MOMENTUM, WEIGHT_DECAY, WHOLE_EPOCHS, constant, cross_entropy, forget, retain, sgd},
    parameters,
};

pub(super) const METHOD: Method = Method {
    name: "random-labels",
    tier: Tier::One,
    family: "relabel",
    about: "Cross entropy with random labels on the forget set and true ones on the retain set",
    source: "the relabelling baseline of Fan et al., SalUn, ICLR 2024, arXiv:2310.12508 (OPTML-Group/Unlearn-Saliency \
             `RL.py`): variant \"in-turn\" is its branch for CIFAR-10, \"mixed\" the one for CIFAR-100",
    failure_modes: "a small lr leaves the forget set as it was; a large one pushes its confidences below those of \
                    retrained models, which accuracies don't show",
    parameters: PARAMETERS,
    recipe: |arguments, _| Recipe { phases: vec![relabel(arguments, &GradientPlan::default())] },
    ..Method::UNLEARNS
};

/// The hyper-parameters of [`relabel`].
pub(super) const PARAMETERS: &[Parameter] =
    parameters![LR, EPOCHS, VARIANT, LABELS, BATCH_SIZE, FORGET_BATCH_SIZE, MOMENTUM, WEIGHT_DECAY];

pub(super) const LR: Hyper<Positive> = loops::LR.at(1.3e-2).usual("1e-3 to 1e-1");
pub(super) const EPOCHS: Hyper<NonZeroU32> = WHOLE_EPOCHS.at(10).usual("1 to 10");
pub(super) const VARIANT: Hyper<Variant> = Hyper::choice(
    "variant",
    &[("in-turn", Variant::InTurn), ("mixed", Variant::Mixed)],
    "forget pass before each retain pass, or both shuffled together",
);
pub(super) const LABELS: Hyper<Labels> = Hyper::choice(
    "labels",
    &[("uniform", Labels::Random), ("wrong", Labels::Wrong), ("second-best", Labels::SecondBest)],
    "labels of the forget set, anew in every pass",
);
pub(super) const BATCH_SIZE: Hyper<NonZeroU32> = loops::BATCH_SIZE.at(256);
pub(super) const FORGET_BATCH_SIZE: Hyper<NonZeroU32> = loops::FORGET_BATCH_SIZE.at(256);

/// How examples with false and with true labels meet.
#[derive(Debug, Clone, Copy)]
pub(super) enum Variant {
    /// A pass over the forget set before each over the retain set.
    InTurn,
    /// Both shuffled together.
    Mixed,
}

/// Trains on false labels for the forget set; what `gradient` says happens to every gradient.
pub(super) fn relabel(arguments: &Arguments, gradient: &GradientPlan) -> Phase {
    match arguments.get(&VARIANT) {
        Variant::InTurn => Phase::Alternate(in_turn(arguments, gradient)),
        Variant::Mixed => Phase::Train(mixed(arguments, gradient)),
    }
}

fn in_turn(arguments: &Arguments, gradient: &GradientPlan) -> Alternate {
    let false_labels = Stream { labels: arguments.get(&LABELS), ..forget(arguments) };
    let pass = |stream| Round::new(on(stream, constant(1.0), arguments, gradient));
    Alternate {
        epochs: arguments.get(&EPOCHS),
        rounds: vec![pass(false_labels), pass(retain(arguments))],
        memory: Memory::Loop,
        after_epochs: AfterEpochs::default(),
    }
}

fn mixed(arguments: &Arguments, gradient: &GradientPlan) -> Train {
    let with = vec![Part { set: Set::Forget, share: Share::All, labels: arguments.get(&LABELS) }];
    let passes = constant(f64::from(arguments.get(&EPOCHS).get()));
    on(Stream { with, ..retain(arguments) }, passes, arguments, gradient)
}

fn on(stream: Stream, passes: Positive, arguments: &Arguments, gradient: &GradientPlan) -> Train {
    let loss = vec![cross_entropy(stream.set, 1.0)];
    Train { gradient: gradient.clone(), ..Train::new(stream, passes, loss, sgd(arguments)) }
}
