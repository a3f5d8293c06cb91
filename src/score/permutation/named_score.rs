//! The competition's score under a naming.

use super::pool::Pool;
use crate::score::{
    epsilon::{Attacks, Example, count_among},
    forgetting_quality::worth,
    utility::Utility,
};

/// Scores namings, with the memory that it reuses.
pub(super) struct NamedScore<'a> {
    pool: &'a Pool,
    attacks: Attacks,
    /// Whether each model is called unlearned; \[2n\].
    chosen: Vec<bool>,
    /// How many of the first k sorted models are called unlearned, and how many are not; \[2n + 1\].
    among: [Vec<u32>; 2],
}

impl<'a> NamedScore<'a> {
    pub(super) fn new(pool: &'a Pool) -> Self {
        let n = pool.n;
        let among = [0, 1].map(|_| Vec::with_capacity(2 * n + 1));
        Self { pool, attacks: Attacks::new(n), chosen: vec![false; 2 * n], among }
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
        let pool = self.pool;
        self.chosen.fill(false);
        naming[..pool.n].iter().for_each(|&model| self.chosen[model as usize] = true);
        let Some(utility) = self.utility() else { return Ok(None) };
        let examples = pool.models.examples() as f64;
        let mut points = 0.0;
        for sorted in pool.sorted.examples() {
            self.part(sorted);
            // Namings are many and each is looked at once, so what thresholds cut out is not kept.
            let mut example = Example::new(sorted.iter().map(|&(confidence, _)| confidence).collect());
            let [unlearned, retrained] = &self.among;
            let Some(epsilon) = self.attacks.strongest(&mut example, (unlearned, retrained)) else {
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
        let models = &self.pool.models;
        let side = |accuracies: &[f64], unlearned: bool| -> Vec<f64> {
            let named = accuracies.iter().zip(&self.chosen);
            named.filter(|&(_, &chosen)| chosen == unlearned).map(|(accuracy, _)| *accuracy).collect()
        };
        let [unlearned, retrained] = [true, false].map(|unlearned| {
            [models.retain_accuracies(), models.held_out_accuracies()].map(|it| side(it, unlearned))
        });
        Utility::from_accuracies([&unlearned[0], &unlearned[1]], [&retrained[0], &retrained[1]]).ok()
    }

    /// Counts the sorted models of an example by their names.
    fn part(&mut self, sorted: &[(f64, u32)]) {
        let Self { chosen, among, .. } = self;
        for (side, among) in among.iter_mut().enumerate() {
            let is_of_side = |&(_, model): &(f64, u32)| u32::from(chosen[model as usize] == (side == 0));
            count_among(among, sorted.iter().map(is_of_side));
        }
    }
}

/// The score exceeds what was asked.
struct Exceeded;
