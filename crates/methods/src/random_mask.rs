//! Random mask: zeroes random weights, then trains on the retain set.

use sweep_protocol::{
    recipe::{
        Count, Elements, Extent, Init, Optimizer, Order, Pace, Phase, Recipe, Reinit, Rounding, Rule,
        Schedule, Score, Select, Train, Zero,
    },
    terms::{NonNegative, Set},
};

use super::{
    Arguments, Method, Parameter, Tier,
    loops::{BATCH_SIZE, cross_entropy, epochs, kernels_and_classifier, lr, retain, weight_decay},
};

/// Name of the elements that are masked.
const MASKED: &str = "masked";

pub(super) const METHOD: Method = Method {
    name: "random-mask",
    tier: Tier::Two,
    family: "erase, repair",
    about: "Sets a random half of the weights of convolutions and classifier to 0, then trains on the retain set with Adam",
    source: "songxinkuan/Machine-unlearning-random-mask (NeurIPS 2023 unlearning challenge, rank not verified)",
    failure_modes: "the mask is not enforced while training, so the weights come back",
    parameters: &[
        Parameter::unit_interval("rate", 0.5, "share of the weights that is masked").usual("0.1 to 0.9"),
        Parameter::choice("replace", &["zero", "reinit"], "what becomes of them"),
        lr(1e-4).usual("3e-5 to 1e-3"),
        Parameter::non_negative("final-factor", 0.1, "last learning rate, as a part of the first"),
        epochs(5.0).usual("2 to 6"),
        BATCH_SIZE,
        weight_decay(1e-4),
    ],
    recipe: |arguments, _| {
        let [select, erase] = erase(arguments);
        Recipe { phases: vec![select, erase, Phase::Train(repair(arguments))] }
    },
    ..Method::UNLEARNS
};

fn erase(arguments: &Arguments) -> [Phase; 2] {
    let tensors = kernels_and_classifier();
    let rule = Rule::Share(Count {
        share: arguments.unit_interval("rate"),
        order: Order::Smallest,
        extent: Extent::Global,
        rounding: Rounding::Nearest,
    });
    let select = Select { name: MASKED.to_owned(), tensors: tensors.clone(), score: Score::Random, rule };
    let elements = Elements::In(MASKED.to_owned());
    let erase = if arguments.choice("replace") == "reinit" {
        Phase::Reinit(Reinit { tensors, init: Init::Network, elements })
    } else {
        Phase::Zero(Zero { tensors, elements })
    };
    [Phase::Select(select), erase]
}

fn repair(arguments: &Arguments) -> Train {
    let optimizer = Optimizer::Adam {
        lr: arguments.positive("lr"),
        weight_decay: arguments.non_negative("weight-decay"),
    };
    let warm_up = NonNegative::new(0.0).expect("0 is not negative");
    let floor = arguments.non_negative("final-factor");
    let schedule = Schedule::Annealed { pace: Pace::Step, floor, over: None, warm_up };
    let loss = vec![cross_entropy(Set::Retain, 1.0)];
    Train { schedule, ..Train::new(retain(arguments), arguments.positive("epochs"), loss, optimizer) }
}
