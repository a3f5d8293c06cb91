//! The stages of a staged sweep as rows.

use super::estimate::Estimate;

/// One stage.
#[derive(Debug, Clone, PartialEq)]
pub struct StageRow {
    /// Models per point at its end.
    pub n: u64,
    /// Whether all its runs have ended and it was decided who goes on; the last stage decides nothing.
    pub decided: bool,
    /// The points that entered it, in the order of the grid.
    pub entrants: Vec<Entrant>,
}

/// A point in a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Entrant {
    /// Position of the point.
    pub point: usize,
    /// Its score at the N of the stage, where it has one and the stage is decided.
    pub score: Option<Estimate>,
    /// Why it does not go on; nothing for a point that does.
    pub left: Option<String>,
}
