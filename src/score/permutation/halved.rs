//! Cross-fitted quality under a naming.
//!
//! It is [`CrossFit`](crate::score::CrossFit)'s, in whole numbers: all models of a half weigh the same, so advantages are
//! counts, and one pass over the sorted confidences chooses an attack and measures it on the other half.

use super::pool::Pool;

/// Advantages that differ by less are equal: the true one was rounded.
const ROUNDING: f64 = 1e-9;

/// Cross-fitted quality of any naming, with the memory that it reuses.
pub(super) struct Halved<'a> {
    pool: &'a Pool,
    /// For each half, what each model adds to an attack that takes it for unlearned: 1, −1, or 0 in the other half.
    weights: [Vec<i32>; 2],
    /// For each half, sums of that over the sorted models of an example; \[2n + 1\].
    sums: [Vec<i32>; 2],
}

impl<'a> Halved<'a> {
    pub(super) fn new(pool: &'a Pool) -> Self {
        let models = 2 * pool.n;
        Self { pool, weights: [0, 1].map(|_| vec![0; models]), sums: [0, 1].map(|_| vec![0; models + 1]) }
    }

    /// The quality under a naming, which also says who is in which half: places 0, 2, 4 … of each side against 1, 3, 5 ….
    pub(super) fn quality(&mut self, naming: &[u32]) -> f64 {
        1.0 - self.advantage(naming, f64::NEG_INFINITY).unwrap_or(f64::NEG_INFINITY)
    }

    /// Whether the quality under a naming is at most this one.
    pub(super) fn is_at_most(&mut self, naming: &[u32], quality: f64) -> bool {
        self.advantage(naming, 1.0 - quality - ROUNDING).is_some()
    }

    /// The mean advantage if it is at least `least`.
    fn advantage(&mut self, naming: &[u32], least: f64) -> Option<f64> {
        self.name(naming);
        let n = self.pool.n;
        // Models of each side in each half.
        let sizes = [n.div_ceil(2), n / 2].map(|size| size as f64);
        let examples = self.pool.models.examples();
        let mut advantage = 0.0;
        for (example, sorted) in self.pool.sorted.examples().enumerate() {
            self.sum(sorted);
            for test in [0, 1] {
                let caught = strongest(sorted, &self.weights[1 - test], &self.sums[test]);
                advantage += f64::from(caught) / sizes[test];
            }
            // No example that is left can add more than an attack without error.
            let left = 2.0 * (examples - 1 - example) as f64;
            if advantage + left < least * 2.0 * examples as f64 {
                return None;
            }
        }
        Some(advantage / (2.0 * examples as f64))
    }

    fn name(&mut self, naming: &[u32]) {
        let (unlearned, retrained) = naming.split_at(self.pool.n);
        for (side, weight) in [(unlearned, 1), (retrained, -1)] {
            for (place, &model) in side.iter().enumerate() {
                self.weights[place % 2][model as usize] = weight;
                self.weights[1 - place % 2][model as usize] = 0;
            }
        }
    }

    fn sum(&mut self, sorted: &[(f64, u32)]) {
        for (sums, weights) in self.sums.iter_mut().zip(&self.weights) {
            let mut sum = 0;
            for (&(_, model), next) in sorted.iter().zip(&mut sums[1..]) {
                sum += weights[model as usize];
                *next = sum;
            }
        }
    }
}

/// What the attack with the largest advantage on the models that have a weight, the first of equals, catches more than it
/// accuses wrongly of the models that `sums` counts.
///
/// As `Attack::strongest` has it: the best stretch of sorted models, within or beyond which unlearned ones are expected.
fn strongest(sorted: &[(f64, u32)], weights: &[i32], sums: &[i32]) -> i32 {
    let mut best = (i32::MIN, 0);
    let (mut inside, mut outside) = ((0, 0), (0, 0));
    // Sum of the measured models up to the last end between two chosen ones, that end excluded.
    let mut before = 0;
    let mut kept = (0..sorted.len()).filter(|&place| weights[sorted[place].1 as usize] != 0).peekable();
    while let Some(first) = kept.next() {
        let mut weight = weights[sorted[first].1 as usize];
        let mut last = first;
        while let Some(tied) = kept.next_if(|&place| sorted[place].0 <= sorted[first].0) {
            weight += weights[sorted[tied].1 as usize];
            last = tied;
        }
        let (up_to, next_before) = match kept.peek() {
            Some(&next) => between(sorted, last, f64::midpoint(sorted[first].0, sorted[next].0), sums),
            None => (sums[sorted.len()], 0),
        };
        for (stretch, sign) in [(&mut inside, 1), (&mut outside, -1)] {
            let (advantage, from): &mut (i32, i32) = stretch;
            if *advantage <= 0 {
                (*advantage, *from) = (0, before);
            }
            *advantage += sign * weight;
            if *advantage > best.0 {
                best = (*advantage, sign * (up_to - *from));
            }
        }
        before = next_before;
    }
    best.1
}

/// Sums over the models up to an end behind the one at `last`, and over those below it.
fn between(sorted: &[(f64, u32)], last: usize, end: f64, sums: &[i32]) -> (i32, i32) {
    let mut up_to = last + 1;
    while sorted.get(up_to).is_some_and(|entry| entry.0 <= end) {
        up_to += 1;
    }
    let mut below = up_to;
    while below > 0 && sorted[below - 1].0 >= end {
        below -= 1;
    }
    (sums[up_to], sums[below])
}
