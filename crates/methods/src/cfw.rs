//! CFW (Seif): noise on the first convolution, repair with class weights. The 3rd place of the challenge.

use sweep_protocol::{
    recipe::{
        AfterEpochs, Averaging, ClassWeight, CrossEntropy, LateNoise, Noise, NoiseUnit, Phase, Recipe,
        Schedule, Tensors, Term, Train,
    },
    terms::{NonNegative, Set},
};

use super::{
    Arguments, Method, Parameter, Tier,
    loops::{BATCH_SIZE, MOMENTUM, WEIGHT_DECAY, constant, lr, retain, sgd, whole_epochs},
};

pub(super) const METHOD: Method = Method {
    name: "cfw",
    tier: Tier::One,
    family: "erase, repair",
    about: "Adds noise to the first convolution, fine-tunes on the retain set, adds a little noise before the last epoch",
    source: "NeurIPS 2023 unlearning challenge, 3rd place (Seif), Kaggle write-up 459334; DeepUnlearn `kgltop3`",
    failure_modes: "as published the class weights only scale each batch's step (weighting = \"per-sample\" is what the \
                    write-up means). At a standard deviation of 0.6 the first convolution, whose own is about 0.025, is \
                    drawn afresh in effect",
    parameters: &[
        Parameter::non_negative("noise", 0.6, "standard deviation of the first noise")
            .usual("0.6; in tensor-std: 0.1 to 24"),
        Parameter::non_negative("last-noise", 5e-3, "standard deviation of the noise before the last epoch")
            .usual("0, 5e-3; in tensor-std: 0, 0.2"),
        Parameter::choice("unit", &["absolute", "tensor-std"], "what both are measured in"),
        Parameter::choice("scope", &["conv1", "convolutions", "last-block"], "which kernels get noise"),
        Parameter::choice(
            "weighting",
            &["as-published", "per-sample", "none"],
            "how class weights enter the loss",
        ),
        Parameter::non_negative(
            "other-class-weight",
            0.05,
            "weight of every class but the first, which has 1",
        ),
        lr(7e-4).usual("2e-4 to 5e-3"),
        whole_epochs(4).usual("2 to 6"),
        BATCH_SIZE,
        MOMENTUM,
        WEIGHT_DECAY,
    ],
    recipe: |arguments, _| {
        let first = noise(arguments, arguments.non_negative("noise"));
        Recipe { phases: vec![Phase::Noise(first), Phase::Train(repair(arguments))] }
    },
    ..Method::UNLEARNS
};

fn noise(arguments: &Arguments, std: NonNegative) -> Noise {
    let tensors = match arguments.choice("scope") {
        "convolutions" => Tensors::Convolutions,
        "last-block" => {
            Tensors::Named(vec!["layer4.1.conv1.weight".to_owned(), "layer4.1.conv2.weight".to_owned()])
        }
        _ => Tensors::Named(vec!["conv1.weight".to_owned()]),
    };
    let relative = arguments.choice("unit") == "tensor-std";
    Noise { tensors, std, unit: if relative { NoiseUnit::TensorStd } else { NoiseUnit::Absolute } }
}

fn repair(arguments: &Arguments) -> Train {
    let epochs = arguments.count("epochs").get();
    let last = LateNoise { after: epochs - 1, noise: noise(arguments, arguments.non_negative("last-noise")) };
    let late = if epochs > 1 { vec![last] } else { Vec::new() };
    let length = constant(f64::from(epochs));
    Train {
        schedule: Schedule::Cosine,
        after_epochs: AfterEpochs { noise: late, ..AfterEpochs::default() },
        ..Train::new(retain(arguments), length, vec![loss(arguments)], sgd(arguments))
    }
}

fn loss(arguments: &Arguments) -> Term {
    let others = ClassWeight::Others(arguments.non_negative("other-class-weight"));
    let (class_weight, averaging) = match arguments.choice("weighting") {
        "per-sample" => (others, Averaging::ByCount),
        "none" => (ClassWeight::None, Averaging::ByWeight),
        _ => (others, Averaging::Product),
    };
    Term::CrossEntropy(CrossEntropy { class_weight, averaging, ..CrossEntropy::new(Set::Retain, 1.0) })
}
