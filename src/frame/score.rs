//! What a score, or its absence, looks like from here on: plain numbers and a reason.

use thiserror::Error;

use super::{components::SpreadRow, estimate::Estimate, null::NullRow, per_number::PerNumber};
use crate::score::median;

/// The score of a point, or why it has none.
pub type PointScore = Result<ScoreRow, Unscored>;

/// The score of one point and what it is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRow {
    /// Unlearned models compared with as many retrained ones (N).
    pub n: u64,
    /// ε of every forget example, in the order of `forget.csv`.
    pub epsilons: Vec<f64>,
    /// Forgetting quality, in \[0, 1\].
    pub forgetting_quality: Estimate,
    /// Mean retain accuracy, unlearned over retrained.
    pub retain_ratio: Estimate,
    /// Mean test (or validation) accuracy, unlearned over retrained.
    pub test_ratio: Estimate,
    /// Forgetting quality × both ratios.
    pub score: Estimate,
    /// Where the score lies between floor (0) and ceiling (1): our own number.
    pub normalised: Option<Estimate>,
    /// Our own estimator, where N is large enough.
    pub cross_fit: Option<CrossFitRow>,
    /// Exact tests against retraining, where they were carried out.
    pub nulls: Option<NullRow>,
    /// What originals and unlearning have of its spread, where there are several originals.
    pub components: Option<PerNumber<Option<SpreadRow>>>,
}

/// What attacks find that are chosen on one half of the models and measured on the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CrossFitRow {
    /// The error left to the attacker: 1 is guessing, 0 certainty. Unlike forgetting quality, its mean is 1 for perfect
    /// unlearning at any N.
    pub quality: Estimate,
    /// Share of the forget examples that are told apart beyond doubt (lower bound of ε above 0).
    pub told_apart: f64,
}

/// Why a point has no score.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Unscored {
    /// The oracle and the original are what scores compare with or start from.
    #[error("not scored: {0} runs are a reference")]
    Reference(&'static str),
    /// Some of its own runs have not finished.
    #[error("{have} of {want} runs finished; a score needs all of them")]
    Incomplete {
        /// Runs that finished.
        have: u64,
        /// Runs that were asked for.
        want: u64,
    },
    /// Too few retrained models are there.
    #[error("{have} of {want} retrained models of the oracle finished")]
    OracleIncomplete {
        /// Models that finished.
        have: u64,
        /// Models that are needed.
        want: u64,
    },
    /// The two ensembles can't be compared, for the reason that the score gives.
    #[error("{reason}")]
    Incomparable {
        /// The reason in words.
        reason: String,
    },
    /// What a run measured is gone or has changed since.
    #[error("{reason}")]
    Lost {
        /// The reason in words.
        reason: String,
    },
    /// It did not get beyond a stage of a staged sweep.
    #[error("dropped at N = {n}: {reason}")]
    Dropped {
        /// Models that it had.
        n: u64,
        /// The reason in words.
        reason: String,
    },
    /// All runs are there, but nobody computed the score.
    #[error("all runs finished, but no score was computed")]
    NotComputed,
    /// A part of the score is infinite or not a number.
    #[error("a part of the score is not finite")]
    NotFinite,
}

impl ScoreRow {
    /// Median of ε over the forget examples.
    pub fn epsilon_median(&self) -> Option<f64> {
        let mut sorted = self.epsilons.clone();
        sorted.sort_by(f64::total_cmp);
        (!sorted.is_empty()).then(|| median(&sorted))
    }

    pub(super) fn is_finite(&self) -> bool {
        let own = self.cross_fit.map(|row| row.quality);
        let estimates = [self.forgetting_quality, self.retain_ratio, self.test_ratio, self.score];
        self.epsilons.iter().all(|number| number.is_finite())
            && estimates.iter().chain(&self.normalised).chain(&own).all(Estimate::is_finite)
            && self.nulls.is_none_or(|row| row.is_finite())
    }
}
