//! Operations: phases that change weights without a training loop.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{Elements, Importance, Tensors, Train, is_default};
use crate::terms::{NonNegative, Positive, Set};

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
    /// In which batches.
    #[serde(default, skip_serializing_if = "is_default")]
    pub batches: Batches,
}

impl Dampen {
    /// How importance is measured on sets of these sizes.
    pub fn importance_of(&self, forget: u64, kept: u64) -> Importance {
        let most = u64::from(self.importance.batch_size.get());
        let fewest = forget.min(kept).max(1);
        let batch_size = match self.batches {
            Batches::AsPublished => most,
            Batches::Equal => fewest.div_ceil(fewest.div_ceil(most)),
        };
        let batch_size = u32::try_from(batch_size).ok().and_then(NonZeroU32::new);
        Importance { batch_size: batch_size.unwrap_or(self.importance.batch_size), ..self.importance }
    }
}

/// The batches in which two sets are looked at. The square of a batch's mean gradient is about the mean's square plus the
/// variance over the size of the batch, so that a small set in one small batch looks more important than it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Batches {
    /// Of `batch-size` each, as far as a set goes.
    #[default]
    AsPublished,
    /// Of one size for both sets: at most `batch-size`, and so that the smaller set is divided evenly.
    Equal,
}

/// Noise scaled by the inverse of the Fisher information (Golatkar et al., CVPR 2020; `fisher_new` of Unlearn-Sparse):
/// variance α · min((F + 1e-8)⁻ᵖ, 1e3), at most 1e2 before α in the classifier; averaged over each output's inputs
/// in tensors of more than one axis; ten times that in the classifier and in tensors of one axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FisherNoise {
    /// What must stay known.
    pub kept: Set,
    /// α.
    pub alpha: NonNegative,
    /// p: 1 in the published code, ½ in the paper.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub power: Positive,
    /// How importance is measured.
    pub importance: Importance,
}

fn one() -> Positive {
    Positive::new(1.0).expect("1 is above 0")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_one(power: &Positive) -> bool {
    *power == one()
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
    /// Influence unlearning: an approximation of the inverse Fisher matrix times the difference of forget and retain
    /// gradients; batch norm frozen, samples one by one.
    #[serde(rename_all = "kebab-case")]
    Influence {
        /// Retain examples of the matrix, drawn anew in every run; all of them where there are fewer.
        samples: NonZeroU32,
        /// Examples in a batch of the two sums of gradients; doesn't change the result but for rounding.
        batch_size: NonZeroU32,
        /// What stands for the inverse.
        #[serde(default)]
        inverse: Inverse,
    },
    /// The mean of θₖ − θ over networks that are each trained from the weights as they stand, where the signs of all
    /// of them agree, and 0 elsewhere (`NegMerge`; a plain task vector where there is one network). The weights are put
    /// back before the move.
    TaskVector(Vec<Train>),
}

/// What stands for the inverse of the Fisher matrix F = λ I + (1/N) Σ s sᵀ of N sampled gradients s.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inverse {
    /// The recursion of Unlearn-Sparse's `Wfisher.py`, which is no inverse: its vector o stays a multiple of the first
    /// gradient, so the difference of gradients changes along that single example. It draws one example more.
    #[default]
    AsPublished,
    /// F⁻¹ by the Sherman–Morrison recursion (Singh and Alistarh, 2020). Keeps a vector as long as the weights for every
    /// sample.
    WoodFisher {
        /// λ.
        damping: Positive,
    },
    /// The inverse of F's diagonal.
    Diagonal {
        /// λ.
        damping: Positive,
    },
    /// F⁻¹ by conjugate gradients from 0, each iteration a pass over the samples.
    ConjugateGradients {
        /// λ.
        damping: Positive,
        /// Iterations.
        iterations: NonZeroU32,
    },
}

impl Inverse {
    /// Gradients of single examples that it takes of so many samples, of `retain` examples.
    pub fn gradients(&self, samples: u64, retain: u64) -> u64 {
        match self {
            Self::AsPublished => retain.min(samples + 1),
            Self::WoodFisher { .. } | Self::Diagonal { .. } => retain.min(samples),
            Self::ConjugateGradients { iterations, .. } => u64::from(iterations.get()) * retain.min(samples),
        }
    }
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
