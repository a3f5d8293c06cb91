//! CT, "convolution transpose": the 5th place of the challenge.

use sweep_protocol::recipe::{Phase, Recipe, Tensors, Transpose, Turn};

use super::{
    Engines, Kind, Method, Parameter, StartsFrom,
    finetune::{BATCH_SIZE, MOMENTUM, SCHEDULE, WEIGHT_DECAY, repair},
};

pub(super) const METHOD: Method = Method {
    name: "ct",
    about: "Transposes every convolution kernel (height and width swap), then fine-tunes on the retain set",
    source: "NeurIPS 2023 unlearning challenge, 5th place (Toshi_k), Kaggle write-up 458531; DeepUnlearn `kgltop5`",
    // The same loop as fine-tuning, with the write-up's 3 epochs.
    parameters: &[
        Parameter {
            name: "lr",
            kind: Kind::Positive(1e-3),
            about: "learning rate of SGD; usual 3e-4 to 2e-2",
        },
        Parameter {
            name: "epochs",
            kind: Kind::Positive(3.0),
            about: "passes over the retain set; usual 2 to 6",
        },
        BATCH_SIZE,
        MOMENTUM,
        WEIGHT_DECAY,
        SCHEDULE,
    ],
    starts_from: StartsFrom::Original,
    engines: Engines::All,
    recipe: |arguments, _| Recipe {
        phases: vec![
            Phase::Transpose(Transpose { tensors: Tensors::Convolutions, turn: Turn::Transpose }),
            Phase::Train(repair(arguments)),
        ],
    },
};
