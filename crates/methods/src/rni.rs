//! RNI (Sun): noise on random layers, epoch after epoch. The 7th place of the challenge.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{Elements, Init, Noise, NoiseUnit, Phase, Recipe, Reinit, Replacement, Tensors, Train},
    terms::{NonNegative, Positive, Set, UnitInterval},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{BATCH_SIZE, LR, MOMENTUM, WEIGHT_DECAY, constant, cross_entropy, retain, sgd_at, without_norms},
    parameters,
};

const NOISE_EPOCHS: Hyper<NonZeroU32> =
    Hyper::count("noise-epochs", 5, "epochs in which random tensors train; all but the first add noise")
        .usual("2, 3, 5");
const LAYERS: Hyper<NonZeroU32> =
    Hyper::count("layers", 9, "random tensors that train, besides batch norm").usual("3 to 15");
const RATIO: Hyper<UnitInterval> =
    Hyper::unit_interval("ratio", 0.7, "share of them that gets noise").usual("0.3 to 1");
const NOISE: Hyper<NonNegative> =
    Hyper::non_negative("noise", 0.04, "standard deviation of the noise").usual("0.005 to 0.2");
const UNIT: Hyper<NoiseUnit> = Hyper::choice(
    "unit",
    &[("absolute", NoiseUnit::Absolute), ("tensor-std", NoiseUnit::TensorStd)],
    "what it is measured in",
);
const FINE_EPOCHS: Hyper<NonZeroU32> =
    Hyper::count("fine-epochs", 4, "epochs in which everything trains").usual("2, 3, 4");
const LAST_LR: Hyper<Positive> =
    Hyper::positive("last-lr", 1e-3, "learning rate of the last of them").usual("1e-4 to 5e-3");

pub(super) const METHOD: Method = Method {
    name: "rni",
    tier: Tier::Two,
    family: "erase, repair",
    about: "Draws the classifier afresh; then epochs in which random tensors get noise and train alone, then epochs in \
            which all train",
    source: "NeurIPS 2023 unlearning challenge, 7th place (Sun), Kaggle write-up 459095; DeepUnlearn `kgltop7`",
    failure_modes: "dear: nine passes over the retain set",
    parameters: parameters![
        NOISE_EPOCHS,
        LAYERS,
        RATIO,
        NOISE,
        UNIT,
        LR.at(2e-4).usual("1e-4 to 5e-3"),
        FINE_EPOCHS,
        LAST_LR,
        BATCH_SIZE,
        MOMENTUM,
        WEIGHT_DECAY,
    ],
    recipe: |arguments, _| {
        let reset = Reinit { tensors: Tensors::Head, init: Init::UniformFanIn, elements: Elements::All };
        let mut phases = vec![Phase::Reinit(reset)];
        for epoch in 0..arguments.get(&NOISE_EPOCHS).get() {
            phases.extend(noise_epoch(arguments, epoch));
        }
        let fine = arguments.get(&FINE_EPOCHS).get();
        for epoch in 1..=fine {
            let lr = arguments.get(if epoch == fine { &LAST_LR } else { &LR });
            phases.push(Phase::Train(one_epoch(arguments, lr, Tensors::All)));
        }
        Recipe { phases }
    },
    ..Method::UNLEARNS
};

fn noise_epoch(arguments: &Arguments, epoch: u32) -> Vec<Phase> {
    let layers = drawn(without_norms(), arguments.get(&LAYERS), format!("layers {epoch}"));
    let noisy = f64::from(arguments.get(&LAYERS).get()) * arguments.get(&RATIO).get();
    let noise = NonZeroU32::new(noisy as u32).filter(|_| epoch > 0).map(|count| {
        let tensors = drawn(layers.clone(), count, format!("noisy {epoch}"));
        let unit = arguments.get(&UNIT);
        Phase::Noise(Noise { tensors, std: arguments.get(&NOISE), unit })
    });
    let trainable = Tensors::Union(vec![layers, Tensors::Norms]);
    let train = one_epoch(arguments, arguments.get(&LR), trainable);
    noise.into_iter().chain([Phase::Train(train)]).collect()
}

fn drawn(from: Tensors, count: NonZeroU32, draw: String) -> Tensors {
    Tensors::Drawn { from: Box::new(from), count, draw, replacement: Replacement::Without }
}

/// Each epoch is a loop of its own, since each has a new optimiser.
fn one_epoch(arguments: &Arguments, lr: Positive, trainable: Tensors) -> Train {
    let loss = vec![cross_entropy(Set::Retain, 1.0)];
    Train { trainable, ..Train::new(retain(arguments), constant(1.0), loss, sgd_at(arguments, lr)) }
}
