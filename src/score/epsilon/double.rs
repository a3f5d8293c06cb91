//! The attack `left <= c <= right`.

use super::{
    advance,
    diagonal::{Piece, for_each_piece},
    grid::Intervals,
    rates::Rates,
};

/// No interval with these true positives has a false positive.
const NONE: usize = usize::MAX;

/// The attack, with the memory that it reuses.
#[derive(Debug)]
pub(super) struct DoubleThreshold {
    intervals: Intervals,
    rights: Rights,
    errors: Errors,
}

/// What lies up to each right end.
#[derive(Debug, Default)]
struct Rights {
    /// Confidences of the other side up to each right end.
    others: Vec<usize>,
    groups: Vec<Group>,
    /// Position in `groups` of each right end.
    group_of: Vec<usize>,
}

/// Right ends `first..end` that have the same number of peakier confidences up to them.
#[derive(Debug, Clone, Copy)]
struct Group {
    peakier: usize,
    first: usize,
    end: usize,
}

/// The error counts of all intervals, as far as they matter.
#[derive(Debug)]
struct Errors {
    /// For each number of true positives, the fewest false positives above 0 that come with it; \[N + 1\].
    fewest: Vec<usize>,
    /// Whether an interval holds all of the peakier side and none of the other.
    separable: bool,
}

impl DoubleThreshold {
    pub(super) fn new(models: usize) -> Self {
        Self {
            intervals: Intervals::default(),
            rights: Rights::default(),
            errors: Errors { fewest: vec![NONE; models + 1], separable: false },
        }
    }

    /// The largest ε among intervals laid around the peakier of two (ascending) sides; `None` where all are
    /// discarded.
    pub(super) fn strongest(&mut self, peakier: &[f64], other: &[f64], rates: &Rates) -> Option<f64> {
        self.intervals.lay(peakier[0], peakier[peakier.len() - 1]);
        self.rights.count(self.intervals.rights(), peakier, other);
        self.errors.clear();
        let Self { intervals, rights, errors } = self;
        for_each_piece(intervals, (peakier, other), |piece| errors.note(piece, rights));
        errors.strongest(rates)
    }
}

impl Rights {
    fn count(&mut self, ends: &[f64], peakier: &[f64], other: &[f64]) {
        self.others.clear();
        self.groups.clear();
        self.group_of.clear();
        let (mut in_peakier, mut in_other) = (0, 0);
        for (right, &end) in ends.iter().enumerate() {
            advance(&mut in_peakier, peakier, |confidence| confidence <= end);
            advance(&mut in_other, other, |confidence| confidence <= end);
            self.others.push(in_other);
            match self.groups.last_mut() {
                Some(group) if group.peakier == in_peakier => group.end = right + 1,
                _ => self.groups.push(Group { peakier: in_peakier, first: right, end: right + 1 }),
            }
            self.group_of.push(self.groups.len() - 1);
        }
    }
}

impl Errors {
    fn clear(&mut self) {
        self.fewest.fill(NONE);
        self.separable = false;
    }

    /// Notes the error counts of the intervals that a piece's left ends make with their right ends.
    fn note(&mut self, piece: Piece, rights: &Rights) {
        let models = self.fewest.len() - 1;
        for group in &rights.groups[rights.group_of[piece.first]..=rights.group_of[piece.last]] {
            let others = &rights.others[group.first.max(piece.first)..group.end.min(piece.last + 1)];
            let true_positives = group.peakier.saturating_sub(piece.peakier);
            let without_error = others.partition_point(|&count| count <= piece.other);
            self.separable |= without_error > 0 && true_positives == models;
            if let Some(&count) = others.get(without_error) {
                let fewest = &mut self.fewest[true_positives];
                *fewest = (count - piece.other).min(*fewest);
            }
        }
    }

    /// The largest ε of the noted counts: it never grows with false positives from 1 on, so the fewest are
    /// the best.
    fn strongest(&self, rates: &Rates) -> Option<f64> {
        if self.separable {
            return Some(f64::INFINITY);
        }
        let models = self.fewest.len() - 1;
        let noted = self.fewest.iter().enumerate().filter(|&(_, &fewest)| fewest != NONE);
        noted
            .filter_map(|(true_positives, &fewest)| rates.epsilon(fewest, models - true_positives))
            .reduce(f64::max)
    }
}
