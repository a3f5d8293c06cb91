//! CFW (Seif): noise on the first convolution, repair with class weights. The 3rd place of the challenge.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{
        AfterEpochs, Averaging, ClassWeight, CrossEntropy, LateNoise, Noise, NoiseUnit, Phase, Recipe,
        Schedule, Tensors, Term, Train,
    },
    terms::{NonNegative, Set},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{BATCH_SIZE, LR, MOMENTUM, WEIGHT_DECAY, WHOLE_EPOCHS, constant, first_convolution, retain, sgd},
    parameters,
};

const NOISE: Hyper<NonNegative> = Hyper::non_negative("noise", 0.6, "standard deviation of the first noise")
    .usual("0.6; in tensor-std: 0.1 to 24");
const LAST_NOISE: Hyper<NonNegative> =
    Hyper::non_negative("last-noise", 5e-3, "standard deviation of the noise before the last epoch")
        .usual("0, 5e-3; in tensor-std: 0, 0.2");
const UNIT: Hyper<NoiseUnit> = Hyper::choice(
    "unit",
    &[("absolute", NoiseUnit::Absolute), ("tensor-std", NoiseUnit::TensorStd)],
    "what both are measured in",
);
const SCOPE: Hyper<Scope> = Hyper::choice(
    "scope",
    &[("stem", Scope::Stem), ("convolutions", Scope::Convolutions), ("last-block", Scope::LastBlock)],
    "which kernels get noise",
);
const WEIGHTING: Hyper<Weighting> = Hyper::choice(
    "weighting",
    &[
        ("as-published", Weighting::AsPublished),
        ("per-sample", Weighting::PerSample),
        ("none", Weighting::None),
    ],
    "how class weights enter the loss",
);
const OTHER_CLASS_WEIGHT: Hyper<NonNegative> =
    Hyper::non_negative("other-class-weight", 0.05, "weight of every class but the first, which has 1");

pub(super) const METHOD: Method = Method {
    name: "cfw",
    tier: Tier::One,
    family: "erase, repair",
    about: "Adds noise to the first convolution, fine-tunes on the retain set, adds a little noise before the last epoch",
    source: "NeurIPS 2023 unlearning challenge, 3rd place (Seif), Kaggle write-up 459334; DeepUnlearn `kgltop3`",
    failure_modes: "as published the class weights only scale each batch's step (weighting = \"per-sample\" is what the \
                    write-up means). At a standard deviation of 0.6 the first convolution, whose own is about 0.025, is \
                    drawn afresh in effect",
    parameters: parameters![
        NOISE,
        LAST_NOISE,
        UNIT,
        SCOPE,
        WEIGHTING,
        OTHER_CLASS_WEIGHT,
        LR.at(7e-4).usual("2e-4 to 5e-3"),
        WHOLE_EPOCHS.at(4).usual("2 to 6"),
        BATCH_SIZE,
        MOMENTUM,
        WEIGHT_DECAY,
    ],
    recipe: |arguments, _| {
        let first = noise(arguments, arguments.get(&NOISE));
        Recipe { phases: vec![Phase::Noise(first), Phase::Train(repair(arguments))] }
    },
    ..Method::UNLEARNS
};

/// Which kernels get noise.
#[derive(Debug, Clone, Copy)]
enum Scope {
    Stem,
    Convolutions,
    LastBlock,
}

/// How class weights enter the loss.
#[derive(Debug, Clone, Copy)]
enum Weighting {
    /// The batch's mean weight scales the batch's mean loss.
    AsPublished,
    /// Each example's weight scales its own loss.
    PerSample,
    None,
}

fn noise(arguments: &Arguments, std: NonNegative) -> Noise {
    let tensors = match arguments.get(&SCOPE) {
        Scope::Convolutions => Tensors::Convolutions,
        Scope::LastBlock => {
            let last = Tensors::Last(NonZeroU32::MIN.saturating_add(1));
            Tensors::Intersection(vec![Tensors::Convolutions, last])
        }
        Scope::Stem => first_convolution(),
    };
    Noise { tensors, std, unit: arguments.get(&UNIT) }
}

fn repair(arguments: &Arguments) -> Train {
    let epochs = arguments.get(&WHOLE_EPOCHS).get();
    let last = LateNoise { after: epochs - 1, noise: noise(arguments, arguments.get(&LAST_NOISE)) };
    let late = if epochs > 1 { vec![last] } else { Vec::new() };
    let length = constant(f64::from(epochs));
    Train {
        schedule: Schedule::Cosine,
        after_epochs: AfterEpochs { noise: late, ..AfterEpochs::default() },
        ..Train::new(retain(arguments), length, vec![loss(arguments)], sgd(arguments))
    }
}

fn loss(arguments: &Arguments) -> Term {
    let others = ClassWeight::Others(arguments.get(&OTHER_CLASS_WEIGHT));
    let (class_weight, averaging) = match arguments.get(&WEIGHTING) {
        Weighting::PerSample => (others, Averaging::ByCount),
        Weighting::None => (ClassWeight::None, Averaging::ByWeight),
        Weighting::AsPublished => (others, Averaging::Product),
    };
    Term::CrossEntropy(CrossEntropy { class_weight, averaging, ..CrossEntropy::new(Set::Retain, 1.0) })
}
