//! Operations: phases that change weights without training.

use serde::{Deserialize, Serialize};

use crate::terms::NonNegative;

/// Which tensors an operation touches or a training loop may change.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tensors {
    /// Every parameter; for [`Reinit`] the running statistics too.
    #[default]
    All,
    /// The kernels of every convolution, down-sampling shortcuts included.
    Convolutions,
    /// These parameters, by their state-dict keys (`conv1.weight`, `layer4.1.bn2.bias`, …).
    Named(Vec<String>),
    /// Every parameter of these modules (`fc`, `layer4`, `layer4.1.conv2`, …).
    Modules(Vec<String>),
}

/// Draws tensors afresh.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reinit {
    /// What is drawn afresh.
    pub tensors: Tensors,
    /// From which distribution.
    #[serde(default)]
    pub init: Init,
}

/// A distribution of initial weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// What the network is born with (torchvision): convolutions kaiming-normal fan-out, batch norm 1 and 0 with running
    /// statistics 0 and 1, the linear layer uniform in ±1/√fan-in.
    #[default]
    Network,
}

/// Adds independent N(0, std²) to every element.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Noise {
    /// What is disturbed.
    pub tensors: Tensors,
    /// Standard deviation of the noise, absolute.
    pub std: NonNegative,
}

/// Swaps height and width of kernels: W\[o, i, h, w\] becomes W\[o, i, w, h\].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Transpose {
    /// Which kernels; tensors without two spatial axes stay as they are.
    pub tensors: Tensors,
}
