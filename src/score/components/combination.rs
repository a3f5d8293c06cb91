//! Intervals of linear combinations of independent mean squares, of which variance components are made.
//!
//! The modified large-sample interval: Ting, Burdick, Graybill, Jeyaratnam and Lu, J. Statist. Comput. Simul. 35 (1990),
//! 135–143; Burdick and Graybill, *Confidence intervals on variance components*, Dekker 1992, whose letters are kept.

use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor};

use super::{Deviation, Interval};

/// Probability left out at either end of an interval.
const TAIL: f64 = 0.025;

/// A mean square times a number that is not 0. The mean square times its degrees of freedom over its expectation follows χ².
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weighted {
    /// What it is multiplied with.
    pub(super) weight: f64,
    /// The mean square.
    pub(super) square: f64,
    /// Its degrees of freedom, at least 1.
    pub(super) freedom: f64,
}

/// The square root of a sum of terms, and its 95 % interval; where the sum or an end is below 0, it counts as 0. `None` where
/// a quantile can't be had. The interval of a single term is exact.
pub(super) fn deviation(terms: &[Weighted]) -> Option<Deviation> {
    let sum: f64 = terms.iter().map(Weighted::value).sum();
    let ends = match terms {
        [one] => {
            [1.0 - TAIL, TAIL].map(|tail| Some(one.value() * one.freedom / chi_squared(one.freedom, tail)?))
        }
        several => [Some(sum - end(several, Bound::Lower)?), Some(sum + end(several, Bound::Upper)?)],
    };
    let [Some(low), Some(high)] = ends else { return None };
    let root = |squared: f64| squared.max(0.0).sqrt();
    Some(Deviation { value: root(sum), interval: Interval { low: root(low), high: root(high) } })
}

/// An end of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Lower,
    Upper,
}

impl Weighted {
    fn value(&self) -> f64 {
        self.weight * self.square
    }

    /// G of a term that pulls this end away from the sum where it is large, H of one that does where it is small: how far its
    /// own interval reaches, in its own size. Which is which changes with the sign and with the end.
    fn reach(&self, side: Bound) -> Option<f64> {
        if self.leads(side) { self.g() } else { self.h() }
    }

    /// Whether the term, were it smaller, would move the sum towards this end.
    fn leads(&self, side: Bound) -> bool {
        (self.weight > 0.0) == (side == Bound::Lower)
    }

    fn g(&self) -> Option<f64> {
        Some(1.0 - self.freedom / chi_squared(self.freedom, 1.0 - TAIL)?)
    }

    fn h(&self) -> Option<f64> {
        Some(self.freedom / chi_squared(self.freedom, TAIL)? - 1.0)
    }
}

/// How far an end lies from the sum.
fn end(terms: &[Weighted], side: Bound) -> Option<f64> {
    let mut squared = 0.0;
    for term in terms {
        squared += (term.reach(side)? * term.value()).powi(2);
    }
    let (leading, other): (Vec<&Weighted>, Vec<&Weighted>) = terms.iter().partition(|term| term.leads(side));
    for one in &leading {
        for two in &other {
            // The letters of the two kinds of pairs, G_qr for the lower end and H_qr for the upper.
            let [positive, negative] = if side == Bound::Lower { [one, two] } else { [two, one] };
            squared += between(positive, negative, side)? * (one.value() * two.value()).abs();
        }
    }
    for (place, one) in leading.iter().enumerate() {
        for two in &leading[..place] {
            squared += among(one, two)? / (leading.len() - 1) as f64 * (one.value() * two.value()).abs();
        }
    }
    Some(squared.max(0.0).sqrt())
}

/// `G_qr` or `H_qr` of a positive and a negative term.
fn between(positive: &Weighted, negative: &Weighted, side: Bound) -> Option<f64> {
    let tail = if side == Bound::Lower { 1.0 - TAIL } else { TAIL };
    let ratio = FisherSnedecor::new(positive.freedom, negative.freedom).ok()?.inverse_cdf(tail);
    let own = (ratio - 1.0).powi(2);
    let reach = (positive.reach(side)? * ratio).powi(2) + negative.reach(side)?.powi(2);
    Some((own - reach) / ratio)
}

/// `G*` or `H*` of two terms of one sign, before it is shared out.
fn among(one: &Weighted, two: &Weighted) -> Option<f64> {
    let (m, n) = (one.freedom, two.freedom);
    let both = 1.0 - (m + n) / chi_squared(m + n, 1.0 - TAIL)?;
    Some((both * (m + n)).powi(2) / (m * n) - one.g()?.powi(2) * m / n - two.g()?.powi(2) * n / m)
}

fn chi_squared(freedom: f64, share: f64) -> Option<f64> {
    Some(ChiSquared::new(freedom).ok()?.inverse_cdf(share))
}
