//! CT, "convolution transpose": the 5th place of the challenge.

use sweep_protocol::recipe::{Phase, Recipe, Tensors, Transpose, Turn};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{BATCH_SIZE, EPOCHS, LR, MOMENTUM, SCHEDULE, WEIGHT_DECAY, repair},
    parameters,
};

pub(super) const METHOD: Method = Method {
    name: "ct",
    tier: Tier::One,
    family: "erase, repair",
    about: "Transposes every convolution kernel (height and width swap), then fine-tunes on the retain set",
    source: "NeurIPS 2023 unlearning challenge, 5th place (Toshi_k), Kaggle write-up 458531; DeepUnlearn `kgltop5`",
    failure_modes: "kernels that are nearly symmetric are hardly erased; the erasure is the same in every run, which \
                    differ by the order of the data alone",
    parameters: parameters![
        LR.at(1e-3).usual("3e-4 to 2e-2"),
        EPOCHS.at(3.0).usual("2 to 6"),
        BATCH_SIZE,
        MOMENTUM,
        WEIGHT_DECAY,
        SCHEDULE,
        TURN,
    ],
    recipe: |arguments, _| Recipe { phases: phases(arguments) },
    ..Method::UNLEARNS
};

/// What is done to each kernel.
pub(super) const TURN: Hyper<Turn> = Hyper::choice(
    "turn",
    &[("transpose", Turn::Transpose), ("flip", Turn::Flip), ("rotate", Turn::Rotate)],
    "what is done to each kernel",
);

/// The erasure and the repair.
pub(super) fn phases(arguments: &Arguments) -> Vec<Phase> {
    vec![erase(arguments), Phase::Train(repair(arguments))]
}

/// Turns every kernel as `turn` says.
fn erase(arguments: &Arguments) -> Phase {
    Phase::Transpose(Transpose { tensors: Tensors::Convolutions, turn: arguments.get(&TURN) })
}
