//! What exchangeability says of one point.

use super::{energy::Distances, naming::namings, pool::Pool, sequential::sequential, shift::Shift};
use crate::score::{
    ensemble::{Ensemble, Unlearned},
    incomparable::Incomparable,
    oracle::Oracle,
};

/// Fewest models per side that can be halved.
const HALVED: usize = 4;

/// p-values of one point against the oracle: how often models that can't be told from retrained ones look as different.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nulls {
    /// Of the omnibus test: the energy distance of the models' confidence vectors, each example in units of its standard
    /// deviation over all models.
    pub omnibus: f64,
    /// Of cross-fitted quality (as small), where N is large enough for one.
    pub quality: Option<f64>,
    /// Of the competition's score (as small), accuracies included; `None` where there is none.
    pub score: Option<f64>,
    /// The shift of the confidences; `None` where retrained models agree on every example.
    pub shift: Option<Shift>,
}

impl Nulls {
    /// Tests unlearned models against the oracle by at most `most` other namings.
    ///
    /// Score and cross-fitted quality are dear, so that of large groups fewer namings are tried for them, down to 99.
    pub fn of(
        unlearned: &Ensemble<Unlearned>,
        oracle: &Oracle,
        most: u64,
        seed: u64,
    ) -> Result<Self, Incomparable> {
        let pool = Pool::new(unlearned, oracle)?;
        let drawn = namings(pool.n, most, seed);
        let omnibus = Distances::new(&pool.rows()).p(&drawn);
        let size = pool.n * 2 * unlearned.examples();
        let truth: Vec<u32> = (0..2 * pool.n as u32).collect();
        let quality = (pool.n >= HALVED).then(|| {
            let entries = pool.entries();
            let quality = |naming: &[u32]| -pool.quality(naming, &entries);
            let most = affordable(most, size, QUALITY);
            sequential(&[quality(&truth)], pool.n, most, seed, |naming| vec![Some(quality(naming))])[0].p
        });
        let score = |naming: &[u32]| pool.score(naming).map(|score| -score);
        let score = score(&truth).map(|observed| {
            let most = affordable(most, size, SCORE);
            sequential(&[observed], pool.n, most, seed, |naming| vec![score(naming)])[0].p
        });
        Ok(Self { omnibus, quality, score, shift: Shift::of(unlearned, oracle, &drawn) })
    }
}

/// Confidences that may be looked at for a p-value of cross-fitted quality, all namings together.
const QUALITY: usize = 200_000_000;
/// The same for the score.
const SCORE: usize = 500_000;

/// How many namings of at most `most` are tried for a number that looks at `size` confidences in each: fewer of larger
/// groups, as a rule that no machine changes.
fn affordable(most: u64, size: usize, budget: usize) -> u64 {
    let within = [999, 499, 199].into_iter().find(|&count| count as usize * size <= budget);
    most.min(within.unwrap_or(99))
}
