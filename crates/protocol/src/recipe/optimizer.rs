//! How a gradient becomes a step, as data.

use serde::{Deserialize, Serialize};

use super::{Elements, Tensors, is_default};
use crate::terms::{NonNegative, Positive, UnitInterval};

/// PyTorch's optimisers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Optimizer {
    /// `torch.optim.SGD`: weight decay into the gradient, then momentum, no dampening, no Nesterov.
    #[serde(rename_all = "kebab-case")]
    Sgd {
        /// Learning rate.
        lr: Positive,
        /// Momentum; 0 for none.
        #[serde(default = "zero_momentum")]
        momentum: UnitInterval,
        /// L2 penalty, added to the gradient.
        #[serde(default = "no_decay")]
        weight_decay: NonNegative,
    },
    /// `torch.optim.Adam` with β = (0.9, 0.999), ε = 1e-8 outside the root, coupled L2.
    #[serde(rename_all = "kebab-case")]
    Adam {
        /// Learning rate.
        lr: Positive,
        /// L2 penalty, added to the gradient.
        #[serde(default = "no_decay")]
        weight_decay: NonNegative,
    },
}

impl Optimizer {
    /// Its learning rate, before any schedule.
    pub fn lr(&self) -> f64 {
        let (Self::Sgd { lr, .. } | Self::Adam { lr, .. }) = self;
        lr.get()
    }
}

fn zero_momentum() -> UnitInterval {
    UnitInterval::new(0.0).expect("0 is in [0, 1]")
}

fn no_decay() -> NonNegative {
    NonNegative::new(0.0).expect("0 is not negative")
}

/// A factor that moves over a loop: of the learning rate, or of a term of the loss. Epochs are counted from 0; those of
/// a round are the epochs of the whole [`Alternate`](super::Alternate).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// It stays 1.
    #[default]
    Constant,
    /// Cosine annealing to 0, stepped once an epoch: ½(1 + cos(π · epoch / epochs)).
    Cosine,
    /// Cosine annealing to a floor, after a linear warm-up: floor + (1 − floor) · ½(1 + cos(π · t / T)).
    #[serde(rename_all = "kebab-case")]
    Annealed {
        /// How often it moves.
        pace: Pace,
        /// Where it ends, as a factor: PyTorch's `eta_min` divided by the learning rate.
        #[serde(default = "no_decay")]
        floor: NonNegative,
        /// T in epochs (`T_max`); the whole loop where it is left out.
        #[serde(default, skip_serializing_if = "is_default")]
        over: Option<Positive>,
        /// Epochs in which it rises linearly to 1, before the cosine begins.
        #[serde(default = "no_decay")]
        warm_up: NonNegative,
    },
    /// Multiplied by `factor` at the start of each of these epochs.
    #[serde(rename_all = "kebab-case")]
    Milestones {
        /// What it is multiplied by.
        factor: NonNegative,
        /// At the start of which epochs.
        at: Vec<u32>,
    },
    /// Linearly up and down again, once an epoch, as MSG has it: with E epochs and h = ⌊(E + 1) / 2⌋,
    /// (epoch + 1) / h before epoch h, (E − epoch) / (E + 1 − h) from then on.
    Triangle,
    /// Linearly to 0, once an epoch: 1 − epoch / until, and 0 from epoch `until` on.
    #[serde(rename_all = "kebab-case")]
    Linear {
        /// The first epoch in which it is 0.
        until: Positive,
    },
}

/// How often a schedule moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// Once an epoch.
    Epoch,
    /// With every optimiser step.
    Step,
}

/// What becomes of a gradient before the optimiser sees it (weight decay comes after it), in the order of the fields.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GradientPlan {
    /// Whether gradients of earlier steps are added to it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub accumulation: Accumulation,
    /// Elements whose gradient is multiplied.
    #[serde(default, skip_serializing_if = "is_default")]
    pub factors: Vec<GradientFactor>,
    /// Elements that get no gradient and, after each step, their value of the start of the loop and no momentum.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hold: Option<Elements>,
    /// Largest L2 norm of the whole gradient; a longer one is scaled by clip / (norm + 1e-6).
    #[serde(default, skip_serializing_if = "is_default")]
    pub clip: Option<Positive>,
}

/// Whether gradients add up over steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accumulation {
    /// Each step has its own gradient.
    #[default]
    None,
    /// Each step has the sum of all gradients of the loop so far (a loop that forgets `zero_grad`, as `JiT`'s does).
    Sum,
}

/// A factor on a part of the gradient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GradientFactor {
    /// Of these tensors.
    #[serde(default)]
    pub tensors: Tensors,
    /// These elements.
    #[serde(default, skip_serializing_if = "is_default")]
    pub elements: Elements,
    /// Are multiplied by this.
    pub factor: NonNegative,
}
