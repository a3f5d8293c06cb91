//! Fine-tuning on the retain set: the starting kit's baseline.

use sweep_protocol::recipe::{Phase, Recipe};

use super::{
    Method, Parameter, Tier,
    loops::{BATCH_SIZE, EPOCHS, LR, MOMENTUM, SCHEDULE, WEIGHT_DECAY, repair},
    parameters,
};

pub(super) const METHOD: Method = Method {
    name: "finetune",
    tier: Tier::One,
    family: "fine-tune",
    about: "Fine-tunes the original on the retain set and lets it forget by itself",
    source: "unlearning-challenge/starting-kit; defaults of the released scorer's `do_unlearning`",
    failure_modes: "a small lr leaves the forget set as it was; from 0.05 on it forgets more and loses accuracy",
    parameters: PARAMETERS,
    recipe: |arguments, _| Recipe { phases: vec![Phase::Train(repair(arguments))] },
    ..Method::UNLEARNS
};

/// The hyper-parameters of [`repair`].
pub(super) const PARAMETERS: &[Parameter] = parameters![
    LR.at(1e-3).usual("1e-4 to 1e-1"),
    EPOCHS.at(1.0).usual("1 to 6"),
    BATCH_SIZE,
    MOMENTUM,
    WEIGHT_DECAY,
    SCHEDULE,
];
