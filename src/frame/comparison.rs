//! What the scores of several points say together: which differences are real, and what choosing the best of many is worth.

use std::collections::BTreeMap;

use super::{Frame, PointRow, estimate::Estimate};

/// What was found by comparing points with one another; points go by their position.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Comparisons {
    /// Score of the first less that of the second, for every pair of scored points in the order of the grid, with the
    /// interval of the paired difference.
    pub differences: BTreeMap<(usize, usize), Estimate>,
    /// What each label's best point scores against the group of retrained models that it was not chosen on.
    pub selections: Vec<Selection>,
}

/// The best of several points of one label, chosen against one group of retrained models and reported against another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Selection {
    /// The chosen point.
    pub point: usize,
    /// Points that it was chosen from.
    pub candidates: u64,
    /// Its score against the oracle, on which it was chosen: too high by what the choice is worth.
    pub chosen_on: f64,
    /// Its score against the held-out group, which had no say.
    pub reported_on: f64,
}

/// How two points stand to one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The interval of the difference lies above 0.
    Ahead,
    /// It holds 0, or there is none: a tie.
    Tied,
    /// It lies below 0.
    Behind,
}

/// The ranks that a point may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranks {
    /// One more than the points that are clearly ahead.
    pub best: usize,
    /// As many as take part, less those that are clearly behind.
    pub worst: usize,
}

impl std::fmt::Display for Ranks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { best, worst } = self;
        if best == worst { write!(formatter, "{best}") } else { write!(formatter, "{best}–{worst}") }
    }
}

impl Comparisons {
    /// The score of one point less that of another, where it was computed.
    pub fn difference(&self, one: usize, other: usize) -> Option<Estimate> {
        let turned = || self.differences.get(&(other, one)).map(Estimate::negated);
        self.differences.get(&(one, other)).copied().or_else(turned)
    }

    /// How one point stands to another.
    pub fn standing(&self, one: usize, other: usize) -> Standing {
        match self.difference(one, other).and_then(|difference| difference.interval) {
            Some(interval) if interval.low > 0.0 => Standing::Ahead,
            Some(interval) if interval.high < 0.0 => Standing::Behind,
            _ => Standing::Tied,
        }
    }
}

impl Frame {
    /// Adds what comparing the points found, and who is ranked where by it.
    #[must_use]
    pub fn with_comparisons(mut self, comparisons: Comparisons) -> Self {
        self.comparisons = comparisons;
        self.ranks = self.ranked();
        self
    }

    /// The ranks that a point may have; `None` for one that is not ranked (floor, ceiling, oracle) or has no score, or
    /// where nothing was compared.
    pub fn ranks(&self, point: &PointRow) -> Option<Ranks> {
        self.ranks.get(&point.position).copied()
    }

    /// The ranks of all points that have some, by their position.
    pub fn ranks_of_all(&self) -> &BTreeMap<usize, Ranks> {
        &self.ranks
    }

    /// One walk over the differences, since a sweep may have ten thousand points.
    fn ranked(&self) -> BTreeMap<usize, Ranks> {
        let ranking = self.ranking();
        if self.comparisons.differences.is_empty() && ranking.len() != 1 {
            return BTreeMap::new();
        }
        let all = Ranks { best: 1, worst: ranking.len() };
        let mut ranks: BTreeMap<usize, Ranks> =
            ranking.iter().map(|(point, _)| (point.position, all)).collect();
        for (one, other) in self.comparisons.differences.keys() {
            if !(ranks.contains_key(one) && ranks.contains_key(other)) {
                continue;
            }
            let (ahead, behind) = match self.comparisons.standing(*one, *other) {
                Standing::Ahead => (one, other),
                Standing::Behind => (other, one),
                Standing::Tied => continue,
            };
            ranks.entry(*ahead).and_modify(|own| own.worst -= 1);
            ranks.entry(*behind).and_modify(|own| own.best += 1);
        }
        ranks
    }

    /// Mean time of one run as a share of the mean time of a retraining, both from this sweep's results.
    pub fn share_of_retraining(&self, point: &PointRow) -> Option<f64> {
        let retraining = self.point_with(crate::plan::Role::Oracle)?.means.unlearn_s?;
        Some(point.means.unlearn_s? / retraining).filter(|share| share.is_finite())
    }

    /// The same in passes over the retain set, which no machine and no other load changes.
    pub fn share_of_passes(&self, point: &PointRow) -> Option<f64> {
        let retraining = self.point_with(crate::plan::Role::Oracle)?.passes;
        Some(point.passes / retraining).filter(|share| share.is_finite())
    }
}
