//! Training loops that take turns, as data.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{AfterEpochs, Train, is_default};

/// Rounds of training that take turns: one epoch is one turn of every round, in order. Schedules count these epochs;
/// a schedule that moves with every step divides each epoch among the steps of the round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Alternate {
    /// Epochs.
    pub epochs: NonZeroU32,
    /// What happens in each. At least one.
    pub rounds: Vec<Round>,
    /// Whether the rounds share one optimiser. Rounds that do must agree in everything of it but the learning rate, and
    /// in what is trainable.
    #[serde(default, skip_serializing_if = "is_default")]
    pub memory: Memory,
    /// What happens between epochs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub after_epochs: AfterEpochs,
}

/// One loop that takes turns with others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Round {
    /// What is done. Its `epochs` are the passes of one turn, each starting its streams anew; its own `after-epochs` must
    /// be empty.
    pub train: Train,
    /// Takes turns only in so many epochs, the first ones.
    #[serde(default, skip_serializing_if = "is_default")]
    pub first: Option<NonZeroU32>,
    /// Takes a turn in every so-many-th epoch: epochs 0, k, 2k, …
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub every: NonZeroU32,
    /// Takes so many steps a turn in place of passes; its streams go on where they stopped.
    #[serde(default, skip_serializing_if = "is_default")]
    pub steps: Option<NonZeroU32>,
}

fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_one(every: &NonZeroU32) -> bool {
    *every == one()
}

impl Round {
    /// A turn in every epoch.
    pub fn new(train: Train) -> Self {
        Self { train, first: None, every: one(), steps: None }
    }

    /// Whether it takes a turn in this epoch, counted from 0.
    pub fn takes_turn(&self, epoch: u32) -> bool {
        self.first.is_none_or(|first| epoch < first.get()) && epoch % self.every == 0
    }
}

/// How far an optimiser's state (momentum, moments) reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Memory {
    /// Over the whole loop; rounds share one.
    #[default]
    Loop,
    /// Each round has its own.
    Round,
    /// It starts at zero with each epoch.
    Epoch,
}
