//! Staged N: which points go on to more models.
//!
//! A staged sweep gives every point a few models first, and more to those only that can still be the best: successive
//! halving (Jamieson and Talwalkar 2016, <https://arxiv.org/abs/1502.07943>), except that what is dropped is decided by
//! intervals, not by a fixed share. All points of a stage are scored at the same N; scores of different stages are never
//! compared. Pure: it knows scores with their ends, no runs and no files.

/// The score of a point at the N of a stage, with both ends of its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Lower end.
    pub low: f64,
    /// The score.
    pub value: f64,
    /// Upper end.
    pub high: f64,
}

/// What becomes of a point after a stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// It leads.
    Leads,
    /// It can't be told from the leader.
    Open,
    /// Its whole interval lies below the leader's.
    Behind {
        /// Position of the leader among the candidates.
        leader: usize,
        /// From its upper end to the leader's lower one; above 0.
        by: f64,
    },
    /// It has no score.
    Unscored,
}

impl Verdict {
    /// Whether the point goes on.
    pub fn goes_on(self) -> bool {
        matches!(self, Self::Leads | Self::Open)
    }
}

/// Judges the candidates of a stage, all scored at the same N; in their order. The first of equal leaders leads.
///
/// Two intervals of 95 % that don't touch are more than a difference at 95 %. It has to be more: the leader is the largest
/// of many noisy scores, and a point that is dropped never comes back.
pub fn judge(candidates: &[Option<Bounds>]) -> Vec<Verdict> {
    let scored = candidates.iter().enumerate().filter_map(|(nth, bounds)| bounds.map(|it| (nth, it)));
    let leader = scored.reduce(|best, next| if next.1.value > best.1.value { next } else { best });
    let verdict = |(nth, bounds): (usize, &Option<Bounds>)| match (bounds, leader) {
        (Some(_), Some((leader, _))) if nth == leader => Verdict::Leads,
        (Some(bounds), Some((leader, best))) => {
            let by = best.low - bounds.high;
            if by > 0.0 { Verdict::Behind { leader, by } } else { Verdict::Open }
        }
        (None, _) | (_, None) => Verdict::Unscored,
    };
    candidates.iter().enumerate().map(verdict).collect()
}

#[cfg(test)]
mod tests;
