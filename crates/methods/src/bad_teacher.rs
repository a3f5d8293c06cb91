//! Bad Teacher: a random network teaches the forget set, the original the rest.

use sweep_protocol::{
    recipe::{
        Divergence, Labels, Optimizer, Part, Phase, Recipe, Reduction, Share, Stream, Target, Teacher, Term,
        Train,
    },
    terms::Set,
};

use super::{
    Arguments, Method, Parameter, Tier,
    loops::{lr, weight_decay},
};

pub(super) const METHOD: Method = Method {
    name: "bad-teacher",
    tier: Tier::Two,
    family: "teacher and student",
    about: "Divergence from a network as it is born on the forget set, from the original on a part of the retain set",
    source: "Chundawat et al., Can bad teaching induce forgetting?, AAAI 2023, arXiv:2205.08096; \
             vikram2000b/bad-teaching-unlearning",
    failure_modes: "drives the forget confidences to chance, far below those of retrained models. As published the \
                    divergence is divided by the number of classes too, and with it the learning rate",
    parameters: &[
        lr(1e-4).usual("1e-5 to 1e-2"),
        Parameter::positive("epochs", 1.0, "passes over the forget set and its share of the retain set")
            .usual("1 to 4"),
        Parameter::unit_interval("retain-share", 0.3, "share of the retain set that takes part")
            .usual("0.1, 0.3, 1"),
        Parameter::positive("temperature", 1.0, "temperature of all softmaxes").usual("1, 4"),
        Parameter::choice(
            "reduction",
            &["mean", "batch-mean"],
            "whether the sum is divided by the classes too",
        ),
        Parameter::count("batch-size", 256, "examples in a mixed batch"),
        weight_decay(0.0),
    ],
    recipe: |arguments, _| {
        let optimizer = Optimizer::Adam {
            lr: arguments.positive("lr"),
            weight_decay: arguments.non_negative("weight-decay"),
        };
        let epochs = arguments.positive("epochs");
        Recipe {
            phases: vec![Phase::Train(Train::new(mixed(arguments), epochs, loss(arguments), optimizer))],
        }
    },
    ..Method::UNLEARNS
};

fn mixed(arguments: &Arguments) -> Stream {
    let share = Share::Fraction(arguments.unit_interval("retain-share"));
    let retain = Part { set: Set::Retain, share, labels: Labels::True };
    Stream { with: vec![retain], ..Stream::of(Set::Forget, arguments.count("batch-size")) }
}

fn loss(arguments: &Arguments) -> Vec<Term> {
    let of = |members, teacher| {
        let batch_mean = arguments.choice("reduction") == "batch-mean";
        Term::Divergence(Divergence {
            temperature: arguments.positive("temperature"),
            reduction: if batch_mean { Reduction::BatchMean } else { Reduction::Mean },
            members: Some(members),
            ..Divergence::new(Set::Forget, 1.0, Target::Teacher(teacher))
        })
    };
    vec![of(Set::Forget, Teacher::Born), of(Set::Retain, Teacher::Start)]
}
