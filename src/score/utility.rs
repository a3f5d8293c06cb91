//! What unlearning cost in accuracy.

use serde::Serialize;

use super::{
    ensemble::{Ensemble, Unlearned},
    incomparable::Incomparable,
    oracle::Oracle,
};

/// Accuracy of unlearned models as a share of the oracle's. Not clipped: better than retraining is above 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Utility {
    /// On the retain set.
    pub retain_ratio: f64,
    /// On the test set, or the validation set where there is none.
    pub test_ratio: f64,
}

impl Utility {
    /// Compares mean accuracies.
    pub fn of(unlearned: &Ensemble<Unlearned>, oracle: &Oracle) -> Result<Self, Incomparable> {
        Self::from_accuracies(
            [unlearned.retain_accuracies(), unlearned.held_out_accuracies()],
            [oracle.retain_accuracies(), oracle.held_out_accuracies()],
        )
    }

    /// Compares mean accuracies on the retain and on the test set.
    pub(super) fn from_accuracies(
        unlearned: [&[f64]; 2],
        retrained: [&[f64]; 2],
    ) -> Result<Self, Incomparable> {
        Ok(Self {
            retain_ratio: ratio(unlearned[0], retrained[0], "retain")?,
            test_ratio: ratio(unlearned[1], retrained[1], "test")?,
        })
    }

    /// Multiplies forgetting quality with both ratios.
    pub(super) fn weigh(self, forgetting_quality: f64) -> f64 {
        forgetting_quality * self.retain_ratio * self.test_ratio
    }
}

fn ratio(unlearned: &[f64], retrained: &[f64], set: &'static str) -> Result<f64, Incomparable> {
    let reference = mean(retrained);
    if reference == 0.0 {
        return Err(Incomparable::UselessOracle { set });
    }
    Ok(mean(unlearned) / reference)
}

fn mean(accuracies: &[f64]) -> f64 {
    accuracies.iter().sum::<f64>() / accuracies.len() as f64
}
