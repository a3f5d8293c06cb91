//! What a staged sweep looks for: cross-fitted quality × utility, whose order hardly moves with N.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{
    crossfit::{Verdicts, verdicts},
    ensemble::{Ensemble, Unlearned},
    incomparable::Incomparable,
    interval::Interval,
    oracle::Oracle,
    resampled::Difference,
    utility::Utility,
};

/// Factor on the variance: the attacks are chosen on models that are also tested on, in the other fold, so that both folds
/// err alike; they can't err by more than one fold alone.
const BOTH_FOLDS: f64 = 2.0;

/// Chance of error on each side of a 95 % interval.
const TAIL: f64 = 0.025;

/// Cross-fitted quality times both utility ratios of one point, with what each model adds to its error.
///
/// Neither factor depends on N but for noise and, of quality, for what more models find, so that the order of points at a
/// few models is that at many. The competition's forgetting quality has no such order: it is a maximum over as many
/// models as it is measured on.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    value: f64,
    /// Change of the value, times N, by each unlearned model; \[N\].
    unlearned: Vec<f64>,
    /// The same by each model of the oracle; \[N\].
    retrained: Vec<f64>,
}

impl Objective {
    /// Measures a point on at least four models per side.
    pub fn of(unlearned: &Ensemble<Unlearned>, oracle: &Oracle) -> Result<Self, Incomparable> {
        let Verdicts { quality, taken: [ours, theirs] } =
            verdicts(unlearned.confidences(), oracle.confidences())?;
        let utility = Utility::of(unlearned, oracle)?;
        let (weight, value) = (utility.weigh(1.0), utility.weigh(quality));
        let accuracies = [
            [unlearned.retain_accuracies(), unlearned.held_out_accuracies()],
            [oracle.retain_accuracies(), oracle.held_out_accuracies()],
        ];
        let changes = |taken: &[f64], accuracies: [&[f64]; 2], sign: f64| -> Vec<f64> {
            let relative = accuracies.map(relative);
            let each = centred(taken).into_iter().enumerate();
            each.map(|(nth, own)| sign * (value * (relative[0][nth] + relative[1][nth]) - weight * own))
                .collect()
        };
        Ok(Self {
            value,
            unlearned: changes(&ours, accuracies[0], 1.0),
            retrained: changes(&theirs, accuracies[1], -1.0),
        })
    }

    /// Quality × utility.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Quality × utility with its 95 % interval.
    pub fn measured(&self) -> Option<Difference> {
        around(self.value, &[&self.unlearned, &self.retrained], TAIL)
    }

    /// This less another at the same N that shares no model with it, with its 95 % interval.
    pub fn less(&self, other: &Self) -> Option<Difference> {
        let changes = [&self.unlearned, &self.retrained, &other.unlearned, &other.retrained];
        around(self.value - other.value, &changes.map(Vec::as_slice), TAIL)
    }

    /// This less another at the same N against the same oracle, with all that a t-test (2N − 4 degrees of freedom) with this
    /// chance of error on each side allows.
    pub fn lead(&self, other: &Self, error: f64) -> Option<Difference> {
        let shared: Vec<f64> =
            self.retrained.iter().zip(&other.retrained).map(|(one, other)| one - other).collect();
        around(self.value - other.value, &[&self.unlearned, &other.unlearned, &shared], error)
    }
}

/// A number that models on several sides change, with all that a t-test (2N − 4 degrees of freedom) with this chance of error
/// on each side allows.
fn around(value: f64, changes: &[&[f64]], error: f64) -> Option<Difference> {
    let n = changes.first()?.len();
    if n < 3 || changes.iter().any(|side| side.len() != n) {
        return None;
    }
    let variance = changes.iter().map(|side| variance(side)).sum::<f64>();
    let student = StudentsT::new(0.0, 1.0, (2 * n - 4) as f64).ok()?;
    let half = student.inverse_cdf(1.0 - error) * (BOTH_FOLDS * variance / n as f64).sqrt();
    Some(Difference { value, interval: Interval { low: value - half, high: value + half } })
}

/// Numbers less the mean of their half: those at even positions, those at odd ones.
fn centred(numbers: &[f64]) -> Vec<f64> {
    let mean = |parity: usize| {
        let (sum, count) = numbers
            .iter()
            .skip(parity)
            .step_by(2)
            .fold((0.0, 0.0), |(sum, count), own| (sum + own, count + 1.0));
        sum / count
    };
    let means = [mean(0), mean(1)];
    numbers.iter().enumerate().map(|(nth, own)| own - means[nth % 2]).collect()
}

/// Accuracies less their mean, as a share of it; no change where all are 0.
fn relative(accuracies: &[f64]) -> Vec<f64> {
    let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    let scale = if mean > 0.0 { 1.0 / mean } else { 0.0 };
    accuracies.iter().map(|own| (own - mean) * scale).collect()
}

/// Variance of changes about 0, of which two means were taken away.
fn variance(changes: &[f64]) -> f64 {
    changes.iter().map(|own| own * own).sum::<f64>() / (changes.len() - 2) as f64
}
