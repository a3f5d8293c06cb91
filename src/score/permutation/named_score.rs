//! The competition's score under a naming.

use super::pool::Pool;
use crate::score::{
    epsilon::{Attacks, Cuts},
    forgetting_quality::worth,
    utility::Utility,
};

/// What all namings share: which thresholds there are.
pub(super) struct SharedCuts<'a> {
    pool: &'a Pool,
    /// \[S\].
    cuts: Vec<Cuts>,
}

impl<'a> SharedCuts<'a> {
    pub(super) fn new(pool: &'a Pool) -> Self {
        let cuts = |sorted: &[(f64, u32)]| Cuts::of(sorted.iter().map(|&(confidence, _)| confidence));
        Self { pool, cuts: pool.sorted.examples().map(cuts).collect() }
    }
}

/// Scores namings, with the memory that it reuses.
pub(super) struct NamedScore<'a> {
    thresholds: &'a SharedCuts<'a>,
    attacks: Attacks,
    /// Whether each model is called unlearned; \[2n\].
    chosen: Vec<bool>,
    /// Ascending confidences of those called unlearned and of the others.
    sides: [Vec<f64>; 2],
    /// How many of the first k sorted models are called unlearned; \[2n + 1\].
    counts: Vec<u32>,
}

impl<'a> NamedScore<'a> {
    pub(super) fn new(thresholds: &'a SharedCuts<'a>) -> Self {
        let n = thresholds.pool.n;
        Self {
            thresholds,
            attacks: Attacks::new(n),
            chosen: vec![false; 2 * n],
            sides: [0, 1].map(|_| Vec::with_capacity(n)),
            counts: Vec::with_capacity(2 * n + 1),
        }
    }

    /// The score under a naming; `None` where it has none.
    pub(super) fn score(&mut self, naming: &[u32]) -> Option<f64> {
        self.within(naming, f64::INFINITY).ok()?
    }

    /// Whether the score under a naming is at most this one. Where it has none, because no attack on an example has a
    /// defined ε, it counts as that if the examples before are not worth more: a rule like any other, which looks at no
    /// names.
    pub(super) fn is_at_most(&mut self, naming: &[u32], score: f64) -> bool {
        self.within(naming, score).is_ok()
    }

    /// The score if it is at most `most`, looking at no more examples than that takes: ε is never worth less than nothing.
    fn within(&mut self, naming: &[u32], most: f64) -> Result<Option<f64>, Exceeded> {
        let SharedCuts { pool, cuts } = self.thresholds;
        self.chosen.fill(false);
        naming[..pool.n].iter().for_each(|&model| self.chosen[model as usize] = true);
        let Some(utility) = self.utility() else { return Ok(None) };
        let examples = cuts.len() as f64;
        let mut points = 0.0;
        for (sorted, cuts) in pool.sorted.examples().zip(cuts) {
            self.part(sorted);
            let [unlearned, retrained] = &self.sides;
            let Some(epsilon) = self.attacks.strongest_named(unlearned, retrained, (cuts, &self.counts))
            else {
                return Ok(None);
            };
            points += worth(epsilon.value(), pool.n);
            if utility.weigh(points / examples) > most {
                return Err(Exceeded);
            }
        }
        Ok(Some(utility.weigh(points / examples)))
    }

    fn utility(&self) -> Option<Utility> {
        let models = &self.thresholds.pool.models;
        let side = |accuracies: &[f64], unlearned: bool| -> Vec<f64> {
            let named = accuracies.iter().zip(&self.chosen);
            named.filter(|&(_, &chosen)| chosen == unlearned).map(|(accuracy, _)| *accuracy).collect()
        };
        let [unlearned, retrained] = [true, false].map(|unlearned| {
            [models.retain_accuracies(), models.held_out_accuracies()].map(|it| side(it, unlearned))
        });
        Utility::from_accuracies([&unlearned[0], &unlearned[1]], [&retrained[0], &retrained[1]]).ok()
    }

    /// Divides the sorted models of an example by their names.
    fn part(&mut self, sorted: &[(f64, u32)]) {
        self.sides.iter_mut().for_each(Vec::clear);
        self.counts.clear();
        self.counts.push(0);
        for &(confidence, model) in sorted {
            let side = usize::from(!self.chosen[model as usize]);
            self.sides[side].push(confidence);
            self.counts.push(self.sides[0].len() as u32);
        }
    }
}

/// The score exceeds what was asked.
struct Exceeded;
