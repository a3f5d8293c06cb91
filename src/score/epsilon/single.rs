//! The attack `c >= t`.

use super::{
    grid::Thresholds,
    rates::Rates,
    side::{Ends, SideCounts},
};

/// What single thresholds, laid over both sides, cut off.
#[derive(Debug)]
pub(super) struct Cuts {
    /// Confidences of both sides below each threshold, without repetitions.
    below: Vec<u32>,
}

impl Cuts {
    /// Lays thresholds from one of the ascending confidences to another.
    pub(super) fn of(ascending: &[f64], ends: Ends) -> Self {
        let mut cut = ends.0;
        let thresholds = Thresholds::over(ascending[ends.0], ascending[ends.1]);
        let mut counts: Vec<u32> = thresholds
            .iter()
            .map(|threshold| {
                cut = below(threshold, ascending, cut);
                cut as u32
            })
            .collect();
        counts.dedup();
        Self { below: counts }
    }

    /// The largest ε among the thresholds; `None` where all are discarded.
    ///
    /// A confidence at or above the threshold is taken for the positive side; the other direction is not tried.
    pub(super) fn strongest(
        &self,
        positive: SideCounts<'_>,
        negative: SideCounts<'_>,
        rates: &Rates,
    ) -> Option<f64> {
        let mut best: Option<f64> = None;
        for &below in &self.below {
            let (missed, rejected) = (positive.among[below as usize], negative.among[below as usize]);
            let epsilon = rates.epsilon(negative.models() - rejected as usize, missed as usize);
            // `None` is less than any number.
            best = if epsilon > best { epsilon } else { best };
        }
        best
    }
}

/// How many of `ascending` lie below the threshold, searched for from `near` on.
fn below(threshold: f64, ascending: &[f64], near: usize) -> usize {
    let mut count = near;
    while ascending.get(count).is_some_and(|&element| element < threshold) {
        count += 1;
    }
    // Single precision may step back a little where the grid's two halves meet.
    while count > 0 && ascending[count - 1] >= threshold {
        count -= 1;
    }
    count
}
