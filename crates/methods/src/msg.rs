//! MSG (Kookmin): re-initialises the convolution weights of small gradient, then trains the rest less. The 2nd place of
//! the challenge.

use sweep_protocol::{
    recipe::{
        BatchNorm, Count, Elements, Extent, GradientFactor, GradientPlan, Init, Order, Phase, Recipe, Reinit,
        Rounding, Rule, Schedule, Score, Select, Share, Signed, Tensors, Train,
    },
    terms::Set,
};

use super::{
    Arguments, Method, Parameter, Tier,
    loops::{BATCH_SIZE, MOMENTUM, WEIGHT_DECAY, descend, epochs, lr},
};

/// Name of the elements that are drawn afresh.
const REDRAWN: &str = "redrawn";

pub(super) const METHOD: Method = Method {
    name: "msg",
    tier: Tier::One,
    family: "erase, repair",
    about: "Draws afresh the convolution weights on which retain and forget gradients differ least, then fine-tunes \
            on the retain set with the gradient of the kept ones damped",
    source: "NeurIPS 2023 unlearning challenge, 2nd place (Kookmin), Kaggle write-up 459200; DeepUnlearn `kgltop2`, \
             which chooses per layer where the write-up says globally, and scores with batch norm training",
    failure_modes: "a large init-rate at a small lr doesn't recover the accuracy",
    parameters: &[
        Parameter::unit_interval("init-rate", 0.3, "share of the convolution weights that is drawn afresh")
            .usual("0.05 to 0.5"),
        Parameter::non_negative("kept-factor", 0.1, "factor on the gradient of kept convolution weights")
            .usual("0 to 1"),
        lr(1e-3).usual("3e-4 to 1e-2"),
        epochs(5.0).usual("3 to 6"),
        BATCH_SIZE,
        MOMENTUM,
        WEIGHT_DECAY,
        Parameter::choice("scope", &["per-layer", "global"], "whether each kernel is looked at for itself"),
        Parameter::choice(
            "choose",
            &["smallest", "largest", "random"],
            "which end of |gradient| is drawn afresh",
        ),
        Parameter::choice("score-batch-norm", &["train", "frozen"], "statistics while gradients are summed"),
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

fn score(arguments: &Arguments) -> Score {
    if arguments.choice("choose") == "random" {
        return Score::Random;
    }
    let batch_size = arguments.count("batch-size");
    // The sample is new in every run, from which the author expects the diversity of the models.
    let sample = Signed { set: Set::Retain, share: Share::SizeOf(Set::Forget), batch_size, sign: 1.0 };
    let forget = Signed { set: Set::Forget, share: Share::All, batch_size, sign: -1.0 };
    let frozen = arguments.choice("score-batch-norm") == "frozen";
    let batch_norm = if frozen { BatchNorm::Frozen } else { BatchNorm::Train };
    Score::Gradient { of: vec![sample, forget], batch_norm }
}

fn count(arguments: &Arguments) -> Count {
    Count {
        share: arguments.unit_interval("init-rate"),
        order: if arguments.choice("choose") == "largest" { Order::Largest } else { Order::Smallest },
        extent: if arguments.choice("scope") == "global" { Extent::Global } else { Extent::PerTensor },
        rounding: Rounding::Nearest,
    }
}

fn repair(arguments: &Arguments) -> Train {
    let kept = GradientFactor {
        tensors: Tensors::Convolutions,
        elements: Elements::Outside(REDRAWN.to_owned()),
        factor: arguments.non_negative("kept-factor"),
    };
    let gradient = GradientPlan { factors: vec![kept], ..GradientPlan::default() };
    Train { schedule: Schedule::Triangle, gradient, ..descend(arguments) }
}
