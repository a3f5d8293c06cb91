//! What the scores of several points say together: which differences are real, and what choosing the best of many is worth.

use std::collections::BTreeMap;

use super::{Frame, PointRow, ScoreRow, estimate::Estimate};

/// Share of false discoveries that is put up with.
const FALSE_DISCOVERIES: f64 = 0.05;

/// What was found by comparing points with one another; points go by their position.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Comparisons {
    /// Score of the first less that of the second, for every pair of scored points in the order of the grid that was
    /// compared.
    pub differences: BTreeMap<(usize, usize), Paired>,
    /// Where there are too many pairs: how many of the best each point was compared with, beside ceiling, floor and the
    /// defaults of its method. None where every pair was.
    pub only_with_best: Option<usize>,
    /// What each label's best point scores against the group of retrained models that it was not chosen on.
    pub selections: Vec<Selection>,
}

/// The difference of two scores whose replicates were drawn alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paired {
    /// The difference with its interval.
    pub difference: Estimate,
    /// The two-sided p-value that goes with the interval: how often equal points differ so much.
    pub p: f64,
    /// Share of false discoveries among the pairs that are called different up to this one (Benjamini and Hochberg), over all
    /// pairs that were compared.
    pub q: f64,
}

/// How many pairs of ranked points differ, each taken by itself and all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldApart {
    /// Pairs that were compared.
    pub pairs: usize,
    /// Those whose interval leaves 0 out, each taken by itself.
    pub apart: usize,
    /// Those that may be called so when at most 5 % of what is called so may be false.
    pub discovered: usize,
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
    /// Its score is the larger one, and the difference is real: at most 5 % of all that are called so are expected to be none.
    Ahead,
    /// The difference may be chance, or nothing is known of it.
    Tied,
    /// Its score is the smaller one, and the difference is real.
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
    pub fn difference(&self, one: usize, other: usize) -> Option<Paired> {
        let turned = || {
            let paired = self.differences.get(&(other, one))?;
            Some(Paired { difference: paired.difference.negated(), ..*paired })
        };
        self.differences.get(&(one, other)).copied().or_else(turned)
    }

    /// How one point stands to another.
    pub fn standing(&self, one: usize, other: usize) -> Standing {
        self.difference(one, other).map_or(Standing::Tied, Paired::standing)
    }
}

impl Paired {
    /// Whether the difference is real when all pairs that were compared are taken together.
    pub fn is_real(self) -> bool {
        self.q <= FALSE_DISCOVERIES
    }

    /// Whether the interval leaves 0 out, so that the difference would be real were it the only one.
    fn is_apart_by_itself(self) -> bool {
        self.difference.interval.is_some_and(|ends| ends.low > 0.0 || ends.high < 0.0)
    }

    /// How the first point stands to the second.
    fn standing(self) -> Standing {
        match (self.is_real(), self.difference.value) {
            (true, value) if value > 0.0 => Standing::Ahead,
            (true, value) if value < 0.0 => Standing::Behind,
            _ => Standing::Tied,
        }
    }
}

/// The separate 95 % intervals of the scores.
struct Separate {
    /// Both ends, by position.
    ends: BTreeMap<usize, (f64, f64)>,
    /// Lower and upper ends, ascending.
    lows: Vec<f64>,
    highs: Vec<f64>,
}

impl Separate {
    fn of(ranking: &[(&PointRow, &ScoreRow)]) -> Self {
        let ends: BTreeMap<usize, (f64, f64)> =
            ranking.iter().map(|(point, row)| (point.position, row.score.ends())).collect();
        let ascending = |pick: fn(&(f64, f64)) -> f64| {
            let mut picked: Vec<f64> = ends.values().map(pick).collect();
            picked.sort_by(f64::total_cmp);
            picked
        };
        let (lows, highs) = (ascending(|ends| ends.0), ascending(|ends| ends.1));
        Self { ends, lows, highs }
    }

    /// Points whose whole interval lies above that of a point, and below it.
    fn around(&self, position: usize) -> [usize; 2] {
        let (low, high) = self.ends[&position];
        let above = self.lows.len() - self.lows.partition_point(|other| *other <= high);
        [above, self.highs.partition_point(|other| *other < low)]
    }

    /// Who is ahead of whom, where the intervals don't touch.
    fn apart(&self, one: usize, other: usize) -> Option<(usize, usize)> {
        let (ours, theirs) = (self.ends[&one], self.ends[&other]);
        if ours.0 > theirs.1 { Some((one, other)) } else { (theirs.0 > ours.1).then_some((other, one)) }
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

    /// How many pairs of ranked points were told apart.
    pub fn told_apart(&self) -> ToldApart {
        let ranked = |position: &usize| self.ranks.contains_key(position);
        let mut told = ToldApart { pairs: 0, apart: 0, discovered: 0 };
        for ((one, other), paired) in &self.comparisons.differences {
            if ranked(one) && ranked(other) {
                told.pairs += 1;
                told.apart += usize::from(paired.is_apart_by_itself());
                told.discovered += usize::from(paired.is_real());
            }
        }
        told
    }

    /// One walk over the differences, since a sweep may have ten thousand points. Where not every pair was compared, the others
    /// are told apart by their separate intervals, if these don't touch: replicates are drawn alike, so that a paired difference
    /// is known better than that, and ranks come out too wide rather than too narrow.
    fn ranked(&self) -> BTreeMap<usize, Ranks> {
        let ranking = self.ranking();
        if self.comparisons.differences.is_empty() && ranking.len() != 1 {
            return BTreeMap::new();
        }
        let separate = self.comparisons.only_with_best.map(|_| Separate::of(&ranking));
        let all = |position: usize| {
            let [ahead, behind] = separate.as_ref().map_or([0, 0], |own| own.around(position));
            (position, Ranks { best: 1 + ahead, worst: ranking.len() - behind })
        };
        let mut ranks: BTreeMap<usize, Ranks> =
            ranking.iter().map(|(point, _)| all(point.position)).collect();
        for ((one, other), paired) in &self.comparisons.differences {
            if !(ranks.contains_key(one) && ranks.contains_key(other)) {
                continue;
            }
            if let Some((ahead, behind)) = separate.as_ref().and_then(|own| own.apart(*one, *other)) {
                // The paired difference says it better.
                ranks.entry(ahead).and_modify(|own| own.worst += 1);
                ranks.entry(behind).and_modify(|own| own.best -= 1);
            }
            let (ahead, behind) = match paired.standing() {
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

#[cfg(test)]
mod tests {
    use super::{Comparisons, Paired, Ranks, ToldApart};
    use crate::frame::{Estimate, Frame, Interval, sample::Sample};

    /// Points whose scores are 0.1, 0.2 and so on, each known to ±0.12.
    fn frame(points: usize, comparisons: Comparisons) -> Frame {
        let mut sample = Sample::finished(points);
        for (nth, position) in (4..4 + points).enumerate() {
            let value = (nth + 1) as f64 / 10.0;
            let interval = Some(Interval { low: value - 0.12, high: value + 0.12 });
            let row = sample.scores.get_mut(&position).and_then(|row| row.as_mut().ok()).expect("a score");
            row.score = Estimate { value, interval };
        }
        Frame::of(&sample.plan, &sample.ends, &sample.scores).expect("sound").with_comparisons(comparisons)
    }

    /// A difference that is real, unless it is 0.
    fn clear(value: f64) -> Paired {
        let interval = Some(Interval { low: value - 0.01, high: value + 0.01 });
        let (p, q) = if value == 0.0 { (1.0, 1.0) } else { (0.01, 0.02) };
        Paired { difference: Estimate { value, interval }, p, q }
    }

    #[test]
    fn pairs_that_were_not_compared_are_told_apart_where_their_intervals_do_not_touch() {
        // Position 8 has the best of five scores and alone was compared with others.
        let differences = [((7, 8), clear(-0.1)), ((4, 8), clear(-0.4)), ((5, 8), clear(0.0))].into();
        let partly = Comparisons { differences, only_with_best: Some(1), selections: Vec::new() };
        let frame = frame(5, partly);
        let ranks: Vec<Ranks> = frame.ranks_of_all().values().copied().collect();
        let range = |best, worst| Ranks { best, worst };
        // 0.1 lies clearly below 0.4, by its interval, and below 0.5, as compared; 0.2 ties with 0.5, as compared, though
        // their intervals don't touch; 0.4 lies below 0.5, as compared, though they do.
        assert_eq!(ranks, [range(3, 5), range(1, 5), range(1, 5), range(2, 4), range(1, 3)]);
    }

    #[test]
    fn where_all_pairs_were_compared_intervals_say_nothing() {
        let differences = [((4, 5), clear(-0.1))].into();
        let frame = frame(2, Comparisons { differences, ..Comparisons::default() });
        let ranks: Vec<Ranks> = frame.ranks_of_all().values().copied().collect();
        assert_eq!(ranks, [Ranks { best: 2, worst: 2 }, Ranks { best: 1, worst: 1 }]);
        assert_eq!(frame.told_apart(), ToldApart { pairs: 1, apart: 1, discovered: 1 });
    }

    #[test]
    fn what_differs_by_itself_alone_is_a_tie_among_many() {
        let differences = [((4, 5), Paired { q: 0.06, ..clear(-0.1) })].into();
        let frame = frame(2, Comparisons { differences, ..Comparisons::default() });
        let ranks: Vec<Ranks> = frame.ranks_of_all().values().copied().collect();
        assert_eq!(ranks, [Ranks { best: 1, worst: 2 }; 2]);
        assert_eq!(frame.told_apart(), ToldApart { pairs: 1, apart: 1, discovered: 0 });
    }
}
