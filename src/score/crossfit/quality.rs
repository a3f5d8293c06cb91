//! Cross-fitted quality and its interval.

use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{CONFIDENCE, attack::Attack, half::Half};
use crate::score::interval::Interval;

/// Blocks of models that are left out in turn, per side and half; single models where there are fewer.
const BLOCKS: usize = 32;

/// The quality that two halves give one another, its interval, and the attacks that each of them chose.
pub(super) fn quality(halves: &[Half; 2]) -> (f64, Interval, Vec<[Attack; 2]>) {
    let folds = [0, 1].map(|train| Fold::new(&halves[train], &halves[1 - train]));
    let advantage = f64::midpoint(folds[0].advantage(), folds[1].advantage());
    let half_width = student(halves) * deviation(&folds);
    let quality = 1.0 - advantage;
    let [even, odd] = folds.map(|fold| fold.attacks);
    let attacks = even.into_iter().zip(odd).map(|(even, odd)| [even, odd]).collect();
    (quality, Interval { low: quality - half_width, high: quality + half_width }, attacks)
}

/// The quality of two halves alone, and what the attacks say of each model; \[2n\] for each half.
pub(super) fn verdicts(halves: &[Half; 2]) -> (f64, [Vec<f64>; 2]) {
    let folds = [0, 1].map(|train| Fold::new(&halves[train], &halves[1 - train]));
    let advantage = f64::midpoint(folds[0].advantage(), folds[1].advantage());
    let [odd, even] = folds.map(|fold| fold.verdicts);
    (1.0 - advantage, [even, odd])
}

/// The quantile of Student's t for all models less the four means that are taken.
fn student(halves: &[Half; 2]) -> f64 {
    let freedom = 2 * (halves[0].n + halves[1].n) - 4;
    let student = StudentsT::new(0.0, 1.0, freedom as f64).expect("at least two models in every mean");
    student.inverse_cdf(f64::midpoint(1.0, CONFIDENCE))
}

/// Standard deviation of the mean of two folds about the true advantage of their attacks.
fn deviation(folds: &[Fold; 2]) -> f64 {
    let variances = [folds[0].variance(), folds[1].variance()];
    let covariance = covariance(&folds[0], &folds[1]) + covariance(&folds[1], &folds[0]);
    // No covariance exceeds what it would be if both folds erred as one.
    let most = (variances[0] * variances[1]).sqrt();
    (variances[0] + variances[1] + 2.0 * covariance.clamp(0.0, most)).sqrt() / 2.0
}

/// Attacks chosen on one half and measured on the other.
struct Fold<'a> {
    train: &'a Half,
    test: &'a Half,
    /// \[S\].
    attacks: Vec<Attack>,
    /// Share of the examples on which each model of the test half is taken for unlearned; \[2n\].
    verdicts: Vec<f64>,
}

impl<'a> Fold<'a> {
    fn new(train: &'a Half, test: &'a Half) -> Self {
        let weights = train.weights();
        let attacks: Vec<Attack> =
            train.examples.par_iter().map(|entries| Attack::strongest(entries, &weights)).collect();
        let mut verdicts = vec![0.0; 2 * test.n];
        for (attack, entries) in attacks.iter().zip(&test.examples) {
            for entry in entries.iter().filter(|entry| attack.says_unlearned(entry.confidence)) {
                verdicts[entry.model] += 1.0 / attacks.len() as f64;
            }
        }
        Self { train, test, attacks, verdicts }
    }

    fn sides(&self) -> [&[f64]; 2] {
        let (unlearned, retrained) = self.verdicts.split_at(self.test.n);
        [unlearned, retrained]
    }

    /// Mean advantage over the examples.
    fn advantage(&self) -> f64 {
        let [unlearned, retrained] = self.sides().map(mean);
        unlearned - retrained
    }

    /// Variance of the advantage, given the attacks.
    fn variance(&self) -> f64 {
        self.sides().map(|side| squares(side) / ((side.len() - 1) * side.len()) as f64).iter().sum()
    }
}

/// What the models that `measured` is tested on add to both errors: directly, and through the attacks of `trained`, which
/// they choose. By the jackknife: covariance over left-out blocks of what the test loses and what the training changes.
fn covariance(measured: &Fold, trained: &Fold) -> f64 {
    let n = measured.test.n;
    let blocks = n.min(BLOCKS);
    let left_out = |side: usize, block: usize| {
        let models = side * n + block * n / blocks..side * n + (block + 1) * n / blocks;
        let mut weights = trained.train.weights();
        let rest = (n - models.len()) as f64;
        let own = &mut weights[side * n..(side + 1) * n];
        for weight in own.iter_mut() {
            *weight = weight.signum() / rest;
        }
        weights[models].fill(0.0);
        weights
    };
    let changes = |side: usize| -> f64 {
        let pairs: Vec<(f64, f64)> = (0..blocks)
            .into_par_iter()
            .map(|block| {
                let weights = left_out(side, block);
                let measured: f64 =
                    measured.verdicts.iter().zip(&weights).map(|(verdict, weight)| verdict * weight).sum();
                (measured, retrained_advantage(trained, &weights))
            })
            .collect();
        let (direct, indirect): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let (direct_mean, indirect_mean) = (mean(&direct), mean(&indirect));
        let products = direct.iter().zip(&indirect);
        let sum: f64 = products.map(|(one, other)| (one - direct_mean) * (other - indirect_mean)).sum();
        sum * (blocks - 1) as f64 / blocks as f64
    };
    changes(0) + changes(1)
}

/// Mean advantage of a fold whose attacks are chosen anew, by training models that weigh as told.
fn retrained_advantage(fold: &Fold, weights: &[f64]) -> f64 {
    let even = fold.test.weights();
    let examples = fold.train.examples.iter().zip(&fold.test.examples);
    let sum: f64 =
        examples.map(|(train, test)| Attack::strongest(train, weights).advantage(test, &even)).sum();
    sum / fold.train.examples.len() as f64
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sum of squared distances from the mean.
fn squares(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum()
}
