//! CF-k, "catastrophic forgetting" of the last k stages: fine-tunes them alone.

use sweep_protocol::{
    recipe::{Penalty, Phase, Recipe, Schedule, Tensors, Term, Toward, Train},
    terms::NonNegative,
};

use super::{
    Arguments, Method, Parameter, Tier,
    loops::{BATCH_NORM_FROZEN, BATCH_SIZE, batch_norm, descend, epochs, lr, weight_decay},
};

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
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::count("k", 1, "stages that train, counted from the output: fc, layer4.1, layer4.0, …")
        .usual("1, 2, 3, 5"),
    lr(1e-2).usual("1e-3 to 1e-1"),
    epochs(10.0).usual("2 to 10"),
    Parameter::non_negative("l2-pull", 0.1, "strength of the pull to the original's weights").usual("0, 0.1"),
    BATCH_NORM_FROZEN,
    Parameter::unit_interval("momentum", 0.0, "momentum of SGD").usual("0, 0.9"),
    BATCH_SIZE,
    weight_decay(0.0),
];

/// The last stages, as `k` counts them.
pub(super) fn last_stages(arguments: &Arguments) -> Tensors {
    Tensors::LastStages(arguments.count("k"))
}

/// Fine-tunes the last stages; the rate falls to a tenth at 50, 80 and 90 % of the epochs.
pub(super) fn train(arguments: &Arguments) -> Train {
    let epochs = arguments.positive("epochs").get();
    let at = [0.5, 0.8, 0.9].map(|part| (part * epochs).ceil() as u32);
    let factor = NonNegative::new(0.1).expect("0.1 is not negative");
    let mut train = Train {
        schedule: Schedule::Milestones { factor, at: at.to_vec() },
        trainable: last_stages(arguments),
        batch_norm: batch_norm(arguments),
        ..descend(arguments)
    };
    let weight = arguments.non_negative("l2-pull").get();
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
