//! Bounds on ε, example by example.

use rayon::prelude::*;
use serde::Serialize;

use super::{
    CONFIDENCE,
    attack::{Attack, Place},
    half::Half,
};
use crate::score::{
    clopper_pearson::{lower, upper},
    epsilon::DELTA,
};

/// What the cross-fitted attacks prove about the ε of one forget example.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EpsilonBound {
    /// With 95 % confidence the two distributions are no closer than this (ε at δ = 1e-5), at least 0: one of two fixed
    /// attacks does at least as well on fresh models.
    pub low: f64,
    /// With 95 % confidence neither of the two attacks does better than this on fresh models; another attack may.
    /// `None` where no bound can be given, because too few errors were seen.
    pub high: Option<f64>,
}

/// Bounds the ε of every example: each half chooses the attack with the best bound on itself, the other half measures it.
pub(super) fn bounds(halves: &[Half; 2]) -> Vec<EpsilonBound> {
    let rates = [Rates::new(halves[0].n), Rates::new(halves[1].n)];
    (0..halves[0].examples.len())
        .into_par_iter()
        .map(|example| {
            let sides = [halves[0].sides(example), halves[1].sides(example)];
            let folds = [(0, 1), (1, 0)].map(|(train, test)| {
                let attack = strongest(&sides[train], &rates[train]);
                rates[test].bound(&attack, &sides[test])
            });
            EpsilonBound {
                low: folds[0].low.max(folds[1].low),
                high: folds[0].high.zip(folds[1].high).map(|(one, other)| one.max(other)),
            }
        })
        .collect()
}

/// The attack whose lower bound on ε is largest on the models that it is chosen on: all intervals that begin and end
/// on a model of the side which they catch.
fn strongest(sides: &[Vec<f64>; 2], rates: &Rates) -> Attack {
    let everything = Attack { low: f64::NEG_INFINITY, high: f64::INFINITY, unlearned: Place::Inside };
    let mut best = (0.0, everything);
    for (caught, unlearned) in [(0, Place::Inside), (1, Place::Outside)] {
        let (inner, outer) = (&sides[caught], &sides[1 - caught]);
        let below: Vec<usize> = inner.iter().map(|end| outer.partition_point(|other| other < end)).collect();
        let up_to: Vec<usize> = inner.iter().map(|end| outer.partition_point(|other| other <= end)).collect();
        for first in 0..inner.len() {
            for last in first..inner.len() {
                let wrongly_inside = up_to[last] - below[first];
                let low = rates.low(wrongly_inside, inner.len() - (last - first + 1));
                if low > best.0 {
                    let end = |inside: f64, next: Option<&f64>, open: f64| {
                        next.map_or(open, |next| f64::midpoint(inside, *next))
                    };
                    let previous = below[first].checked_sub(1).map(|position| &outer[position]);
                    best = (
                        low,
                        Attack {
                            low: end(inner[first], previous, f64::NEG_INFINITY),
                            high: end(inner[last], outer.get(up_to[last]), f64::INFINITY),
                            unlearned,
                        },
                    );
                }
            }
        }
    }
    best.1
}

/// Bounds on the error rates of an attack on n models per side, and their logarithms.
///
/// Two attacks with two rates each are bounded, so each bound may fail with a quarter of what is left to chance: then all
/// hold at once with [`CONFIDENCE`].
struct Rates {
    /// Of the largest rate that goes with a count; \[n + 1\].
    largest: Vec<Logarithms>,
    /// Of the smallest.
    smallest: Vec<Logarithms>,
}

struct Logarithms {
    /// `ln(rate)`.
    rate: f64,
    /// `ln(1 - δ - rate)`; minus infinity where that is not positive.
    rest: f64,
}

impl Logarithms {
    fn of(rate: f64) -> Self {
        Self { rate: rate.ln(), rest: (1.0 - DELTA - rate).max(0.0).ln() }
    }

    /// The larger of both ratios that bound ε from below, in logarithms (Kairouz et al., arXiv:1311.0776).
    fn epsilon(&self, other: &Self) -> f64 {
        (self.rest - other.rate).max(other.rest - self.rate)
    }
}

impl Rates {
    fn new(n: usize) -> Self {
        let alpha = (1.0 - CONFIDENCE) / 4.0;
        Self {
            largest: (0..=n).map(|count| Logarithms::of(upper(count, n, alpha))).collect(),
            smallest: (0..=n).map(|count| Logarithms::of(lower(count, n, alpha))).collect(),
        }
    }

    /// A lower bound on the ε of an attack with these error counts; may be negative.
    fn low(&self, false_positives: usize, false_negatives: usize) -> f64 {
        self.largest[false_positives].epsilon(&self.largest[false_negatives])
    }

    fn bound(&self, attack: &Attack, sides: &[Vec<f64>; 2]) -> EpsilonBound {
        let [unlearned, retrained] = sides;
        let taken =
            |side: &[f64]| side.iter().filter(|&&confidence| attack.says_unlearned(confidence)).count();
        let (false_positives, false_negatives) = (taken(retrained), unlearned.len() - taken(unlearned));
        let high = self.smallest[false_positives].epsilon(&self.smallest[false_negatives]);
        EpsilonBound {
            low: self.low(false_positives, false_negatives).max(0.0),
            high: Some(high.max(0.0)).filter(|high| high.is_finite()),
        }
    }
}
