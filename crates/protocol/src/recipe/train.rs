//! The one training loop, as data.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::Tensors;
use crate::terms::{NonNegative, Positive, Set, UnitInterval};

/// Mini-batch training. One step draws a batch from every stream, sums the terms of the loss and takes one step of
/// the optimiser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Train {
    /// Where batches come from. The first stream leads: one pass over it is an epoch. At least one.
    pub data: Vec<Stream>,
    /// Passes over the leading stream; 3.2 stops after ⌊3.2 · batches per epoch⌋ steps.
    pub epochs: Positive,
    /// The weighted sum that is minimised. At least one term.
    pub loss: Vec<Term>,
    /// How a gradient becomes a step. Its state (momentum) starts at zero.
    pub optimizer: Optimizer,
    /// How the learning rate moves.
    #[serde(default)]
    pub schedule: Schedule,
    /// What may change. Other tensors get no gradient, no weight decay and no momentum.
    #[serde(default)]
    pub trainable: Tensors,
    /// What batch normalisation does while training.
    #[serde(default)]
    pub batch_norm: BatchNorm,
}

/// A shuffled, endless supply of batches from one set; every pass is shuffled anew, the last batch of a pass may be
/// smaller (a single left-over example joins the batch before it).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stream {
    /// The examples.
    pub set: Set,
    /// Examples in a batch.
    pub batch_size: NonZeroU32,
    /// How a stream that doesn't lead keeps step with the one that does.
    #[serde(default)]
    pub pairing: Pairing,
}

/// What happens when a following stream ends before the leading one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pairing {
    /// It starts again.
    #[default]
    Cycle,
    /// The epoch ends for both.
    Zip,
}

/// One summand of the loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Term {
    /// weight · CE(logits, age group), averaged over the batch (by class weight where there is one, as PyTorch does).
    /// A negative weight ascends.
    #[serde(rename_all = "kebab-case")]
    CrossEntropy {
        /// The stream that it is taken on.
        on: Set,
        /// Factor in the sum; any finite number.
        #[serde(default = "one")]
        weight: f64,
        /// Weight of each class.
        #[serde(default)]
        class_weight: ClassWeight,
    },
}

fn one() -> f64 {
    1.0
}

/// Weights of the classes in a cross entropy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassWeight {
    /// All 1.
    #[default]
    None,
    /// 1 / count, with the counts of `age_class_weights.json`.
    Inverse,
}

/// PyTorch's optimisers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Optimizer {
    /// `torch.optim.SGD`: weight decay into the gradient, then momentum, no dampening, no Nesterov.
    #[serde(rename_all = "kebab-case")]
    Sgd {
        /// Learning rate.
        lr: Positive,
        /// Momentum; 0 for none.
        #[serde(default = "zero_momentum")]
        momentum: UnitInterval,
        /// L2 penalty, added to the gradient.
        #[serde(default = "no_decay")]
        weight_decay: NonNegative,
    },
    /// `torch.optim.Adam` with β = (0.9, 0.999), ε = 1e-8 outside the root, coupled L2.
    #[serde(rename_all = "kebab-case")]
    Adam {
        /// Learning rate.
        lr: Positive,
        /// L2 penalty, added to the gradient.
        #[serde(default = "no_decay")]
        weight_decay: NonNegative,
    },
}

fn zero_momentum() -> UnitInterval {
    UnitInterval::new(0.0).expect("0 is in [0, 1]")
}

fn no_decay() -> NonNegative {
    NonNegative::new(0.0).expect("0 is not negative")
}

/// How the learning rate moves over the epochs of one training loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// It stays.
    #[default]
    Constant,
    /// Cosine annealing to 0, stepped once an epoch: lr · ½(1 + cos(π · epoch / epochs)), epochs counted from 0.
    Cosine,
}

/// What batch normalisation uses and keeps while training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BatchNorm {
    /// Statistics of the batch; running statistics move.
    #[default]
    Train,
    /// Running statistics, which stay.
    Frozen,
}
