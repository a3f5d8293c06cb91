//! SCRUB: a student that runs away from its teacher on the forget set and stays with it on the retain set.

use sweep_protocol::{
    recipe::{
        AfterEpochs, Alternate, Divergence, Memory, Optimizer, Phase, Recipe, Rewind, Round, Schedule,
        Target, Teacher, TemperatureScale, Term, Train,
    },
    terms::Set,
};

use super::{
    Arguments, Method, Parameter, Tier,
    loops::{
        MOMENTUM, WEIGHT_DECAY, batch_size, constant, cross_entropy, forget, forget_batch_size, lr, retain,
        sgd, whole_epochs,
    },
};

pub(super) const METHOD: Method = Method {
    name: "scrub",
    tier: Tier::One,
    family: "teacher and student",
    about: "First epochs: ascends on the divergence from the original on the forget set; every epoch: cross entropy \
            and divergence on the retain set",
    source: "Kurmanji et al., Towards unbounded machine unlearning, arXiv:2302.09880; the repository's large-scale \
             preset (small-scale: Adam, lr 5e-4, weight-decay 0.1, gamma 1, alpha 0.5, temperature 2, 3 of 10 epochs)",
    failure_modes: "diverges with small forget batches at a high lr; forget-epochs equal to epochs leaves the retain \
                    set oscillating. One that is built on the teacher's parameters does nothing",
    parameters: PARAMETERS,
    recipe: |arguments, _| recipe(arguments, Rewind::Off),
    ..Method::UNLEARNS
};

/// The hyper-parameters of [`recipe`].
pub(super) const PARAMETERS: &[Parameter] = &[
    lr(5e-4).usual("1e-4 to 1e-2"),
    whole_epochs(3).usual("3 to 10"),
    Parameter::count("forget-epochs", 2, "first epochs with a pass of ascent on the forget set (msteps)")
        .usual("1 to 4"),
    Parameter::non_negative("alpha", 1e-3, "weight of the divergence on the retain set")
        .usual("0.001, 0.1, 0.5"),
    Parameter::non_negative("gamma", 0.99, "weight of the cross entropy on the retain set").usual("0.99, 1"),
    Parameter::positive("temperature", 4.0, "temperature of both softmaxes").usual("1, 2, 4"),
    Parameter::non_negative("lr-decay", 0.1, "factor on the learning rate after lr-decay-after epochs"),
    Parameter::count("lr-decay-after", 1000, "epochs after which lr-decay applies; epochs or more for never"),
    Parameter::choice("optimizer", &["sgd", "adam"], "which optimiser; momentum is SGD's alone"),
    batch_size(128),
    forget_batch_size(32).usual("16 to 256"),
    MOMENTUM,
    WEIGHT_DECAY,
];

/// SCRUB, with or without going back to an earlier epoch at the end.
pub(super) fn recipe(arguments: &Arguments, rewind: Rewind) -> Recipe {
    let ascent = Round { first: Some(arguments.count("forget-epochs")), ..Round::new(ascend(arguments)) };
    let plan = Alternate {
        epochs: arguments.count("epochs"),
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
    let near = divergence(arguments, Set::Retain, arguments.non_negative("alpha").get());
    let gamma = arguments.non_negative("gamma").get();
    let loss = vec![cross_entropy(Set::Retain, gamma), Term::Divergence(near)];
    let train = Train::new(retain(arguments), constant(1.0), loss, optimizer(arguments));
    Train { schedule: schedule(arguments), ..train }
}

fn divergence(arguments: &Arguments, on: Set, weight: f64) -> Divergence {
    Divergence {
        temperature: arguments.positive("temperature"),
        scale: TemperatureScale::Squared,
        ..Divergence::new(on, weight, Target::Teacher(Teacher::Start))
    }
}

fn optimizer(arguments: &Arguments) -> Optimizer {
    if arguments.choice("optimizer") == "adam" {
        let weight_decay = arguments.non_negative("weight-decay");
        return Optimizer::Adam { lr: arguments.positive("lr"), weight_decay };
    }
    sgd(arguments)
}

fn schedule(arguments: &Arguments) -> Schedule {
    let after = arguments.count("lr-decay-after");
    if after >= arguments.count("epochs") {
        return Schedule::Constant;
    }
    Schedule::Milestones { factor: arguments.non_negative("lr-decay"), at: vec![after.get()] }
}
