//! What exchangeability says of one point.

use super::{
    energy::Distances,
    halved::Halved,
    named_score::NamedScore,
    naming::namings,
    pool::Pool,
    sequential::{affordable, sequential_p},
    shift::Shift,
};
use crate::score::{
    crossfit::MIN_HALVED,
    ensemble::{Ensemble, Unlearned},
    incomparable::Incomparable,
    oracle::Oracle,
};

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
        let quality = (pool.n >= MIN_HALVED).then(|| {
            let observed = Halved::new(&pool).quality(&pool.truth());
            let most = affordable(most, size, QUALITY);
            let memory = || Halved::new(&pool);
            sequential_p(pool.n, most, seed, memory, |halved, naming| halved.is_at_most(naming, observed))
        });
        let score = NamedScore::new(&pool).score(&pool.truth()).map(|observed| {
            let (most, bound) = (affordable(most, size, SCORE), observed + ROUNDING * observed);
            let memory = || NamedScore::new(&pool);
            sequential_p(pool.n, most, seed, memory, |scored, naming| scored.is_at_most(naming, bound))
        });
        Ok(Self { omnibus, quality, score, shift: Shift::of(unlearned, oracle, &drawn) })
    }
}

/// Scores that differ by less, relative to the true one, are equal: accuracies in another order are summed otherwise.
const ROUNDING: f64 = 1e-9;

/// Confidences that may be looked at for a p-value of cross-fitted quality, all namings together.
const QUALITY: usize = 200_000_000;
/// The same for the score.
const SCORE: usize = 500_000;
