//! How far to trust a score: bootstrap intervals for scores, t-intervals for mean accuracies.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{
    ensemble::{Confidences, Ensemble, Kind, Unlearned},
    epsilon::{Attacks, Epsilon},
    forgetting_quality::mean_points,
    incomparable::Incomparable,
    oracle::Oracle,
    score::Score,
    utility::Utility,
};

/// Share of repetitions that an interval is meant to cover.
const LEVEL: f64 = 0.95;

/// From `low` to `high`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// 95 % bootstrap intervals over models: both sides are drawn with replacement, as whole models, so that what examples
/// share through a model is kept.
///
/// Scores of replicates are biased downward, since doubled models sharpen an attack that is a maximum already. Their
/// spread is what the interval is made of: the central 95 % of the replicates, moved so that their median falls on the
/// score, and cut at 0. It says how far the number would move with other seeds, not how far it is from the truth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Intervals {
    /// Of the forgetting quality.
    pub forgetting_quality: Interval,
    /// Of the score.
    pub score: Interval,
}

impl Intervals {
    pub(super) fn bootstrap(
        unlearned: &Ensemble<Unlearned>,
        oracle: &Oracle,
        replicates: usize,
        seed: u64,
    ) -> Result<Self, Incomparable> {
        let score = Score::of(unlearned, oracle)?;
        let sides = (Sorted::new(unlearned.confidences()), Sorted::new(oracle.confidences()));
        let replicates: Vec<(f64, f64)> = (0..replicates as u64)
            .into_par_iter()
            .map_init(
                || Replicator::new(score.n),
                |replicator, replicate| {
                    let mut random = ChaCha8Rng::seed_from_u64(seed);
                    random.set_stream(replicate);
                    let times = (draw(score.n, &mut random), draw(score.n, &mut random));
                    let quality = replicator.quality(&sides, &times)?;
                    let utility = Utility::from_accuracies(
                        [
                            &repeated(unlearned.retain_accuracies(), &times.0),
                            &repeated(unlearned.held_out_accuracies(), &times.0),
                        ],
                        [
                            &repeated(oracle.retain_accuracies(), &times.1),
                            &repeated(oracle.held_out_accuracies(), &times.1),
                        ],
                    )
                    .ok()?;
                    Some((quality, utility.weigh(quality)))
                },
            )
            .flatten()
            .collect();
        let (qualities, values): (Vec<f64>, Vec<f64>) = replicates.into_iter().unzip();
        Ok(Self {
            forgetting_quality: centred(score.forgetting_quality.value(), qualities),
            score: centred(score.value, values),
        })
    }
}

/// The central part of the replicates around the estimate; the estimate alone where there are none.
fn centred(estimate: f64, mut replicates: Vec<f64>) -> Interval {
    replicates.sort_unstable_by(f64::total_cmp);
    let Some(last) = replicates.len().checked_sub(1) else { return Interval { low: estimate, high: estimate } };
    let at = |share: f64| replicates[(share * last as f64).round() as usize];
    let tail = (1.0 - LEVEL) / 2.0;
    let shift = estimate - at(0.5);
    Interval { low: (at(tail) + shift).max(0.0), high: at(1.0 - tail) + shift }
}

/// Confidences of each example in ascending order, with the model each belongs to; \[S, N\].
struct Sorted {
    models: usize,
    entries: Vec<(f64, u32)>,
}

impl Sorted {
    fn new<K: Kind>(confidences: &Confidences<K>) -> Self {
        let mut entries = Vec::with_capacity(confidences.models() * confidences.examples());
        for example in 0..confidences.examples() {
            let start = entries.len();
            entries.extend(confidences.of_example(example).iter().copied().zip(0..));
            entries[start..].sort_unstable_by(|one: &(f64, u32), other| one.0.total_cmp(&other.0));
        }
        Self { models: confidences.models(), entries }
    }

    fn resample(&self, example: usize, times: &[u32], into: &mut Vec<f64>) {
        into.clear();
        for &(confidence, model) in &self.entries[example * self.models..][..self.models] {
            into.extend(std::iter::repeat_n(confidence, times[model as usize] as usize));
        }
    }
}

struct Replicator {
    attacks: Attacks,
    unlearned: Vec<f64>,
    retrained: Vec<f64>,
    epsilons: Vec<f64>,
    models: usize,
}

impl Replicator {
    fn new(models: usize) -> Self {
        Self { attacks: Attacks::new(models), unlearned: vec![], retrained: vec![], epsilons: vec![], models }
    }

    fn quality(&mut self, sides: &(Sorted, Sorted), times: &(Vec<u32>, Vec<u32>)) -> Option<f64> {
        self.epsilons.clear();
        for example in 0..sides.0.entries.len() / sides.0.models {
            sides.0.resample(example, &times.0, &mut self.unlearned);
            sides.1.resample(example, &times.1, &mut self.retrained);
            let epsilon = self.attacks.strongest(&self.unlearned, &self.retrained).map(Epsilon::value)?;
            self.epsilons.push(epsilon);
        }
        Some(mean_points(self.epsilons.iter().copied(), self.models))
    }
}

/// How often each of `models` models is drawn when as many are drawn with replacement.
fn draw(models: usize, random: &mut ChaCha8Rng) -> Vec<u32> {
    let mut times = vec![0; models];
    for _ in 0..models {
        times[below(models as u64, random) as usize] += 1;
    }
    times
}

/// A number below `bound`, each as likely (Lemire, arXiv:1805.10941).
fn below(bound: u64, random: &mut ChaCha8Rng) -> u64 {
    let threshold = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(random.next_u64()) * u128::from(bound);
        if product as u64 >= threshold {
            return (product >> 64) as u64;
        }
    }
}

fn repeated(accuracies: &[f64], times: &[u32]) -> Vec<f64> {
    accuracies
        .iter()
        .zip(times)
        .flat_map(|(&accuracy, &times)| std::iter::repeat_n(accuracy, times as usize))
        .collect()
}

/// The mean of some accuracies and the half width of its 95 % t-interval; `None` of fewer than two.
pub fn mean_interval(values: &[f64]) -> Option<(f64, f64)> {
    let count = values.len() as f64;
    let student = StudentsT::new(0.0, 1.0, count - 1.0).ok()?;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let standard_error = (squares / (count - 1.0) / count).sqrt();
    Some((mean, student.inverse_cdf(f64::midpoint(1.0, LEVEL)) * standard_error))
}
