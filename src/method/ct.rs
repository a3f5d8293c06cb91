//! CT, "convolution transpose": the 5th place of the challenge.

use sweep_protocol::recipe::{Phase, Recipe, Tensors, Transpose};

use super::{Engines, Kind, Method, Parameter, StartsFrom, finetune::repair};

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
        Parameter { name: "batch-size", kind: Kind::Count(64), about: "examples in a batch" },
        Parameter { name: "momentum", kind: Kind::UnitInterval(0.9), about: "momentum of SGD" },
        Parameter { name: "weight-decay", kind: Kind::NonNegative(5e-4), about: "L2 penalty of SGD" },
        Parameter {
            name: "schedule",
            kind: Kind::Choice(&["cosine", "constant"]),
            about: "learning rate over the epochs",
        },
    ],
    starts_from: StartsFrom::Original,
    engines: Engines::All,
    recipe: |arguments, _| Recipe {
        phases: vec![
            Phase::Transpose(Transpose { tensors: Tensors::Convolutions }),
            Phase::Train(repair(arguments)),
        ],
    },
};
