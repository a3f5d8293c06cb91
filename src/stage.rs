//! Staged N: which points go on to more models.
//!
//! A staged sweep gives every point a few models first, and more to those only that can still be the best: successive
//! halving (Jamieson and Talwalkar 2016, <https://arxiv.org/abs/1502.07943>), except that what is dropped is decided by
//! intervals, not by a fixed share. All points of a stage are scored at the same N; scores of different stages are never
//! compared. Pure: it knows scores and their differences, no runs and no files.

use crate::score::Difference;

/// What becomes of a point after a stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// It leads.
    Leads,
    /// It can't be told from the leader.
    Open,
    /// The leader's lead over it is clear.
    Behind {
        /// Position of the leader among the candidates.
        leader: usize,
        /// The lower end of the lead's interval; above 0.
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

/// Judges the candidates of a stage by their scores, all at the same N; in their order. The first of equal leaders leads.
///
/// `lead` gives the paired difference of two scores with its 95 % interval, by their positions. A candidate is behind where
/// that of the leader's score less its own lies above 0.
pub fn judge(scores: &[Option<f64>], lead: impl Fn(usize, usize) -> Option<Difference>) -> Vec<Verdict> {
    let scored = scores.iter().enumerate().filter_map(|(nth, score)| score.map(|it| (nth, it)));
    let leader = scored.reduce(|best, next| if next.1 > best.1 { next } else { best });
    let verdict = |(nth, score): (usize, &Option<f64>)| match (score, leader) {
        (Some(_), Some((leader, _))) if nth == leader => Verdict::Leads,
        (Some(_), Some((leader, _))) => match lead(leader, nth) {
            Some(lead) if lead.interval.low > 0.0 => Verdict::Behind { leader, by: lead.interval.low },
            _ => Verdict::Open,
        },
        (None, _) | (_, None) => Verdict::Unscored,
    };
    scores.iter().enumerate().map(verdict).collect()
}

#[cfg(test)]
mod tests;
