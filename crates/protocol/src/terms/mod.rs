//! Small words with one invariant each.

mod content_hash;
mod device;
mod number;
mod products;
mod run_id;
mod value;

pub use content_hash::{ContentHash, NotAHash};
pub use device::{Device, NotADevice};
pub use number::{NonNegative, NotInRange, Positive, UnitInterval};
pub use products::{NoSuchProducts, Products};
pub use run_id::{NotARunId, RunId};
pub use value::Value;

use serde::{Deserialize, Serialize};

/// The number from which everything random in one run is derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl std::fmt::Display for Seed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A part of the data that a training loop can draw from or a measurement can be taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Set {
    /// Retain and forget set together: what the original was trained on.
    Train,
    /// What the network may go on knowing.
    Retain,
    /// What it must forget.
    Forget,
    /// Held out while training; unlearning methods may use it.
    Validation,
    /// Held out from everything but the measurement.
    Test,
}

impl Set {
    /// The word that a grid and a report use for the set.
    pub fn word(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Retain => "retain",
            Self::Forget => "forget",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

impl std::fmt::Display for Set {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.word())
    }
}

/// How many examples each set holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetSizes {
    /// Examples in the retain set.
    pub retain: u64,
    /// Examples in the forget set.
    pub forget: u64,
    /// Examples in the validation set.
    pub validation: u64,
    /// Examples in the test set, where there is one.
    pub test: Option<u64>,
}

impl SetSizes {
    /// Number of examples in `set`; an absent test set has none.
    pub fn of(&self, set: Set) -> u64 {
        match set {
            Set::Train => self.retain + self.forget,
            Set::Retain => self.retain,
            Set::Forget => self.forget,
            Set::Validation => self.validation,
            Set::Test => self.test.unwrap_or(0),
        }
    }
}
