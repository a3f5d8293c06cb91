//! The stages of a staged sweep as rows.

/// One stage.
#[derive(Debug, Clone, PartialEq)]
pub struct StageRow {
    /// Models per point at its end.
    pub n: u64,
    /// Whether all its runs have ended and it was decided who goes on; the last stage decides nothing.
    pub decided: bool,
    /// The points that entered it, in the order of the grid.
    pub entrants: Vec<Entrant>,
    /// What became of the points that were dropped before and went on all the same.
    pub sentinels: Vec<Sentinel>,
    /// The winner of every contest, the entrant with the largest quality × utility, once all is there: positions of points.
    pub leaders: Vec<usize>,
}

/// A point that was dropped and went on to the last stage all the same, because its name was drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sentinel {
    /// Position of the point.
    pub point: usize,
    /// Its cross-fitted quality × utility at the end, once all is there.
    pub objective: Option<f64>,
    /// Whether that is larger than the winner's of its contest, once both are known.
    pub wins: Option<bool>,
}

/// A point in a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Entrant {
    /// Position of the point.
    pub point: usize,
    /// Its cross-fitted quality × utility at the N of the stage, where it has one and all runs of the stage have ended.
    pub objective: Option<f64>,
    /// Why it does not go on; nothing for a point that does.
    pub left: Option<String>,
}
