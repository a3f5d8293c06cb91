//! How well the best of the competition's attacks tells unlearned from retrained models, example by example.
//!
//! Owns the attacks and the ε of their error rates. It does not know what an ε is worth
//! (see [`ForgettingQuality`](super::ForgettingQuality)).
//!
//! The reference evaluates about 160 000 thresholds against all 2N models. Here both sides are sorted once
//! and thresholds are grouped by what they count, which gives the same integer counts, hence the same ε,
//! thousands of times sooner.

mod diagonal;
mod double;
mod grid;
mod rates;
mod single;

use rayon::prelude::*;
use serde::Serialize;

pub(super) use self::rates::DELTA;
pub(super) use self::single::Cuts;
use self::{double::DoubleThreshold, rates::Rates};
use super::{
    ensemble::{Confidences, Retrained, Unlearned},
    incomparable::Incomparable,
    oracle::check_comparable,
};

/// Largest ε: what models that can be told apart without error get.
pub const CAP: f64 = 50.0;

/// One side is "peaky" where its range is a smaller share than this of the other's.
const PEAKY: f64 = 0.01;

/// How well the best attack tells the two sides apart on one forget example: from 0 (not at all) to [`CAP`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Epsilon {
    value: f64,
    rule: Rule,
}

/// What an ε comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// One side's range is below a hundredth of the other's: the cap, without an attack.
    PeakyCap,
    /// A threshold separates the sides without error: the cap.
    Separable,
    /// The interval `left <= c <= right` that does best, also where a single threshold does as well.
    Double,
    /// The threshold `c >= t` that does best.
    Single,
}

impl Rule {
    /// The word, as it stands in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::PeakyCap => "peaky-cap",
            Self::Separable => "separable",
            Self::Double => "double",
            Self::Single => "single",
        }
    }
}

impl Epsilon {
    /// The number, in [0, 50].
    pub fn value(self) -> f64 {
        self.value
    }

    /// What it comes from.
    pub fn rule(self) -> Rule {
        self.rule
    }
}

/// Computes the ε of every forget example, in their order.
pub fn epsilons(
    unlearned: &Confidences<Unlearned>,
    retrained: &Confidences<Retrained>,
) -> Result<Vec<Epsilon>, Incomparable> {
    check_comparable(unlearned, retrained)?;
    (0..unlearned.examples())
        .into_par_iter()
        .map_init(
            || Attacks::new(unlearned.models()),
            |attacks, example| {
                let sides = (sorted(unlearned.of_example(example)), sorted(retrained.of_example(example)));
                attacks.strongest(&sides.0, &sides.1).ok_or_else(|| undecided(&sides.0, &sides.1, example))
            },
        )
        .collect()
}

/// Names the reason for which no threshold survived.
fn undecided(unlearned: &[f64], retrained: &[f64], example: usize) -> Incomparable {
    if span(unlearned) == 0.0 && span(retrained) == 0.0 {
        Incomparable::Constant { example, value: unlearned[0] }
    } else {
        Incomparable::Unresolved { example }
    }
}

fn sorted(confidences: &[f64]) -> Vec<f64> {
    let mut confidences = confidences.to_vec();
    confidences.sort_unstable_by(f64::total_cmp);
    confidences
}

/// The attacks on groups of N models, with the memory that they reuse from example to example.
#[derive(Debug)]
pub(super) struct Attacks {
    rates: Rates,
    double: DoubleThreshold,
}

impl Attacks {
    /// Prepares attacks on `models` models per side.
    pub(super) fn new(models: usize) -> Self {
        Self { rates: Rates::new(models), double: DoubleThreshold::new(models) }
    }

    /// The ε of the strongest attack on one example, from the ascending confidences of both sides; \[N\]
    /// each. `None` where every threshold is discarded.
    pub(super) fn strongest(&mut self, unlearned: &[f64], retrained: &[f64]) -> Option<Epsilon> {
        let (positive, negative, _) = sides(unlearned, retrained);
        self.of_sides(positive, negative, |rates| single::strongest(positive, negative, rates))
    }

    /// The same where the thresholds over both sides are known, with how many of the first k confidences of both sides are
    /// unlearned models', for k of 0..=2N.
    pub(super) fn strongest_named(
        &mut self,
        unlearned: &[f64],
        retrained: &[f64],
        (cuts, unlearned_among): (&Cuts, &[u32]),
    ) -> Option<Epsilon> {
        let (positive, negative, swapped) = sides(unlearned, retrained);
        self.of_sides(positive, negative, |rates| cuts.strongest(unlearned_among, swapped, rates))
    }

    fn of_sides(
        &mut self,
        positive: &[f64],
        negative: &[f64],
        single: impl FnOnce(&Rates) -> Option<f64>,
    ) -> Option<Epsilon> {
        let (positive_span, negative_span) = (span(positive), span(negative));
        // Two constant sides give 0/0, which is not below anything: they go on to the attacks.
        if positive_span.min(negative_span) / positive_span.max(negative_span) < PEAKY {
            return Some(Epsilon { value: CAP, rule: Rule::PeakyCap });
        }
        let (peakier, other) =
            if negative_span <= positive_span { (negative, positive) } else { (positive, negative) };

        let double = self.double.strongest(peakier, other, &self.rates);
        let single = single(&self.rates);
        let (value, rule) = match (double, single) {
            (Some(double), Some(single)) if single > double => (single, Rule::Single),
            (Some(double), _) => (double, Rule::Double),
            (None, single) => (single?, Rule::Single),
        };
        Some(Epsilon {
            value: value.min(CAP),
            rule: if value == f64::INFINITY { Rule::Separable } else { rule },
        })
    }
}

/// The side with the larger median, the other one, and whether the retrained models are the first of these.
fn sides<'a>(unlearned: &'a [f64], retrained: &'a [f64]) -> (&'a [f64], &'a [f64], bool) {
    let swapped = median(retrained) > median(unlearned);
    if swapped { (retrained, unlearned, true) } else { (unlearned, retrained, false) }
}

/// The middle of some numbers in ascending order (at least one), or the mean of the middle two, as `NumPy` has it.
pub fn median(ascending: &[f64]) -> f64 {
    let middle = ascending.len() / 2;
    if ascending.len() % 2 == 1 {
        ascending[middle]
    } else {
        f64::midpoint(ascending[middle - 1], ascending[middle])
    }
}

/// Largest minus smallest.
fn span(ascending: &[f64]) -> f64 {
    ascending[ascending.len() - 1] - ascending[0]
}

/// Moves `count` on to the number of `ascending` elements for which `before` holds.
fn advance(count: &mut usize, ascending: &[f64], before: impl Fn(f64) -> bool) {
    while ascending.get(*count).is_some_and(|&element| before(element)) {
        *count += 1;
    }
}

#[cfg(test)]
mod tests;
