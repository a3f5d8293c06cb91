//! What fresh seeds have left of the best points' numbers, as rows.

use super::{Estimate, Frame, PointRow};

/// A point that was carried out once more, on fresh seeds, and compared with the held-out group. Cross-fitted quality × utility
/// has one order at every N, so what was found and what is left are compared in it, at the same number of models.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfirmationRow {
    /// Position of the point that the search has found.
    pub point: usize,
    /// Position of the same point with fresh seeds, whose row has the confirmed score.
    pub fresh: usize,
    /// Models of either that quality × utility was measured on.
    pub n: u64,
    /// Quality × utility that the search found, against the oracle.
    pub searched: Option<Estimate>,
    /// The same of the fresh models, against the held-out group; nothing before all of them are there.
    pub confirmed: Option<Estimate>,
    /// The first less the second: what the choice owes to luck.
    pub optimism: Option<Estimate>,
}

impl Frame {
    /// The confirmed points with a score, best first.
    pub fn confirmed(&self) -> Vec<(&ConfirmationRow, &PointRow)> {
        let scored = self.confirmations.iter().map(|row| (row, &self.points[row.fresh]));
        let mut scored: Vec<_> =
            scored.filter(|(row, point)| row.confirmed.is_some() && point.score.is_ok()).collect();
        let value = |row: &ConfirmationRow| row.confirmed.map_or(0.0, |confirmed| confirmed.value);
        scored.sort_by(|(one, _), (other, _)| value(other).total_cmp(&value(one)));
        scored
    }
}
