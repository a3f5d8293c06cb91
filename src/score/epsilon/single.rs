//! The attack `c >= t`.

use super::{grid::Thresholds, rates::Rates};

/// The largest ε among single thresholds over both (ascending) sides; `None` where all are discarded.
///
/// A confidence at or above the threshold is taken for the positive side; the other direction is not tried.
pub(super) fn strongest(positive: &[f64], negative: &[f64], rates: &Rates) -> Option<f64> {
    let (last_positive, last_negative) = (positive.len() - 1, negative.len() - 1);
    let smallest = positive[0].min(negative[0]);
    let largest = positive[last_positive].max(negative[last_negative]);

    let mut best: Option<f64> = None;
    let (mut missed, mut rejected) = (0, 0);
    let mut last = None;
    for threshold in Thresholds::over(smallest, largest).iter() {
        missed = below(threshold, positive, missed);
        rejected = below(threshold, negative, rejected);
        if last.replace((missed, rejected)) != Some((missed, rejected)) {
            let epsilon = rates.epsilon(negative.len() - rejected, missed);
            // `None` is less than any number.
            best = if epsilon > best { epsilon } else { best };
        }
    }
    best
}

/// What the thresholds over both sides of an example cut off, whoever of them is unlearned.
#[derive(Debug)]
pub(in crate::score) struct Cuts {
    /// Confidences of both sides below each threshold, without repetitions.
    below: Vec<u32>,
}

impl Cuts {
    /// From the (ascending) confidences of both sides together; at least one.
    pub(in crate::score) fn of(ascending: impl Iterator<Item = f64>) -> Self {
        let both: Vec<f64> = ascending.collect();
        let mut cut = 0;
        let thresholds = Thresholds::over(both[0], both[both.len() - 1]);
        let mut counts: Vec<u32> = thresholds
            .iter()
            .map(|threshold| {
                cut = below(threshold, &both, cut);
                cut as u32
            })
            .collect();
        counts.dedup();
        Self { below: counts }
    }

    /// What [`strongest`] gives where `unlearned_among[k]` of the first k confidences are unlearned models', and these are the
    /// positive side unless `swapped`.
    pub(super) fn strongest(&self, unlearned_among: &[u32], swapped: bool, rates: &Rates) -> Option<f64> {
        let models = (unlearned_among.len() - 1) / 2;
        let mut best: Option<f64> = None;
        for &below in &self.below {
            let unlearned = unlearned_among[below as usize] as usize;
            let retrained = below as usize - unlearned;
            let (missed, rejected) = if swapped { (retrained, unlearned) } else { (unlearned, retrained) };
            let epsilon = rates.epsilon(models - rejected, missed);
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
