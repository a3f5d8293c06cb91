//! What originals and unlearning have of the spread of a point's models, as rows.

use super::estimate::Estimate;

/// The spread of one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpreadRow {
    /// Standard deviation between originals: of what models owe to the one that they were unlearned from.
    pub between: Estimate,
    /// Standard deviation of unlearning, within an original.
    pub within: Estimate,
    /// Standard deviation of as many retrained models; a single one has none.
    pub oracle: Option<f64>,
}

impl SpreadRow {
    pub(crate) fn is_finite(&self) -> bool {
        self.between.is_finite() && self.within.is_finite() && self.oracle.is_none_or(f64::is_finite)
    }
}
