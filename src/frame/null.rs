//! What exact tests say of a point: could its models be retrained ones?

use polars::prelude::Column;

use super::{PointRow, decimals, score::Estimate, table::column};

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

/// The columns of the table of points.
pub(super) fn columns(points: &[PointRow]) -> Vec<Column> {
    let part = |name, pick: fn(&NullRow) -> Option<f64>| {
        let nulls = points.iter().map(|point| point.score.as_ref().ok()?.nulls.as_ref().and_then(pick));
        column(name, nulls.collect::<Vec<_>>())
    };
    vec![
        part("p", |row| Some(row.omnibus.p)),
        part("q", |row| row.omnibus.q),
        part("cross_fitted_p", |row| row.quality.map(|own| own.p)),
        part("cross_fitted_q", |row| row.quality?.q),
        part("score_p", |row| row.score.map(|own| own.p)),
        part("score_q", |row| row.score?.q),
        part("shift", |row| row.shift.map(|own| own.shift.value)),
        part("shift_low", |row| row.shift?.shift.interval.map(|ends| ends.low)),
        part("shift_high", |row| row.shift?.shift.interval.map(|ends| ends.high)),
        part("shift_found", |row| row.shift.map(|own| own.found)),
    ]
}
