//! The one training loop, as data.

use serde::{Deserialize, Serialize};

use super::{GradientPlan, Memory, Noise, Optimizer, Schedule, Stream, Tensors, Term, is_default};
use crate::terms::{Positive, Set, UnitInterval};

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
    /// What becomes of a gradient before the optimiser sees it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub gradient: GradientPlan,
    /// How long the optimiser remembers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub memory: Memory,
    /// What happens between epochs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub after_epochs: AfterEpochs,
}

impl Train {
    /// A loop over one stream with a constant learning rate; everything trains.
    pub fn new(stream: Stream, epochs: Positive, loss: Vec<Term>, optimizer: Optimizer) -> Self {
        Self {
            data: vec![stream],
            epochs,
            loss,
            optimizer,
            schedule: Schedule::Constant,
            trainable: Tensors::All,
            batch_norm: BatchNorm::Train,
            gradient: GradientPlan::default(),
            memory: Memory::default(),
            after_epochs: AfterEpochs::default(),
        }
    }
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

/// What happens between epochs, in the order of the fields.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AfterEpochs {
    /// Noise that is added to weights; the optimiser keeps its state.
    #[serde(default, skip_serializing_if = "is_default")]
    pub noise: Vec<LateNoise>,
    /// When training ends early.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stop: Option<Stop>,
    /// Whether an earlier epoch is returned to at the end.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rewind: Rewind,
}

/// Noise in the middle of a loop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LateNoise {
    /// After so many epochs.
    pub after: u32,
    /// The noise.
    pub noise: Noise,
}

/// Ends a loop after the first epoch in which the network knows little enough (running statistics used).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stop {
    /// On which set accuracy is taken.
    pub on: Set,
    /// The largest accuracy that ends the loop.
    pub accuracy: UnitInterval,
}

/// Which epoch's weights and running statistics a loop returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rewind {
    /// The last.
    #[default]
    Off,
    /// SCRUB+R's: the one whose error on the forget set is closest to the final network's error on the validation
    /// examples of the classes that the forget set holds; of equals the earliest.
    MatchedValidation,
}
