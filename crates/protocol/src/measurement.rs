//! What is measured on a network when its recipe is done.

use serde::{Deserialize, Serialize};

use crate::terms::{ContentHash, UnitInterval};

/// Everything that a finished run reports. Times are wall-clock seconds; accuracies are fractions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// Share of examples classified correctly, per set.
    pub accuracy: Accuracies,
    /// Seconds spent in the recipe alone, loading and measuring excluded.
    pub unlearn_s: f64,
    /// Seconds spent measuring.
    pub measure_s: f64,
    /// Optimiser steps taken.
    pub steps: u64,
    /// `confidences.npy` in the run's folder: float64 \[S\], the logit-scaled confidence of each forget example in the
    /// order of `forget.csv`.
    pub confidences: Artifact,
    /// `model.safetensors` in the run's folder, where the job asked to keep the weights.
    pub weights: Option<Artifact>,
}

/// Accuracy on each set, as fractions in \[0, 1\].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accuracies {
    /// On the retain set.
    pub retain: UnitInterval,
    /// On the forget set.
    pub forget: UnitInterval,
    /// On the validation set.
    pub validation: UnitInterval,
    /// On the test set, where the data has one.
    pub test: Option<UnitInterval>,
}

impl Accuracies {
    /// The accuracy that stands for "test" in the score: the test set's, or the validation set's where there is none.
    pub fn held_out(&self) -> UnitInterval {
        self.test.unwrap_or(self.validation)
    }
}

/// A file in the run's folder, written completely before it is named here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// File name, without folders.
    pub file: String,
    /// Hash of its bytes.
    pub blake3: ContentHash,
}
