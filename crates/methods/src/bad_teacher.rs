//! Bad Teacher: a random network teaches the forget set, the original the rest.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{
        Divergence, Labels, Optimizer, Part, Phase, Recipe, Reduction, Share, Stream, Target, Teacher, Term,
        Train,
    },
    terms::{Positive, Set, UnitInterval},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{LR, WEIGHT_DECAY},
    parameters,
};

const EPOCHS: Hyper<Positive> =
    Hyper::positive("epochs", 1.0, "passes over the forget set and its share of the retain set")
        .usual("1 to 4");
const RETAIN_SHARE: Hyper<UnitInterval> =
    Hyper::unit_interval("retain-share", 0.3, "share of the retain set that takes part").usual("0.1, 0.3, 1");
const TEMPERATURE: Hyper<Positive> =
    Hyper::positive("temperature", 1.0, "temperature of all softmaxes").usual("1, 4");
const REDUCTION: Hyper<Reduction> = Hyper::choice(
    "reduction",
    &[("mean", Reduction::Mean), ("batch-mean", Reduction::BatchMean)],
    "whether the sum is divided by the classes too",
);
const BATCH_SIZE: Hyper<NonZeroU32> = Hyper::count("batch-size", 256, "examples in a mixed batch");

pub(super) const METHOD: Method = Method {
    name: "bad-teacher",
    tier: Tier::Two,
    family: "teacher and student",
    about: "Divergence from a network as it is born on the forget set, from the original on a part of the retain set",
    source: "Chundawat et al., Can bad teaching induce forgetting?, AAAI 2023, arXiv:2205.08096; \
             vikram2000b/bad-teaching-unlearning",
    failure_modes: "a network as it is born, whose statistics are 0 and 1, says something nearly certain of raw pixels \
                    (0 to 255) and something near chance of scaled ones, which the published code has: give the network divide, \
                    mean and std, or the method teaches confident random answers, others in every run. As published the \
                    divergence is divided by the number of classes too, and with it the learning rate",
    parameters: parameters![
        LR.at(1e-4).usual("1e-5 to 1e-2"),
        EPOCHS,
        RETAIN_SHARE,
        TEMPERATURE,
        REDUCTION,
        BATCH_SIZE,
        WEIGHT_DECAY.at(0.0),
    ],
    recipe: |arguments, _| {
        let optimizer =
            Optimizer::Adam { lr: arguments.get(&LR), weight_decay: arguments.get(&WEIGHT_DECAY) };
        let epochs = arguments.get(&EPOCHS);
        Recipe {
            phases: vec![Phase::Train(Train::new(mixed(arguments), epochs, loss(arguments), optimizer))],
        }
    },
    ..Method::UNLEARNS
};

fn mixed(arguments: &Arguments) -> Stream {
    let share = Share::Fraction(arguments.get(&RETAIN_SHARE));
    let retain = Part { set: Set::Retain, share, labels: Labels::True };
    Stream { with: vec![retain], ..Stream::of(Set::Forget, arguments.get(&BATCH_SIZE)) }
}

fn loss(arguments: &Arguments) -> Vec<Term> {
    let of = |members, teacher| {
        Term::Divergence(Divergence {
            temperature: arguments.get(&TEMPERATURE),
            reduction: arguments.get(&REDUCTION),
            members: Some(members),
            ..Divergence::new(Set::Forget, 1.0, Target::Teacher(teacher))
        })
    };
    vec![of(Set::Forget, Teacher::Born), of(Set::Retain, Teacher::Start)]
}
