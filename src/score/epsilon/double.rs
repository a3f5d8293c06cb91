//! The attack `left <= c <= right`.

use super::{
    advance,
    diagonal::for_each_piece,
    grid::Intervals,
    rates::Rates,
    side::{Ends, SideCounts},
};

/// No interval with these true positives has a false positive.
const NONE: u32 = u32::MAX;

/// What all intervals around a side cut out of the ascending confidences of both sides.
#[derive(Debug)]
pub(super) struct Cutouts {
    /// How many confidences lie up to a right end, each number once, ascending.
    up_to: Vec<u32>,
    cutouts: Vec<Cutout>,
}

/// Intervals with the same confidences below their left ends, and neighbouring numbers up to their right ends.
#[derive(Debug, Clone, Copy)]
struct Cutout {
    below: u32,
    /// Positions in `up_to`, both included.
    first: u32,
    last: u32,
}

impl Cutouts {
    /// Lays intervals around the side with these ends.
    pub(super) fn of(ascending: &[f64], ends: Ends) -> Self {
        let mut intervals = Intervals::default();
        intervals.lay(ascending[ends.0], ascending[ends.1]);
        let (mut up_to, mut number_of) = (Vec::new(), Vec::with_capacity(intervals.rights().len()));
        let mut count = 0;
        for &end in intervals.rights() {
            advance(&mut count, ascending, |confidence| confidence <= end);
            if up_to.last() != Some(&(count as u32)) {
                up_to.push(count as u32);
            }
            number_of.push(up_to.len() as u32 - 1);
        }
        let mut cutouts = Vec::new();
        for_each_piece(&intervals, ascending, (ascending[ends.0], ascending[ends.1]), |piece| {
            let below = piece.below as u32;
            // An interval that ends before it begins holds nothing.
            let inside = up_to.partition_point(|&count| count <= below) as u32;
            let (first, last) = (number_of[piece.first].max(inside), number_of[piece.last]);
            if first <= last {
                cutouts.push(Cutout { below, first, last });
            }
        });
        Self { up_to, cutouts }
    }

    /// The largest ε among the intervals, for a peakier side and the other one; `None` where all are discarded.
    pub(super) fn strongest(
        &self,
        peakier: SideCounts<'_>,
        other: SideCounts<'_>,
        errors: &mut Errors,
        rates: &Rates,
    ) -> Option<f64> {
        errors.clear(peakier.models());
        for cutout in &self.cutouts {
            let below = cutout.below as usize;
            let (peakier_below, other_below) = (peakier.among[below], other.among[below]);
            for &up_to in &self.up_to[cutout.first as usize..=cutout.last as usize] {
                let true_positives = peakier.among[up_to as usize] - peakier_below;
                errors.note(true_positives, other.among[up_to as usize] - other_below);
            }
        }
        errors.strongest(rates)
    }
}

/// The error counts of all intervals, as far as they matter.
#[derive(Debug, Default)]
pub(super) struct Errors {
    /// For each number of true positives, the fewest false positives above 0 that come with it; \[N + 1\].
    fewest: Vec<u32>,
    /// Whether an interval holds all of the peakier side and none of the other.
    separable: bool,
}

impl Errors {
    fn clear(&mut self, models: usize) {
        self.fewest.clear();
        self.fewest.resize(models + 1, NONE);
        self.separable = false;
    }

    fn note(&mut self, true_positives: u32, false_positives: u32) {
        let true_positives = true_positives as usize;
        if false_positives > 0 {
            self.fewest[true_positives] = self.fewest[true_positives].min(false_positives);
        } else {
            self.separable |= true_positives + 1 == self.fewest.len();
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
            .filter_map(|(true_positives, &fewest)| rates.epsilon(fewest as usize, models - true_positives))
            .reduce(f64::max)
    }
}
