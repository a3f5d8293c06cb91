//! SCRUB: a student that runs away from its teacher on the forget set and stays with it on the retain set.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{
        AfterEpochs, Alternate, Divergence, Memory, Optimizer, Phase, Recipe, Rewind, Round, Schedule,
        Target, Teacher, TemperatureScale, Term, Train,
    },
    terms::{NonNegative, Positive, Set},
};

use super::{
    Arguments, Hyper, Method, Parameter, Tier,
    loops::{
        BATCH_SIZE, FORGET_BATCH_SIZE, LR, MOMENTUM, WEIGHT_DECAY, WHOLE_EPOCHS, constant, cross_entropy,
        forget, retain, sgd,
    },
    parameters,
};

const FORGET_EPOCHS: Hyper<NonZeroU32> =
    Hyper::count("forget-epochs", 2, "first epochs with a pass of ascent on the forget set (msteps)")
        .usual("1 to 4");
const ALPHA: Hyper<NonNegative> =
    Hyper::non_negative("alpha", 1e-3, "weight of the divergence on the retain set").usual("0.001, 0.1, 0.5");
const GAMMA: Hyper<NonNegative> =
    Hyper::non_negative("gamma", 0.99, "weight of the cross entropy on the retain set").usual("0.99, 1");
const TEMPERATURE: Hyper<Positive> =
    Hyper::positive("temperature", 4.0, "temperature of both softmaxes").usual("1, 2, 4");
const LR_DECAY: Hyper<NonNegative> =
    Hyper::non_negative("lr-decay", 0.1, "factor on the learning rate after lr-decay-after epochs");
const LR_DECAY_AFTER: Hyper<NonZeroU32> =
    Hyper::count("lr-decay-after", 1000, "epochs after which lr-decay applies; epochs or more for never");
const LR_DECAYS: Hyper<Decays> = Hyper::choice(
    "lr-decays",
    &[("once", Decays::Once), ("after-5-8-9", Decays::After589)],
    "whether lr-decay applies after lr-decay-after epochs, or after 5, 8 and 9, once more each time",
);
const OPTIMIZER: Hyper<Algorithm> = Hyper::choice(
    "optimizer",
    &[("sgd", Algorithm::Sgd), ("adam", Algorithm::Adam)],
    "which optimiser; momentum is SGD's alone",
);

pub(super) const METHOD: Method = Method {
    name: "scrub",
    tier: Tier::One,
    family: "teacher and student",
    about: "First epochs: ascends on the divergence from the original on the forget set; every epoch: cross entropy \
            and divergence on the retain set",
    source: "Kurmanji et al., Towards unbounded machine unlearning, arXiv:2302.09880; the repository's large-scale \
             preset (small-scale: Adam, lr 5e-4, weight-decay 0.1, gamma 1, alpha 0.5, temperature 2, 3 of 10 epochs, \
             lr-decays \"after-5-8-9\")",
    failure_modes: "diverges with small forget batches at a high lr; forget-epochs equal to epochs leaves the retain \
                    set oscillating. One that is built on the teacher's parameters does nothing",
    parameters: PARAMETERS,
    recipe: |arguments, _| recipe(arguments, Rewind::Off),
    ..Method::UNLEARNS
};

/// The hyper-parameters of [`recipe`].
pub(super) const PARAMETERS: &[Parameter] = parameters![
    LR.at(5e-4).usual("1e-4 to 1e-2"),
    WHOLE_EPOCHS.at(3).usual("3 to 10"),
    FORGET_EPOCHS,
    ALPHA,
    GAMMA,
    TEMPERATURE,
    LR_DECAY,
    LR_DECAY_AFTER,
    LR_DECAYS,
    OPTIMIZER,
    BATCH_SIZE.at(128),
    FORGET_BATCH_SIZE.at(32).usual("16 to 256"),
    MOMENTUM,
    WEIGHT_DECAY,
];

/// SCRUB, with or without going back to an earlier epoch at the end.
pub(super) fn recipe(arguments: &Arguments, rewind: Rewind) -> Recipe {
    let ascent = Round { first: Some(arguments.get(&FORGET_EPOCHS)), ..Round::new(ascend(arguments)) };
    let plan = Alternate {
        epochs: arguments.get(&WHOLE_EPOCHS),
        rounds: vec![ascent, Round::new(stay(arguments))],
        memory: Memory::Loop,
        after_epochs: AfterEpochs { rewind, ..AfterEpochs::default() },
    };
    Recipe { phases: vec![Phase::Alternate(plan)] }
}

fn ascend(arguments: &Arguments) -> Train {
    let away = Term::Divergence(divergence(arguments, Set::Forget, -1.0));
    let train = Train::new(forget(arguments), constant(1.0), vec![away], optimizer(arguments));
    Train { schedule: schedule(arguments), ..train }
}

fn stay(arguments: &Arguments) -> Train {
    let near = divergence(arguments, Set::Retain, arguments.get(&ALPHA).get());
    let gamma = arguments.get(&GAMMA).get();
    let loss = vec![cross_entropy(Set::Retain, gamma), Term::Divergence(near)];
    let train = Train::new(retain(arguments), constant(1.0), loss, optimizer(arguments));
    Train { schedule: schedule(arguments), ..train }
}

fn divergence(arguments: &Arguments, on: Set, weight: f64) -> Divergence {
    Divergence {
        temperature: arguments.get(&TEMPERATURE),
        scale: TemperatureScale::Squared,
        ..Divergence::new(on, weight, Target::Teacher(Teacher::Start))
    }
}

/// Which optimiser.
#[derive(Debug, Clone, Copy)]
enum Algorithm {
    Sgd,
    Adam,
}

fn optimizer(arguments: &Arguments) -> Optimizer {
    match arguments.get(&OPTIMIZER) {
        Algorithm::Sgd => sgd(arguments),
        Algorithm::Adam => {
            Optimizer::Adam { lr: arguments.get(&LR), weight_decay: arguments.get(&WEIGHT_DECAY) }
        }
    }
}

/// When the learning rate falls.
#[derive(Debug, Clone, Copy)]
enum Decays {
    Once,
    After589,
}

fn schedule(arguments: &Arguments) -> Schedule {
    let after = match arguments.get(&LR_DECAYS) {
        Decays::Once => vec![arguments.get(&LR_DECAY_AFTER).get()],
        Decays::After589 => vec![5, 8, 9],
    };
    let epochs = arguments.get(&WHOLE_EPOCHS).get();
    let at: Vec<u32> = after.into_iter().filter(|&after| after < epochs).collect();
    if at.is_empty() {
        return Schedule::Constant;
    }
    Schedule::Milestones { factor: arguments.get(&LR_DECAY), at }
}
