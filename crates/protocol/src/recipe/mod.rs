//! What is done to a network, as data.
//!
//! Nearly every unlearning method is *erase, then repair*. A [`Recipe`] says so as an ordered list of [`Phase`]s: each
//! is one [`operation`](Reinit) on the weights, or one [training loop](Train) whose loss is a weighted sum of
//! [`Term`]s over named sets. Methods write recipes, users may write their own (`method = "recipe"`), workers
//! interpret them; nobody else trains anything.
//!
//! Numbers carry their range, unknown keys are refused, and defaults are PyTorch's.

mod cost;
mod operation;
mod train;

pub use operation::{Init, Noise, Reinit, Tensors, Transpose};
pub use train::{BatchNorm, ClassWeight, Optimizer, Pairing, Schedule, Stream, Term, Train};

use serde::{Deserialize, Serialize};

/// The ordered phases that turn one network into another. An empty recipe leaves it as it is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Carried out in order.
    pub phases: Vec<Phase>,
}

/// One step of a recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Draws weights afresh.
    Reinit(Reinit),
    /// Adds Gaussian noise to weights.
    Noise(Noise),
    /// Swaps height and width of convolution kernels.
    Transpose(Transpose),
    /// Trains.
    Train(Train),
}
