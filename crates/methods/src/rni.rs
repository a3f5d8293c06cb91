//! RNI (Sun): noise on random layers, epoch after epoch. The 7th place of the challenge.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{Elements, Init, Noise, NoiseUnit, Phase, Recipe, Reinit, Replacement, Tensors, Train},
    terms::{Positive, Set},
};

use super::{
    Arguments, Method, Parameter, Tier,
    loops::{BATCH_SIZE, MOMENTUM, WEIGHT_DECAY, constant, cross_entropy, lr, retain, sgd_at, without_norms},
};

pub(super) const METHOD: Method = Method {
    name: "rni",
    tier: Tier::Two,
    family: "erase, repair",
    about: "Draws the classifier afresh; then epochs in which random tensors get noise and train alone, then epochs in \
            which all train",
    source: "NeurIPS 2023 unlearning challenge, 7th place (Sun), Kaggle write-up 459095; DeepUnlearn `kgltop7`",
    failure_modes: "dear: nine passes over the retain set",
    parameters: &[
        Parameter::count(
            "noise-epochs",
            5,
            "epochs in which random tensors train; all but the first add noise",
        )
        .usual("2, 3, 5"),
        Parameter::count("layers", 9, "random tensors that train, besides batch norm").usual("3 to 15"),
        Parameter::unit_interval("ratio", 0.7, "share of them that gets noise").usual("0.3 to 1"),
        Parameter::non_negative("noise", 0.04, "standard deviation of the noise").usual("0.005 to 0.2"),
        Parameter::choice("unit", &["absolute", "tensor-std"], "what it is measured in"),
        lr(2e-4).usual("1e-4 to 5e-3"),
        Parameter::count("fine-epochs", 4, "epochs in which everything trains").usual("2, 3, 4"),
        Parameter::positive("last-lr", 1e-3, "learning rate of the last of them").usual("1e-4 to 5e-3"),
        BATCH_SIZE,
        MOMENTUM,
        WEIGHT_DECAY,
    ],
    recipe: |arguments, _| {
        let classifier = Tensors::Modules(vec!["fc".to_owned()]);
        let reset = Reinit { tensors: classifier, init: Init::UniformFanIn, elements: Elements::All };
        let mut phases = vec![Phase::Reinit(reset)];
        for epoch in 0..arguments.count("noise-epochs").get() {
            phases.extend(noise_epoch(arguments, epoch));
        }
        let fine = arguments.count("fine-epochs").get();
        for epoch in 1..=fine {
            let lr = if epoch == fine { "last-lr" } else { "lr" };
            phases.push(Phase::Train(one_epoch(arguments, arguments.positive(lr), Tensors::All)));
        }
        Recipe { phases }
    },
    ..Method::UNLEARNS
};

fn noise_epoch(arguments: &Arguments, epoch: u32) -> Vec<Phase> {
    let layers = drawn(without_norms(), arguments.count("layers"), format!("layers {epoch}"));
    let noisy = f64::from(arguments.count("layers").get()) * arguments.unit_interval("ratio").get();
    let noise = NonZeroU32::new(noisy as u32).filter(|_| epoch > 0).map(|count| {
        let tensors = drawn(layers.clone(), count, format!("noisy {epoch}"));
        let relative = arguments.choice("unit") == "tensor-std";
        let unit = if relative { NoiseUnit::TensorStd } else { NoiseUnit::Absolute };
        Phase::Noise(Noise { tensors, std: arguments.non_negative("noise"), unit })
    });
    let trainable = Tensors::Union(vec![layers, Tensors::Norms]);
    let train = one_epoch(arguments, arguments.positive("lr"), trainable);
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
