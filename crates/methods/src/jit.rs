//! JiT: smooths the network around the forget examples.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{Accumulation, GradientPlan, LipschitzBound, Optimizer, Phase, Recipe, Schedule, Term, Train},
    terms::{NonNegative, Positive, Set, UnitInterval},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{BATCH_NORM_FROZEN, FORGET_BATCH_SIZE, LR, constant, forget},
    parameters,
};

const IMAGE_NOISE: Hyper<Positive> =
    Hyper::positive("image-noise", 2.55, "standard deviation of noise on the pixels, 0 to 255")
        .usual("0.01, 0.1, 0.5 of the pixels' own");
const COPIES: Hyper<NonZeroU32> = Hyper::count("copies", 25, "noisy copies of each example").usual("5, 25");
const ZERO_GRAD: Hyper<Accumulation> = Hyper::choice(
    "zero-grad",
    &[("as-published", Accumulation::Sum), ("each-batch", Accumulation::None)],
    "whether gradients add up over the pass",
);

pub(super) const METHOD: Method = Method {
    name: "jit",
    tier: Tier::Two,
    family: "one pass",
    about: "One pass over the forget set that makes outputs move less than noise on the pixels does",
    source: "Foster et al., Zero-shot machine unlearning at scale via Lipschitz regularization, arXiv:2402.01401; \
             jwf40/Zeroshot-Unlearning-At-Scale `lipschitz.py`, VGG-16 (none is published for ResNet-18)",
    failure_modes: "a tiny window of lr between no effect and collapse. As published gradients are never zeroed and add \
                    up over the pass",
    parameters: parameters![
        LR.at(3e-4).usual("1e-6 to 1e-2"),
        IMAGE_NOISE,
        COPIES,
        ZERO_GRAD,
        FORGET_BATCH_SIZE.at(64),
        BATCH_NORM_FROZEN,
    ],
    recipe: |arguments, _| Recipe { phases: vec![Phase::Train(smooth(arguments))] },
    ..Method::UNLEARNS
};

fn smooth(arguments: &Arguments) -> Train {
    let bound = LipschitzBound {
        on: Set::Forget,
        weight: 1.0,
        copies: arguments.get(&COPIES),
        std: arguments.get(&IMAGE_NOISE),
        weight_schedule: Schedule::Constant,
    };
    let accumulation = arguments.get(&ZERO_GRAD);
    let optimizer = Optimizer::Sgd {
        lr: arguments.get(&LR),
        momentum: UnitInterval::new(0.0).expect("0 is in [0, 1]"),
        weight_decay: NonNegative::new(0.0).expect("0 is not negative"),
    };
    Train {
        batch_norm: arguments.get(&BATCH_NORM_FROZEN),
        gradient: GradientPlan { accumulation, ..GradientPlan::default() },
        ..Train::new(forget(arguments), constant(1.0), vec![Term::Lipschitz(bound)], optimizer)
    }
}
