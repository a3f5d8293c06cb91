//! Operations: phases that change weights without a training loop.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{Elements, Importance, Tensors, Train, is_default};
use crate::terms::{NonNegative, Set};

/// Draws tensors afresh.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reinit {
    /// What is drawn afresh.
    pub tensors: Tensors,
    /// From which distribution.
    #[serde(default)]
    pub init: Init,
    /// Which of their elements.
    #[serde(default, skip_serializing_if = "is_default")]
    pub elements: Elements,
}

/// A distribution of initial weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// What the network is born with (torchvision): convolutions kaiming-normal fan-out, batch norm 1 and 0 with running
    /// statistics 0 and 1, the linear layer uniform in ±1/√fan-in.
    #[default]
    Network,
    /// PyTorch's default of every layer: uniform in ±1/√fan-in; batch norm 1 and 0.
    UniformFanIn,
}

/// Adds independent Gaussian noise to every element.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Noise {
    /// What is disturbed.
    pub tensors: Tensors,
    /// Standard deviation of the noise, in `unit`s.
    pub std: NonNegative,
    /// What the standard deviation is measured in.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unit: NoiseUnit,
}

/// What a standard deviation of noise is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseUnit {
    /// Nothing: it is absolute.
    #[default]
    Absolute,
    /// The standard deviation of the tensor's own elements.
    TensorStd,
}

/// Turns kernels in their plane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Transpose {
    /// Which kernels; tensors without two spatial axes stay as they are.
    pub tensors: Tensors,
    /// How they are turned.
    #[serde(default, skip_serializing_if = "is_default")]
    pub turn: Turn,
}

/// How a kernel is turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// Swaps height and width: W\[o, i, h, w\] becomes W\[o, i, w, h\].
    #[default]
    Transpose,
    /// Mirrors left and right.
    Flip,
    /// Rotates by a quarter turn, from the height axis towards the width axis (`torch.rot90`).
    Rotate,
}

/// Sets elements to 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Zero {
    /// Of which tensors.
    pub tensors: Tensors,
    /// Which of their elements.
    #[serde(default, skip_serializing_if = "is_default")]
    pub elements: Elements,
}

/// Selective synaptic dampening (Foster et al., AAAI 2024): where the importance to `forget` exceeds α times that to
/// `kept`, an element is multiplied by min(λ · importance to `kept` / importance to `forget`, 1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Dampen {
    /// Which tensors may change.
    #[serde(default)]
    pub tensors: Tensors,
    /// What is to be forgotten.
    pub forget: Set,
    /// What importances are compared with; the published method takes the whole training set.
    pub kept: Set,
    /// α, from which ratio an element is dampened.
    pub alpha: NonNegative,
    /// λ, how little is left of it.
    pub lambda: NonNegative,
    /// How importance is measured.
    pub importance: Importance,
}

/// Noise scaled by the inverse of the Fisher information (Golatkar et al., CVPR 2020; `fisher_new` of Unlearn-Sparse):
/// variance α · min(1 / (F + 1e-8), 1e3), at most 1e2 before α in the classifier; averaged over each output's inputs
/// in tensors of more than one axis; ten times that in the classifier and in tensors of one axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FisherNoise {
    /// What must stay known.
    pub kept: Set,
    /// α.
    pub alpha: NonNegative,
    /// How importance is measured.
    pub importance: Importance,
}

/// Moves the weights: θ ← θ + scale · direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Move {
    /// Along which direction.
    pub along: Route,
    /// How far; negative to go against it.
    pub scale: f64,
}

/// A direction in weight space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// Influence unlearning with the `WoodFisher` approximation of the inverse Hessian (Unlearn-Sparse, `Wfisher.py`):
    /// batch norm frozen; the first gradient is that of one retain example, further examples one by one.
    #[serde(rename_all = "kebab-case")]
    WoodFisher {
        /// Retain examples after the first, drawn anew in every run; all of them where there are fewer.
        samples: NonZeroU32,
        /// Examples in a batch of the two sums of gradients; doesn't change the result but for rounding.
        batch_size: NonZeroU32,
    },
    /// The mean of θₖ − θ over networks that are each trained from the weights as they stand, where the signs of all
    /// of them agree, and 0 elsewhere (`NegMerge`; a plain task vector where there is one network). The weights are put
    /// back before the move.
    TaskVector(Vec<Train>),
}

/// Rounds parameters and running statistics to another number format and back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cast {
    /// The format in between.
    pub through: Precision,
}

/// A coarse number format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// IEEE half precision.
    Float16,
    /// Google's bfloat16.
    Bfloat16,
}
