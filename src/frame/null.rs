//! What exact tests say of a point: could its models be retrained ones?

use super::estimate::{Estimate, decimals};

/// A p-value under "unlearned = retrained", and its q-value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tested {
    /// How often models that can't be told from retrained ones look as different.
    pub p: f64,
    /// Share of false discoveries among the points that are called different up to this one (Benjamini and Hochberg);
    /// `None` for floor and ceiling, which are no part of the family.
    pub q: Option<f64>,
}

/// Exact tests of one point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NullRow {
    /// The omnibus test: all forget examples at once.
    pub omnibus: Tested,
    /// Of cross-fitted quality, where N is large enough for one.
    pub quality: Option<Tested>,
    /// Of the competition's score.
    pub score: Option<Tested>,
    /// How far the confidences lie from retrained models'.
    pub shift: Option<ShiftRow>,
}

/// The common shift of the confidences in standard deviations of the retrained models'.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShiftRow {
    /// The shift, with all shifts that the data allow.
    pub shift: Estimate,
    /// The smallest that as many models find in 80 % of the experiments.
    pub found: f64,
}

impl NullRow {
    /// Kinds of tests.
    pub const TESTS: usize = 3;

    /// The tests that were carried out: omnibus, cross-fitted quality, score.
    pub fn tests_mut(&mut self) -> [Option<&mut Tested>; Self::TESTS] {
        [Some(&mut self.omnibus), self.quality.as_mut(), self.score.as_mut()]
    }

    /// Whether every number is finite.
    pub(super) fn is_finite(&self) -> bool {
        self.shift.is_none_or(|row| row.shift.is_finite() && row.found.is_finite())
    }
}

impl std::fmt::Display for Tested {
    /// `0.001 (0.004)`: p, and q where there is one.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&decimals(self.p))?;
        self.q.map_or(Ok(()), |q| write!(formatter, " ({})", decimals(q)))
    }
}
