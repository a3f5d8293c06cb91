//! p-values of numbers that are dear to compute.

use rayon::prelude::*;

use super::naming::naming;

/// Namings that are at least as extreme as the true one after which a test ends: p is then known well enough.
const ENOUGH: u64 = 20;
/// Namings that are tried at least.
const LEAST: u64 = 99;
/// Namings that are tried at a time.
const BATCH: u64 = 32;
/// Numbers that differ by less, relative to the true one, are equal: sums in another order round otherwise.
const ROUNDING: f64 = 1e-9;

/// How many namings of at most `most` are tried for a number that looks at `size` values in each, where `budget` may be
/// looked at: fewer of larger groups, at least 99, as a rule that no machine changes.
pub fn affordable(most: u64, size: usize, budget: usize) -> u64 {
    let within = [9_999, 4_999, 1_999, 999, 499, 199]
        .into_iter()
        .find(|&count| (count as usize).saturating_mul(size) <= budget);
    most.min(within.unwrap_or(LEAST))
}

/// What naming the models anew says of one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tested {
    /// The p-value.
    pub p: f64,
    /// Mean over the namings that were tried: what the number is where there is no difference. `None` where none of them
    /// has the number.
    pub expected: Option<f64>,
}

/// Tests numbers of `n` models per side, all of which grow with the difference between the sides: `statistic` gives them for
/// a naming, a permutation of 0..2n whose first n are called unlearned and which the positions of models follow. `None`
/// stands for a number that a naming doesn't have; it counts as extreme. At most `most` namings are tried.
///
/// After Besag and Clifford (1991, doi:10.1093/biomet/78.2.301): where the h = 20th naming as extreme as the true one is
/// the l-th, p = h / l; otherwise p = (1 + those) / (1 + `most`). Both are exact: P(p ≤ α) ≤ α. So nulls cost little, and
/// only what is extreme is tried to the end.
pub fn sequential<F>(observed: &[f64], n: usize, most: u64, seed: u64, statistic: F) -> Vec<Tested>
where
    F: Fn(&[u32]) -> Vec<Option<f64>> + Sync,
{
    let mut counts: Vec<Count> = observed.iter().map(|&observed| Count::new(observed)).collect();
    let mut tried = 0;
    while tried < most && (tried < LEAST || counts.iter().any(|count| count.extremes.ended.is_none())) {
        let end = most.min(tried + BATCH);
        let batch: Vec<Vec<Option<f64>>> =
            (tried..end).into_par_iter().map(|nth| statistic(&naming(n, seed, nth))).collect();
        for numbers in batch {
            tried += 1;
            for (count, number) in counts.iter_mut().zip(numbers) {
                count.add(number, tried);
            }
        }
    }
    counts.iter().map(|count| count.tested(tried)).collect()
}

/// The p-value of one number by the same rule, where nothing but it is asked for: `extreme` says of a naming whether the
/// number is at least as extreme as with the true names, with memory that it may reuse. Ends as soon as p is known.
pub(super) fn sequential_p<M>(
    n: usize,
    most: u64,
    seed: u64,
    memory: impl Fn() -> M + Sync,
    extreme: impl Fn(&mut M, &[u32]) -> bool + Sync,
) -> f64 {
    let mut count = Extremes::default();
    let mut tried = 0;
    while tried < most && count.ended.is_none() {
        let end = most.min(tried + BATCH);
        let batch = (tried..end).into_par_iter();
        let batch: Vec<bool> =
            batch.map_init(&memory, |memory, nth| extreme(memory, &naming(n, seed, nth))).collect();
        for extreme in batch {
            tried += 1;
            count.add(extreme, tried);
        }
    }
    count.p(tried)
}

/// How many namings were extreme.
#[derive(Default)]
struct Extremes {
    count: u64,
    /// The naming at which they were enough.
    ended: Option<u64>,
}

impl Extremes {
    fn add(&mut self, extreme: bool, nth: u64) {
        if extreme && self.ended.is_none() {
            self.count += 1;
            self.ended = (self.count == ENOUGH).then_some(nth);
        }
    }

    fn p(&self, tried: u64) -> f64 {
        match self.ended {
            Some(nth) => ENOUGH as f64 / nth as f64,
            None => (1 + self.count) as f64 / (1 + tried) as f64,
        }
    }
}

/// How often one number was extreme.
struct Count {
    observed: f64,
    extremes: Extremes,
    sum: f64,
    have: u64,
}

impl Count {
    fn new(observed: f64) -> Self {
        Self { observed, extremes: Extremes::default(), sum: 0.0, have: 0 }
    }

    fn add(&mut self, number: Option<f64>, nth: u64) {
        if let Some(number) = number {
            self.sum += number;
            self.have += 1;
        }
        let least = self.observed - ROUNDING * self.observed.abs();
        self.extremes.add(number.is_none_or(|number| number >= least), nth);
    }

    fn tested(&self, tried: u64) -> Tested {
        Tested { p: self.extremes.p(tried), expected: (self.have > 0).then(|| self.sum / self.have as f64) }
    }
}
