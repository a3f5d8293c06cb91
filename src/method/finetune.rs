//! Fine-tuning on the retain set: the starting kit's baseline.

use sweep_protocol::{
    recipe::{CrossEntropy, Optimizer, Phase, Recipe, Schedule, Stream, Term, Train},
    terms::Set,
};

use super::{Arguments, Engines, Kind, Method, Parameter, StartsFrom};

pub(super) const METHOD: Method = Method {
    name: "finetune",
    about: "Fine-tunes the original on the retain set and lets it forget by itself",
    source: "unlearning-challenge/starting-kit; defaults of the released scorer's `do_unlearning`",
    parameters: PARAMETERS,
    starts_from: StartsFrom::Original,
    engines: Engines::All,
    recipe: |arguments, _| Recipe { phases: vec![Phase::Train(repair(arguments))] },
};

/// The hyper-parameters of [`repair`].
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter { name: "lr", kind: Kind::Positive(1e-3), about: "learning rate of SGD; usual 1e-4 to 1e-1" },
    Parameter {
        name: "epochs",
        kind: Kind::Positive(1.0),
        about: "passes over the retain set; usual 1 to 6",
    },
    BATCH_SIZE,
    MOMENTUM,
    WEIGHT_DECAY,
    SCHEDULE,
];

/// Examples in a batch of the competition's loaders.
pub(super) const BATCH_SIZE: Parameter =
    Parameter { name: "batch-size", kind: Kind::Count(64), about: "examples in a batch" };
/// Momentum, as all the published unlearners have it.
pub(super) const MOMENTUM: Parameter =
    Parameter { name: "momentum", kind: Kind::UnitInterval(0.9), about: "momentum of SGD" };
/// Weight decay, as most published unlearners have it.
pub(super) const WEIGHT_DECAY: Parameter =
    Parameter { name: "weight-decay", kind: Kind::NonNegative(5e-4), about: "L2 penalty of SGD" };
/// How the learning rate of [`repair`] moves.
pub(super) const SCHEDULE: Parameter = Parameter {
    name: "schedule",
    kind: Kind::Choice(&["cosine", "constant"]),
    about: "learning rate over the epochs",
};

/// Cross entropy on the retain set with SGD: the repair that most methods end with. Reads [`PARAMETERS`].
pub(super) fn repair(arguments: &Arguments) -> Train {
    Train {
        schedule: schedule(arguments),
        ..Train::new(
            Stream::of(Set::Retain, arguments.count("batch-size")),
            arguments.positive("epochs"),
            vec![Term::CrossEntropy(CrossEntropy::new(Set::Retain, 1.0))],
            sgd(arguments),
        )
    }
}

/// SGD, from `lr`, [`MOMENTUM`] and [`WEIGHT_DECAY`].
pub(super) fn sgd(arguments: &Arguments) -> Optimizer {
    Optimizer::Sgd {
        lr: arguments.positive("lr"),
        momentum: arguments.unit_interval("momentum"),
        weight_decay: arguments.non_negative("weight-decay"),
    }
}

/// Reads [`SCHEDULE`].
pub(super) fn schedule(arguments: &Arguments) -> Schedule {
    if arguments.choice("schedule") == "cosine" { Schedule::Cosine } else { Schedule::Constant }
}
