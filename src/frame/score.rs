//! What a score, or its absence, looks like from here on: plain numbers and a reason.

use std::fmt;

use thiserror::Error;

use super::null::NullRow;
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

/// A number with its 95 % bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its interval, where one could be computed.
    pub interval: Option<Interval>,
}

/// Both ends of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A mean over the runs of a point with half its 95 % interval (Student's t).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Half the interval's width; a single run has none.
    pub half_width: Option<f64>,
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

impl Estimate {
    /// Both ends of the interval; the number itself twice where there is none.
    pub fn ends(&self) -> (f64, f64) {
        self.interval.map_or((self.value, self.value), |interval| (interval.low, interval.high))
    }

    /// The number and its interval with the other sign.
    pub(super) fn negated(&self) -> Self {
        let turned = |ends: Interval| Interval { low: -ends.high, high: -ends.low };
        Self { value: -self.value, interval: self.interval.map(turned) }
    }

    pub(super) fn is_finite(&self) -> bool {
        let (low, high) = self.ends();
        self.value.is_finite() && low.is_finite() && high.is_finite()
    }
}

impl Mean {
    /// Both ends of the interval; the mean itself twice where there is none.
    pub fn ends(&self) -> (f64, f64) {
        let half = self.half_width.unwrap_or(0.0);
        (self.value - half, self.value + half)
    }

    /// The mean of fractions as percent: `96.4 ± 0.3`.
    pub fn percent(&self) -> String {
        let value = self.value * 100.0;
        self.half_width
            .map_or_else(|| format!("{value:.1}"), |half| format!("{value:.1} ± {:.1}", half * 100.0))
    }
}

/// A score or forgetting quality as text: three decimals, four below 0.01, and never 0 where it isn't.
pub fn decimals(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if size >= 0.00995 {
        format!("{value:.3}")
    } else if size >= 0.00005 {
        format!("{value:.4}")
    } else {
        format!("{value:.0e}")
    }
}

impl fmt::Display for Estimate {
    /// `0.083 [0.071, 0.098]`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&decimals(self.value))?;
        match self.interval {
            Some(Interval { low, high }) => write!(formatter, " [{}, {}]", decimals(low), decimals(high)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Estimate, Interval, Mean, decimals};

    #[test]
    fn numbers_are_short_and_never_falsely_zero() {
        let texts =
            [(0.0, "0"), (0.1984, "0.198"), (0.00996, "0.010"), (0.0042, "0.0042"), (0.00003, "3e-5")];
        for (value, text) in texts {
            assert_eq!(decimals(value), text);
        }
    }

    #[test]
    fn estimates_and_means_show_what_interval_they_have() {
        let interval = Some(Interval { low: 0.0711, high: 0.0984 });
        assert_eq!(Estimate { value: 0.083, interval }.to_string(), "0.083 [0.071, 0.098]");
        assert_eq!(Estimate { value: 0.083, interval: None }.to_string(), "0.083");
        assert_eq!(Mean { value: 0.964, half_width: Some(0.0031) }.percent(), "96.4 ± 0.3");
        assert_eq!(Mean { value: 0.964, half_width: None }.percent(), "96.4");
    }
}
