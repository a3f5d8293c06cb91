//! Random mask: zeroes random weights, then trains on the retain set.

use sweep_protocol::{
    recipe::{
        Count, Elements, Extent, Init, Optimizer, Order, Pace, Phase, Recipe, Reinit, Rounding, Rule,
        Schedule, Score, Select, Train, Zero,
    },
    terms::{NonNegative, Set, UnitInterval},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{BATCH_SIZE, EPOCHS, LR, WEIGHT_DECAY, cross_entropy, kernels_and_classifier, retain},
    parameters,
};

/// Name of the elements that are masked.
const MASKED: &str = "masked";

const RATE: Hyper<UnitInterval> =
    Hyper::unit_interval("rate", 0.5, "share of the weights that is masked").usual("0.1 to 0.9");
const DRAW: Hyper<Draw> = Hyper::choice(
    "draw",
    &[("exact-share", Draw::ExactShare), ("each-alone", Draw::EachAlone)],
    "whether exactly this share is masked, or each weight by itself with this probability",
);
const REPLACE: Hyper<Replace> =
    Hyper::choice("replace", &[("zero", Replace::Zero), ("reinit", Replace::Reinit)], "what becomes of them");
const FINAL_FACTOR: Hyper<NonNegative> =
    Hyper::non_negative("final-factor", 0.1, "last learning rate, as a part of the first");

pub(super) const METHOD: Method = Method {
    name: "random-mask",
    tier: Tier::Two,
    family: "erase, repair",
    about: "Sets a random half of the weights of convolutions and classifier to 0, then trains on the retain set with Adam",
    source: "songxinkuan/Machine-unlearning-random-mask (NeurIPS 2023 unlearning challenge, rank not verified)",
    failure_modes: "the mask is not enforced while training, so the weights come back",
    parameters: parameters![
        RATE,
        DRAW,
        REPLACE,
        LR.at(1e-4).usual("3e-5 to 1e-3"),
        FINAL_FACTOR,
        EPOCHS.at(5.0).usual("2 to 6"),
        BATCH_SIZE,
        WEIGHT_DECAY.at(1e-4),
    ],
    recipe: |arguments, _| {
        let [select, erase] = erase(arguments);
        Recipe { phases: vec![select, erase, Phase::Train(repair(arguments))] }
    },
    ..Method::UNLEARNS
};

/// How the masked weights are drawn.
#[derive(Debug, Clone, Copy)]
enum Draw {
    /// Exactly the share of all.
    ExactShare,
    /// Each by itself, with the share as its probability.
    EachAlone,
}

/// What becomes of masked weights.
#[derive(Debug, Clone, Copy)]
enum Replace {
    Zero,
    Reinit,
}

fn erase(arguments: &Arguments) -> [Phase; 2] {
    let tensors = kernels_and_classifier();
    let share = arguments.get(&RATE);
    let rule = match arguments.get(&DRAW) {
        Draw::ExactShare => Rule::Share(Count {
            share,
            order: Order::Smallest,
            extent: Extent::Global,
            rounding: Rounding::Nearest,
        }),
        Draw::EachAlone => Rule::AtLeast(1.0 - share.get()),
    };
    let select = Select { name: MASKED.to_owned(), tensors: tensors.clone(), score: Score::Random, rule };
    let elements = Elements::In(MASKED.to_owned());
    let erase = match arguments.get(&REPLACE) {
        Replace::Zero => Phase::Zero(Zero { tensors, elements }),
        Replace::Reinit => Phase::Reinit(Reinit { tensors, init: Init::Network, elements }),
    };
    [Phase::Select(select), erase]
}

fn repair(arguments: &Arguments) -> Train {
    let optimizer = Optimizer::Adam { lr: arguments.get(&LR), weight_decay: arguments.get(&WEIGHT_DECAY) };
    let warm_up = NonNegative::new(0.0).expect("0 is not negative");
    let floor = arguments.get(&FINAL_FACTOR);
    let schedule = Schedule::Annealed { pace: Pace::Step, floor, over: None, warm_up };
    let loss = vec![cross_entropy(Set::Retain, 1.0)];
    Train { schedule, ..Train::new(retain(arguments), arguments.get(&EPOCHS), loss, optimizer) }
}
