//! MSG (Kookmin): re-initialises the convolution weights of small gradient, then trains the rest less. The 2nd place of
//! the challenge.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{
        BatchNorm, Count, Elements, Extent, GradientFactor, GradientPlan, Init, Order, Phase, Recipe, Reinit,
        Rounding, Rule, Schedule, Score, Select, Share, Signed, Tensors, Train,
    },
    terms::{NonNegative, Set, UnitInterval},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{BATCH_SIZE, EPOCHS, LR, MOMENTUM, WEIGHT_DECAY, descend},
    parameters,
};

/// Name of the elements that are drawn afresh.
const REDRAWN: &str = "redrawn";

const INIT_RATE: Hyper<UnitInterval> =
    Hyper::unit_interval("init-rate", 0.3, "share of the convolution weights that is drawn afresh")
        .usual("0.05 to 0.5");
const KEPT_FACTOR: Hyper<NonNegative> =
    Hyper::non_negative("kept-factor", 0.1, "factor on the gradient of kept convolution weights")
        .usual("0 to 1");
const SCOPE: Hyper<Extent> = Hyper::choice(
    "scope",
    &[("per-layer", Extent::PerTensor), ("global", Extent::Global)],
    "whether each kernel is looked at for itself",
);
const CHOOSE: Hyper<Choose> = Hyper::choice(
    "choose",
    &[("smallest", Choose::Smallest), ("largest", Choose::Largest), ("random", Choose::Random)],
    "which end of |gradient| is drawn afresh",
);
const SCORE_BATCH_SIZE: Hyper<NonZeroU32> =
    Hyper::count("score-batch-size", 64, "examples in a batch while gradients are summed");
const SCORE_BATCH_NORM: Hyper<BatchNorm> = Hyper::choice(
    "score-batch-norm",
    &[("train", BatchNorm::Train), ("frozen", BatchNorm::Frozen)],
    "statistics while gradients are summed",
);

pub(super) const METHOD: Method = Method {
    name: "msg",
    tier: Tier::One,
    family: "erase, repair",
    about: "Draws afresh the convolution weights on which retain and forget gradients differ least, then fine-tunes \
            on the retain set with the gradient of the kept ones damped",
    source: "NeurIPS 2023 unlearning challenge, 2nd place (Kookmin), Kaggle write-up 459200; DeepUnlearn `kgltop2`, \
             which chooses per layer where the write-up says globally, and scores with batch norm training",
    failure_modes: "a large init-rate at a small lr doesn't recover the accuracy",
    parameters: parameters![
        INIT_RATE,
        KEPT_FACTOR,
        LR.at(1e-3).usual("3e-4 to 1e-2"),
        EPOCHS.at(5.0).usual("3 to 6"),
        BATCH_SIZE,
        MOMENTUM,
        WEIGHT_DECAY,
        SCOPE,
        CHOOSE,
        SCORE_BATCH_SIZE,
        SCORE_BATCH_NORM,
    ],
    recipe: |arguments, _| {
        let [select, reinit] = erase(arguments);
        Recipe { phases: vec![select, reinit, Phase::Train(repair(arguments))] }
    },
    ..Method::UNLEARNS
};

/// Chooses weights and draws them afresh.
fn erase(arguments: &Arguments) -> [Phase; 2] {
    let elements = Elements::In(REDRAWN.to_owned());
    [
        Phase::Select(Select {
            name: REDRAWN.to_owned(),
            tensors: Tensors::Convolutions,
            score: score(arguments),
            rule: Rule::Share(count(arguments)),
        }),
        Phase::Reinit(Reinit { tensors: Tensors::Convolutions, init: Init::Network, elements }),
    ]
}

/// Which end of |gradient| is drawn afresh.
#[derive(Debug, Clone, Copy)]
enum Choose {
    Smallest,
    Largest,
    /// Neither: weights drawn at random.
    Random,
}

fn score(arguments: &Arguments) -> Score {
    match arguments.get(&CHOOSE) {
        Choose::Random => Score::Random,
        Choose::Smallest | Choose::Largest => gradients(arguments),
    }
}

fn gradients(arguments: &Arguments) -> Score {
    let batch_size = arguments.get(&SCORE_BATCH_SIZE);
    // The sample is new in every run, from which the author expects the diversity of the models.
    let sample = Signed { set: Set::Retain, share: Share::SizeOf(Set::Forget), batch_size, sign: 1.0 };
    let forget = Signed { set: Set::Forget, share: Share::All, batch_size, sign: -1.0 };
    Score::Gradient { of: vec![sample, forget], batch_norm: arguments.get(&SCORE_BATCH_NORM) }
}

fn count(arguments: &Arguments) -> Count {
    let order = match arguments.get(&CHOOSE) {
        Choose::Smallest | Choose::Random => Order::Smallest,
        Choose::Largest => Order::Largest,
    };
    Count {
        share: arguments.get(&INIT_RATE),
        order,
        extent: arguments.get(&SCOPE),
        rounding: Rounding::Nearest,
    }
}

fn repair(arguments: &Arguments) -> Train {
    let kept = GradientFactor {
        tensors: Tensors::Convolutions,
        elements: Elements::Outside(REDRAWN.to_owned()),
        factor: arguments.get(&KEPT_FACTOR),
    };
    let gradient = GradientPlan { factors: vec![kept], ..GradientPlan::default() };
    Train { schedule: Schedule::Triangle, gradient, ..descend(arguments) }
}
