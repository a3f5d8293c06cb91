//! What is done to a network, as data.
//!
//! Nearly every unlearning method is *erase, then repair*. A [`Recipe`] says so as an ordered list of [`Phase`]s: each
//! is one operation on the weights ([`Reinit`], [`Zero`], [`Dampen`], …), one choice of elements that later phases
//! refer to ([`Select`]), one [training loop](Train), or several training loops that [take turns](Alternate). The loss
//! of a loop is a weighted sum of [`Term`]s over named sets. Methods write recipes, users may write their own
//! (`method = "recipe"`), workers interpret them; nobody else trains anything.
//!
//! Numbers carry their range, unknown keys are refused, and defaults are PyTorch's. A field that has its default is
//! not written, so a recipe that doesn't use a word has the same text, and the same run id, as before the word came.

mod alternate;
mod chance;
mod cost;
mod data;
mod either;
mod elements;
mod lockstep;
mod loss;
mod operation;
mod optimizer;
mod python;
mod shared;
mod tensors;
mod trail;
mod train;
mod uses;
mod visit;

pub use alternate::{Alternate, Memory, Round};
pub use data::{Augment, Labels, LeaveOut, Pairing, Part, Share, Stream};
pub use either::Either;
pub use elements::{
    Count, Elements, Extent, Importance, Measure, Order, Rounding, Rule, Score, Select, Signed,
};
pub use lockstep::Apart;
pub use loss::{
    Averaging, ClassWeight, Contrast, CrossEntropy, Direction, Distance, Divergence, Head, LipschitzBound,
    Penalty, Reduction, SoftCrossEntropy, Target, Teacher, TemperatureScale, Term, Toward,
};
pub use operation::{
    Batches, Cast, Dampen, FisherNoise, Init, Inverse, Move, Noise, NoiseUnit, Precision, Reinit, Route,
    Transpose, Turn, Zero,
};
pub use optimizer::{Accumulation, GradientFactor, GradientPlan, Optimizer, Pace, Schedule};
pub use python::{BatchSize, Imported, Interpreter, Python, Takes, own, root};
pub use shared::{SharedBy, SharedPass};
pub use tensors::{Replacement, Tensors};
pub use trail::{Path, Step, Trail};
pub use train::{AfterEpochs, BatchNorm, LateNoise, Rewind, Stop, Train};
pub use visit::{Edge, Listener, Mention};

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
    /// Turns convolution kernels.
    Transpose(Transpose),
    /// Sets weights to 0.
    Zero(Zero),
    /// Chooses elements by a score, for the phases that follow.
    Select(Select),
    /// Shrinks weights that matter more to one set than to another (SSD, LFSSD).
    Dampen(Dampen),
    /// Adds noise that is large where weights matter little (Fisher forgetting).
    FisherNoise(FisherNoise),
    /// Moves all weights in one direction (influence, task vector).
    Move(Move),
    /// Rounds weights to a coarser number format and back.
    Cast(Cast),
    /// Trains.
    Train(Train),
    /// Trains in turns.
    Alternate(Alternate),
    /// Takes one course or another, by chance.
    Either(Either),
    /// Calls a function of the user's own.
    Python(Python),
}

/// Whether a field has its default and need not be written.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests;
