//! Our own estimator, beside the competition's: attacks are chosen on one half of the models and measured on the other,
//! both ways.
//!
//! The competition takes a maximum over 160 000 attacks on the very models that it measures them on, so even identical
//! distributions score about 0.2. A rate that is measured on models which had no say in the choice of the attack is
//! unbiased. Two numbers come of it:
//!
//! * **cross-fitted quality** Q, the error that is left to the attacker: false positive plus false negative rate, averaged
//!   over the forget examples. 1 is guessing, 0 is certainty; with identical distributions its mean is 1 exactly, at any
//!   N. No attack family and no grid has a unit of length, so the scale of confidences doesn't matter.
//! * per example a **lower bound on ε**, from Clopper–Pearson bounds on both error rates.
//!
//! It knows nothing of buckets, accuracies or methods.

pub(super) mod attack;
mod bound;
pub(super) mod half;
mod quality;

use serde::Serialize;

pub use attack::{Attack, Place};
pub use bound::EpsilonBound;

use super::{
    ensemble::{Confidences, Retrained, Unlearned},
    incomparable::Incomparable,
    interval::Interval,
    oracle::check_comparable,
};
use half::Half;

/// Probability with which an interval holds what it is about, and with which the bound of one example is true.
pub const CONFIDENCE: f64 = 0.95;

/// Fewest models on a side: two in each half, or their scatter can't be seen.
pub const MIN_HALVED: usize = 4;

/// What the cross-fitted estimator says of two groups of models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CrossFit {
    /// Models per side (N), half of which choose each attack.
    pub n: usize,
    /// Cross-fitted quality Q: 1 minus the mean advantage of the chosen attacks. Not clipped: noise takes it above 1.
    pub quality: f64,
    /// 95 % interval for the quality that these very attacks have on fresh models.
    ///
    /// A t-interval over models. The two halves err alike (what makes A look different from retraining also makes B's
    /// attack do well on it), so their covariance is estimated by leaving blocks of models out of the choice, and counted
    /// in where it is positive.
    pub interval: Interval,
    /// The two attacks on each example whose advantage is measured: chosen on the even models and on the odd ones; \[S\].
    #[serde(skip)]
    pub attacks: Vec<[Attack; 2]>,
    /// Bounds on ε; \[S\].
    pub epsilons: Vec<EpsilonBound>,
}

impl CrossFit {
    /// Estimates from at least four models per side. Models are halved by position: even against odd.
    pub fn of(
        unlearned: &Confidences<Unlearned>,
        retrained: &Confidences<Retrained>,
    ) -> Result<Self, Incomparable> {
        let halves = halves(unlearned, retrained)?;
        let (quality, interval, attacks) = quality::quality(&halves);
        Ok(Self { n: unlearned.models(), quality, interval, attacks, epsilons: bound::bounds(&halves) })
    }

    /// Share of forget examples whose ε is above 0 with [`CONFIDENCE`] each: told apart beyond doubt.
    pub fn told_apart(&self) -> f64 {
        let apart = self.epsilons.iter().filter(|bound| bound.low > 0.0).count();
        apart as f64 / self.epsilons.len() as f64
    }
}

/// What cross-fitted attacks say of every model, without intervals.
pub(super) struct Verdicts {
    /// Cross-fitted quality.
    pub(super) quality: f64,
    /// Share of the forget examples on which each model is taken for unlearned: the unlearned models', the retrained models';
    /// \[N\] each.
    pub(super) taken: [Vec<f64>; 2],
}

/// Chooses and measures the attacks as [`CrossFit::of`] does.
pub(super) fn verdicts(
    unlearned: &Confidences<Unlearned>,
    retrained: &Confidences<Retrained>,
) -> Result<Verdicts, Incomparable> {
    let halves = halves(unlearned, retrained)?;
    let (quality, of_halves) = quality::verdicts(&halves);
    let taken = [0, 1].map(|side| {
        let of_model = |model: usize| {
            let (half, place) = (model % 2, model / 2);
            of_halves[half][side * halves[half].n + place]
        };
        (0..unlearned.models()).map(of_model).collect()
    });
    Ok(Verdicts { quality, taken })
}

/// The models by position, the even ones first.
fn halves(
    unlearned: &Confidences<Unlearned>,
    retrained: &Confidences<Retrained>,
) -> Result<[Half; 2], Incomparable> {
    check_comparable(unlearned, retrained)?;
    match unlearned.models() {
        have if have < MIN_HALVED => Err(Incomparable::TooFewToHalve { have }),
        _ => Ok([0, 1].map(|parity| Half::new(unlearned, retrained, parity))),
    }
}

#[cfg(test)]
mod tests;
