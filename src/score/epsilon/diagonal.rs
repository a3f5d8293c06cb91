//! What the left ends of all intervals cut off, in a few hundred pieces instead of 160 000 counts.
//!
//! Neighbouring left grids are the same grid shifted by (almost exactly) one step, so left end i of right end
//! j lies next to left end i - 1 of right end j + 1: on *diagonal* i + j. A diagonal spans less than a step,
//! mostly without a confidence in it, and then all its left ends count the same. Where confidences do lie in
//! it, its left ends are compared with them one by one, so nothing rests on the approximation.

use std::ops::Range;

use super::{
    advance,
    grid::{Intervals, LEFTS, SPACING},
};

/// Left ends that cut off the same: `below` confidences lie below each of them, and there is one for each of the right
/// ends `first..=last`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece {
    pub(super) below: usize,
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Piece {
    /// Takes up a piece that cuts off the same for the same or the adjacent right ends.
    fn absorb(&mut self, next: Self) -> bool {
        let same = self.below == next.below;
        let touches = next.first <= self.last + 1 && self.first <= next.last + 1;
        if same && touches {
            self.first = self.first.min(next.first);
            self.last = self.last.max(next.last);
        }
        same && touches
    }
}

/// Covers every left end of every right end with pieces, for intervals laid around a side from `smallest` to `largest`.
pub(super) fn for_each_piece(
    intervals: &Intervals,
    ascending: &[f64],
    (smallest, largest): (f64, f64),
    mut visit: impl FnMut(Piece),
) {
    let last_right = intervals.rights().len() - 1;
    let rounding = 64.0 * f64::EPSILON * (8.0 + smallest.abs() + largest.abs());
    let mut near = Near::new(ascending);
    let mut open: Option<Piece> = None;
    let mut join = |next: Piece| {
        if !open.as_mut().is_some_and(|piece| piece.absorb(next)) {
            open.replace(next).into_iter().for_each(&mut visit);
        }
    };
    let mut diagonal = 0;
    while diagonal < last_right + LEFTS {
        let (first, last) = (diagonal.saturating_sub(LEFTS - 1), diagonal.min(last_right));
        let here = diagonal;
        let left = |right: usize| intervals.left(right, here - right);
        let ends = (left(first), left(last));
        let span = (ends.0.min(ends.1) - rounding, ends.0.max(ends.1) + rounding);
        near.move_to(span);
        let piece = |first, last| Piece { below: near.below(left(first)), first, last };
        if near.range.is_empty() {
            // So is every diagonal up to the next confidence.
            let room = near.next() - span.1;
            diagonal += ((room / SPACING - 1.0).max(0.0) as usize).min(last_right + LEFTS);
            join(piece(first, diagonal.min(last_right)));
        } else {
            // Left ends that descend by more than rounding error cut off ever less.
            let descends = ends.0 - ends.1 > (last - first) as f64 * rounding;
            split(first..last + 1, descends, piece, &mut join);
        }
        diagonal += 1;
    }
    open.into_iter().for_each(visit);
}

/// Splits the left ends that one diagonal has for `rights`; `piece(first, last)` cuts off what `first` does.
fn split(
    rights: Range<usize>,
    descends: bool,
    piece: impl Fn(usize, usize) -> Piece,
    mut visit: impl FnMut(Piece),
) {
    let mut first = rights.start;
    while first < rights.end {
        let here = piece(first, first);
        let mut last = first;
        if descends {
            let mut beyond = rights.end;
            while beyond - last > 1 {
                let middle = last.midpoint(beyond);
                if piece(middle, first) == (Piece { first: middle, last: first, ..here }) {
                    last = middle;
                } else {
                    beyond = middle;
                }
            }
        }
        visit(Piece { last, ..here });
        first = last + 1;
    }
}

/// Which of the ascending confidences lie on the present diagonal.
struct Near<'a> {
    ascending: &'a [f64],
    range: Range<usize>,
}

impl<'a> Near<'a> {
    fn new(ascending: &'a [f64]) -> Self {
        Self { ascending, range: 0..0 }
    }

    /// Moves on to a diagonal that spans from `low` to `high`, both included.
    fn move_to(&mut self, (low, high): (f64, f64)) {
        advance(&mut self.range.start, self.ascending, |confidence| confidence < low);
        self.range.end = self.range.end.max(self.range.start);
        advance(&mut self.range.end, self.ascending, |confidence| confidence <= high);
    }

    /// The smallest confidence beyond this diagonal.
    fn next(&self) -> f64 {
        self.ascending.get(self.range.end).copied().unwrap_or(f64::INFINITY)
    }

    /// Counts the confidences below a left end on this diagonal.
    fn below(&self, left: f64) -> usize {
        let near = &self.ascending[self.range.start..self.range.end];
        self.range.start + near.partition_point(|&confidence| confidence < left)
    }
}
