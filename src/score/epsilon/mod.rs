//! How well the best of the competition's attacks tells unlearned from retrained models, example by example.
//!
//! Owns the attacks and the ε of their error rates. It does not know what an ε is worth
//! (see [`ForgettingQuality`](super::ForgettingQuality)).
//!
//! The reference evaluates about 160 000 thresholds against all 2N models. Here the models are sorted once
//! and thresholds are grouped by what they cut out of all of them, which gives the same integer counts, hence the same ε,
//! thousands of times sooner.

mod diagonal;
mod double;
mod example;
mod grid;
mod rates;
mod side;
mod single;

use rayon::prelude::*;
use serde::Serialize;

pub(super) use self::rates::DELTA;
use self::{double::Errors, rates::Rates, side::SideCounts};
pub(super) use self::{example::Example, side::count_among};
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
            || (Attacks::new(unlearned.models()), Named::default()),
            |(attacks, named), example| {
                let sides = (unlearned.of_example(example), retrained.of_example(example));
                let confidences = named.read(sides);
                attacks
                    .strongest(&mut Example::new(confidences), (&named.unlearned, &named.retrained))
                    .ok_or_else(|| undecided(sides.0, sides.1, example))
            },
        )
        .collect()
}

/// How many of either side are among the first k confidences of both.
#[derive(Default)]
struct Named {
    unlearned: Vec<u32>,
    retrained: Vec<u32>,
}

impl Named {
    /// Counts both sides of an example; gives their confidences in ascending order.
    fn read(&mut self, (unlearned, retrained): (&[f64], &[f64])) -> Vec<f64> {
        let named = |side: &[f64], is_unlearned| {
            side.iter().map(move |&confidence| (confidence, is_unlearned)).collect()
        };
        let mut both: Vec<(f64, bool)> = named(unlearned, true);
        both.extend::<Vec<_>>(named(retrained, false));
        both.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
        count_among(&mut self.unlearned, both.iter().map(|&(_, is_unlearned)| u32::from(is_unlearned)));
        count_among(&mut self.retrained, both.iter().map(|&(_, is_unlearned)| u32::from(!is_unlearned)));
        both.into_iter().map(|(confidence, _)| confidence).collect()
    }
}

/// Names the reason for which no threshold survived.
fn undecided(unlearned: &[f64], retrained: &[f64], example: usize) -> Incomparable {
    if is_constant(unlearned) && is_constant(retrained) {
        Incomparable::Constant { example, value: unlearned[0] }
    } else {
        Incomparable::Unresolved { example }
    }
}

fn is_constant(confidences: &[f64]) -> bool {
    confidences.iter().all(|&confidence| confidence - confidences[0] == 0.0)
}

/// The attacks on groups of N models, with the memory that they reuse from example to example.
#[derive(Debug)]
pub(super) struct Attacks {
    rates: Rates,
    errors: Errors,
}

impl Attacks {
    /// Prepares attacks on `models` models per side.
    pub(super) fn new(models: usize) -> Self {
        Self { rates: Rates::new(models), errors: Errors::default() }
    }

    /// The ε of the strongest attack on one example. `unlearned` and `retrained` say how many models of each side are among
    /// the first k confidences, for k of 0..=K; both end with N. `None` where every threshold is discarded.
    pub(super) fn strongest(
        &mut self,
        example: &mut Example,
        (unlearned, retrained): (&[u32], &[u32]),
    ) -> Option<Epsilon> {
        let [unlearned, retrained] =
            [unlearned, retrained].map(|among| SideCounts::of(example.ascending(), among));
        let (positive, negative) =
            if retrained.median > unlearned.median { (retrained, unlearned) } else { (unlearned, retrained) };
        // Two constant sides give 0/0, which is not below anything: they go on to the attacks.
        if positive.span.min(negative.span) / positive.span.max(negative.span) < PEAKY {
            return Some(Epsilon { value: CAP, rule: Rule::PeakyCap });
        }
        let (peakier, other) =
            if negative.span <= positive.span { (negative, positive) } else { (positive, negative) };

        let Self { rates, errors } = self;
        let double = example.cutouts(peakier.ends).strongest(peakier, other, errors, rates);
        let ends = (positive.ends.0.min(negative.ends.0), positive.ends.1.max(negative.ends.1));
        let single = example.cuts(ends).strongest(positive, negative, rates);
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

/// The middle of some numbers in ascending order (at least one), or the mean of the middle two, as `NumPy` has it.
pub fn median(ascending: &[f64]) -> f64 {
    let middle = ascending.len() / 2;
    if ascending.len() % 2 == 1 {
        ascending[middle]
    } else {
        f64::midpoint(ascending[middle - 1], ascending[middle])
    }
}

/// Moves `count` on to the number of `ascending` elements for which `before` holds.
fn advance(count: &mut usize, ascending: &[f64], before: impl Fn(f64) -> bool) {
    while ascending.get(*count).is_some_and(|&element| before(element)) {
        *count += 1;
    }
}

#[cfg(test)]
mod tests;
