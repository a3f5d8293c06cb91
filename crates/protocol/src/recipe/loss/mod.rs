//! The terms that a training loop minimises, as data.

mod cross_entropy;
mod divergence;
mod penalty;
mod pixels;
mod teacher;

pub use cross_entropy::{Averaging, ClassWeight, CrossEntropy};
pub use divergence::{Direction, Divergence, Reduction, Target, TemperatureScale};
pub use penalty::{Penalty, Toward};
pub use pixels::{Contrast, LipschitzBound};
pub use teacher::{Distance, SoftCrossEntropy, Teacher};

use serde::{Deserialize, Serialize};

use super::Schedule;
use crate::terms::{Positive, Set};

/// One summand of the loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Term {
    /// weight · CE(logits, the stream's labels).
    CrossEntropy(CrossEntropy),
    /// weight · KL divergence between a target and the softmax of the logits, classes summed.
    Divergence(Divergence),
    /// weight · mean over the batch of −Σ target log softmax: the gradient of a divergence, with another value.
    SoftCrossEntropy(SoftCrossEntropy),
    /// weight · mean over batch and classes of (logits − the teacher's logits)².
    LogitDistance(Distance),
    /// weight · mean over the batch of (H(softmax) − H(the teacher's softmax))², in nats.
    EntropyDistance(Distance),
    /// weight · mean over all pairs of −log softmax over the row of S = z zₒᵀ / t, where zₒ are the logits of another
    /// stream's batch, without gradient (FCS).
    Contrast(Contrast),
    /// weight · 1/n Σₖ Σᵢ ‖f(xᵢ) − f(x'ₖᵢ)‖₂ / ‖xᵢ − x'ₖᵢ‖₂ over n noisy copies x' of the batch, clamped to the range of
    /// its pixels and without gradient (`JiT`).
    Lipschitz(LipschitzBound),
    /// weight · Σ|θ|, with derivative sign(θ).
    L1(Penalty),
    /// weight · ½ Σ(θ − θ₀)², where θ₀ is 0 or the start of the recipe.
    L2(Penalty),
}

/// What terms on examples have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Head<'a> {
    /// The stream that it is taken on.
    pub on: Set,
    /// The examples of that stream that count.
    pub members: Option<Set>,
    /// Factor in the sum.
    pub weight: f64,
    /// How the factor moves.
    pub weight_schedule: &'a Schedule,
}

impl Term {
    /// What it is taken on; nothing where it is a penalty on the weights.
    pub fn head(&self) -> Option<Head<'_>> {
        let (on, members) = match self {
            Self::CrossEntropy(term) => (term.on, term.members),
            Self::Divergence(term) => (term.on, term.members),
            Self::SoftCrossEntropy(term) => (term.on, term.members),
            Self::LogitDistance(term) | Self::EntropyDistance(term) => (term.on, term.members),
            Self::Contrast(term) => (term.on, None),
            Self::Lipschitz(term) => (term.on, None),
            Self::L1(_) | Self::L2(_) => return None,
        };
        let (weight, weight_schedule) = self.weight();
        Some(Head { on, members, weight, weight_schedule })
    }

    /// Its factor in the sum and how that moves.
    pub fn weight(&self) -> (f64, &Schedule) {
        match self {
            Self::CrossEntropy(term) => (term.weight, &term.weight_schedule),
            Self::Divergence(term) => (term.weight, &term.weight_schedule),
            Self::SoftCrossEntropy(term) => (term.weight, &term.weight_schedule),
            Self::LogitDistance(term) | Self::EntropyDistance(term) => (term.weight, &term.weight_schedule),
            Self::Contrast(term) => (term.weight, &term.weight_schedule),
            Self::Lipschitz(term) => (term.weight, &term.weight_schedule),
            Self::L1(term) | Self::L2(term) => (term.weight, &term.weight_schedule),
        }
    }

    /// The streams, by their sets, that it needs: the one that it is taken on and the one that it compares with.
    pub fn streams(&self) -> Vec<Set> {
        let against = match self {
            Self::Contrast(term) => Some(term.against),
            Self::CrossEntropy(_)
            | Self::Divergence(_)
            | Self::SoftCrossEntropy(_)
            | Self::LogitDistance(_)
            | Self::EntropyDistance(_)
            | Self::Lipschitz(_)
            | Self::L1(_)
            | Self::L2(_) => None,
        };
        self.head().map(|head| head.on).into_iter().chain(against).collect()
    }
}

fn one() -> f64 {
    1.0
}

fn unit() -> Positive {
    Positive::new(1.0).expect("1 is above 0")
}
