//! Staged N: which points go on to more models.
//!
//! A staged sweep gives every point a few models first, and more to those only that can still be the best: successive
//! halving (Jamieson and Talwalkar 2016, <https://arxiv.org/abs/1502.07943>), except that what is dropped is decided by
//! tests, not by a fixed share. What is looked for is [quality × utility](crate::score::Objective), whose order at a few
//! models is that at many; a point is dropped only when it is behind at 5 % over all pairs and looks. Points of a stage are
//! compared at the same N, those of different stages never. Pure: it knows numbers and their differences, no runs and no
//! files.

use std::collections::BTreeMap;

use sweep_chance::Chance;

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

/// Chance that the best point of any contest is ever dropped.
pub const ERROR: f64 = 0.05;

/// The chance of error of one comparison: the best point of a contest is compared with each of the others at every stage but the
/// last (Bonferroni). `rivals`: all points less one for each contest.
pub fn error_of_one(rivals: usize, stages: usize) -> f64 {
    let looks = stages.saturating_sub(1).max(1);
    ERROR / (rivals.max(1) * looks) as f64
}

/// One dropped point in so many goes on all the same.
const SENTINELS: u64 = 8;

/// Whether a point is a sentinel: it goes on to the end even where it is dropped, so that the report can say how often
/// dropping was wrong. Decided by its name alone, so before anything is known of it.
pub fn is_sentinel(point: &str) -> bool {
    Chance::of_purpose("sweep sentinel", &[point.as_bytes()]).below(SENTINELS) == 0
}

/// The best candidate of every contest, of equal ones the first: its position by contest. `candidates` are contests and numbers.
pub fn leaders<C: Ord>(candidates: impl IntoIterator<Item = (C, Option<f64>)>) -> BTreeMap<C, (usize, f64)> {
    let mut leaders = BTreeMap::new();
    for (nth, (contest, score)) in candidates.into_iter().enumerate() {
        let Some(score) = score else { continue };
        let leader = leaders.entry(contest).or_insert((nth, score));
        if score > leader.1 {
            *leader = (nth, score);
        }
    }
    leaders
}

/// Judges the candidates of a stage by their numbers, all at the same N; in their order. Each is compared with the leader of its
/// contest.
///
/// `lead` gives the paired difference of two numbers with its interval, by their positions. A candidate is behind where
/// that of the leader's less its own lies above 0.
pub fn judge<C: Ord + Copy>(
    candidates: &[(C, Option<f64>)],
    lead: impl Fn(usize, usize) -> Option<Difference>,
) -> Vec<Verdict> {
    let leaders = leaders(candidates.iter().copied());
    let verdict = |(nth, (contest, score)): (usize, &(C, Option<f64>))| match (score, leaders.get(contest)) {
        (Some(_), Some(&(leader, _))) if nth == leader => Verdict::Leads,
        (Some(_), Some(&(leader, _))) => match lead(leader, nth) {
            Some(lead) if lead.interval.low > 0.0 => Verdict::Behind { leader, by: lead.interval.low },
            _ => Verdict::Open,
        },
        (None, _) | (_, None) => Verdict::Unscored,
    };
    candidates.iter().enumerate().map(verdict).collect()
}

#[cfg(test)]
mod tests;
