//! NegGrad+: descend on the retain set while ascending on the forget set.

use sweep_protocol::{
    recipe::{Phase, Recipe, Train},
    terms::{Set, UnitInterval},
};

use super::{
    Hyper, Method, Tier,
    loops::{
        BATCH_NORM, BATCH_SIZE, EPOCHS, FORGET_BATCH_SIZE, LR, MOMENTUM, WEIGHT_DECAY, cross_entropy,
        descend, forget,
    },
    parameters,
};

const ALPHA: Hyper<UnitInterval> =
    Hyper::unit_interval("alpha", 0.95, "share of the retain loss").usual("0.9 to 0.9999");

pub(super) const METHOD: Method = Method {
    name: "neggrad-plus",
    tier: Tier::One,
    family: "joint ascent",
    about: "Descends on α·CE(retain) − (1−α)·CE(forget), each retain batch with the next of the cycled forget set",
    source: "Kurmanji et al., Towards unbounded machine unlearning, arXiv:2302.09880 (SCRUB repository); defaults of \
             kairanzhao/RUM, whose batches are 256",
    failure_modes: "the forget term is unbounded: with 1−α too large it takes over late and diverges. A forget batch \
                    as large as a retain batch passes over the forget set about 50 times an epoch",
    parameters: parameters![
        ALPHA,
        LR.at(1e-2).usual("1e-4 to 5e-2"),
        EPOCHS.at(5.0).usual("1 to 6"),
        BATCH_SIZE,
        FORGET_BATCH_SIZE.at(64).usual("16, 64, 256"),
        MOMENTUM,
        WEIGHT_DECAY,
        BATCH_NORM,
    ],
    recipe: |arguments, _| {
        let alpha = arguments.get(&ALPHA).get();
        let mut train = Train { batch_norm: arguments.get(&BATCH_NORM), ..descend(arguments) };
        train.data.push(forget(arguments));
        train.loss = vec![cross_entropy(Set::Retain, alpha), cross_entropy(Set::Forget, alpha - 1.0)];
        Recipe { phases: vec![Phase::Train(train)] }
    },
    ..Method::UNLEARNS
};
