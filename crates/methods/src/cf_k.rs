//! CF-k, "catastrophic forgetting" of the last k stages: fine-tunes them alone.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{Penalty, Phase, Recipe, Schedule, Tensors, Term, Toward, Train},
    terms::NonNegative,
};

use super::{
    Arguments, Hyper, Method, Parameter, Tier,
    loops::{BATCH_NORM_FROZEN, BATCH_SIZE, EPOCHS, LR, MOMENTUM, WEIGHT_DECAY, descend},
    parameters,
};

const K: Hyper<NonZeroU32> = Hyper::count(
    "k",
    1,
    "groups of layers that train, counted from the output: the head, then block after block",
)
.usual("1, 2, 3, 5");
const L2_PULL: Hyper<NonNegative> =
    Hyper::non_negative("l2-pull", 0.1, "strength of the pull to the original's weights").usual("0, 0.1");

pub(super) const METHOD: Method = Method {
    name: "cf-k",
    tier: Tier::Two,
    family: "fine-tune",
    about: "Fine-tunes the last k stages on the retain set, pulled to the original; the others stay",
    source: "Goel et al., Towards adversarial evaluations for inexact machine unlearning, arXiv:2201.06640; settings of \
             the SCRUB notebook and DeepUnlearn",
    failure_modes: "forgets nothing that the frozen stages know, by construction",
    parameters: PARAMETERS,
    recipe: |arguments, _| Recipe { phases: vec![Phase::Train(train(arguments))] },
    ..Method::UNLEARNS
};

/// The hyper-parameters of [`train`].
pub(super) const PARAMETERS: &[Parameter] = parameters![
    K,
    LR.at(1e-2).usual("1e-3 to 1e-1"),
    EPOCHS.at(10.0).usual("2 to 10"),
    L2_PULL,
    BATCH_NORM_FROZEN,
    MOMENTUM.at(0.0).usual("0, 0.9"),
    BATCH_SIZE,
    WEIGHT_DECAY.at(0.0),
];

/// The last stages, as `k` counts them.
pub(super) fn last_stages(arguments: &Arguments) -> Tensors {
    Tensors::Last(arguments.get(&K))
}

/// Fine-tunes the last stages; the rate falls to a tenth at 50, 80 and 90 % of the epochs.
pub(super) fn train(arguments: &Arguments) -> Train {
    let epochs = arguments.get(&EPOCHS).get();
    let at = [0.5, 0.8, 0.9].map(|part| (part * epochs).ceil() as u32);
    let factor = NonNegative::new(0.1).expect("0.1 is not negative");
    let mut train = Train {
        schedule: Schedule::Milestones { factor, at: at.to_vec() },
        trainable: last_stages(arguments),
        batch_norm: arguments.get(&BATCH_NORM_FROZEN),
        ..descend(arguments)
    };
    let weight = arguments.get(&L2_PULL).get();
    if weight > 0.0 {
        let weight_schedule = Schedule::Constant;
        train.loss.push(Term::L2(Penalty {
            weight,
            tensors: Tensors::All,
            toward: Toward::Start,
            weight_schedule,
        }));
    }
    train
}
