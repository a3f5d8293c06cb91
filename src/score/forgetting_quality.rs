//! What an ε is worth, and forgetting quality: the mean worth over the forget set.

use serde::Serialize;

use super::epsilon::Epsilon;

/// Width of a bucket of ε.
const WIDTH: f64 = 0.5;

/// Forgetting quality F of N models on a forget set: from 0 (told apart on every example) to 1.
///
/// Independently retrained models get about 0.2, because the strongest of 160 000 attacks always finds
/// something.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForgettingQuality {
    value: f64,
    models: usize,
    buckets: Vec<Bucket>,
}

/// How many forget examples have an ε in `low <= ε < high`, and what each is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bucket {
    /// Smallest ε.
    pub low: f64,
    /// First ε beyond; infinite for the last bucket.
    pub high: f64,
    /// Worth of an example: 1, 1/2, 1/4, …, and 0 in the last bucket.
    pub points: f64,
    /// Examples.
    pub examples: usize,
}

impl ForgettingQuality {
    /// Scores the ε of all forget examples, measured with `models` models per side.
    pub(super) fn of(epsilons: &[Epsilon], models: usize) -> Self {
        let values = || epsilons.iter().map(|epsilon| epsilon.value());
        let mut buckets = buckets(models);
        for epsilon in values() {
            let worthless = buckets.len() - 1;
            buckets[position(epsilon, models).unwrap_or(worthless)].examples += 1;
        }
        Self { value: mean_points(values(), models), models, buckets }
    }

    /// F, in [0, 1].
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Models per side (N); quality at another N does not compare.
    pub fn models(&self) -> usize {
        self.models
    }

    /// The histogram of ε, ascending and complete: the last bucket is open and worth nothing.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }
}

/// The mean worth of some ε; NaN of none.
pub(super) fn mean_points(epsilons: impl ExactSizeIterator<Item = f64>, models: usize) -> f64 {
    let examples = epsilons.len() as f64;
    epsilons.map(|epsilon| worth(epsilon, models)).sum::<f64>() / examples
}

/// What an ε is worth, at least 0, where `models` models per side gave it.
pub(super) fn worth(epsilon: f64, models: usize) -> f64 {
    position(epsilon, models).map_or(0.0, points)
}

fn buckets(models: usize) -> Vec<Bucket> {
    let end = largest(models);
    let count = (end / WIDTH) as usize;
    let edge = |index: usize| index as f64 * WIDTH;
    (0..count)
        .map(|index| Bucket { low: edge(index), high: edge(index + 1), points: points(index), examples: 0 })
        .chain([Bucket { low: end, high: f64::INFINITY, points: 0.0, examples: 0 }])
        .collect()
}

/// The bucket of an ε, if that is worth anything.
fn position(epsilon: f64, models: usize) -> Option<usize> {
    (epsilon < largest(models)).then_some((epsilon / WIDTH) as usize)
}

/// The ε from which on examples are worth nothing. The organisers' note has 13 buckets for 512 models, their
/// code 14 of which the last can't be reached; elsewhere only the code says anything.
fn largest(models: usize) -> f64 {
    (models.saturating_sub(1) as f64).ln().ceil().max(0.0)
}

fn points(bucket: usize) -> f64 {
    0.5_f64.powi(i32::try_from(bucket).expect("twice the logarithm of a count"))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "golden numbers are met to the last bit")]
mod tests {
    use super::{buckets, mean_points};

    #[test]
    fn the_number_of_buckets_follows_the_published_code() {
        for (models, want) in [(2, 0), (3, 2), (64, 10), (128, 10), (256, 12), (512, 14), (1024, 14)] {
            assert_eq!(buckets(models).len() - 1, want, "{models} models");
        }
    }

    #[test]
    fn edges_belong_to_the_worse_bucket() {
        for (epsilon, want) in [
            (0.0, 1.0),
            (0.499_999, 1.0),
            (0.5, 0.5),
            (1.0, 0.25),
            (6.9, 0.5_f64.powi(13)),
            (7.0, 0.0),
            (50.0, 0.0),
        ] {
            assert_eq!(mean_points([epsilon].into_iter(), 512), want, "ε = {epsilon}");
        }
    }
}
