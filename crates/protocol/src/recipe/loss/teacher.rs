//! Terms that follow a teacher, as data.

use serde::{Deserialize, Serialize};

use super::{one, unit};
use crate::{
    recipe::{Schedule, is_default},
    terms::{Positive, Set},
};

/// A network that stands still and uses its running statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Teacher {
    /// The weights at the start of the recipe.
    Start,
    /// Weights as the network is born, drawn in this run (Bad Teacher's incompetent one).
    Born,
}

/// Cross entropy with a teacher's softmax.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SoftCrossEntropy {
    /// The stream that it is taken on.
    pub on: Set,
    /// Factor in the sum; any finite number.
    #[serde(default = "one")]
    pub weight: f64,
    /// Whose softmax.
    pub teacher: Teacher,
    /// Temperature of both softmaxes.
    #[serde(default = "unit")]
    pub temperature: Positive,
    /// The set whose examples count, where the stream is mixed; the others count as 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub members: Option<Set>,
    /// How the factor moves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_schedule: Schedule,
}

impl SoftCrossEntropy {
    /// With a temperature of both softmaxes.
    pub fn new(on: Set, weight: f64, teacher: Teacher, temperature: Positive) -> Self {
        Self { on, weight, teacher, temperature, members: None, weight_schedule: Schedule::Constant }
    }
}

/// Squared distance of outputs to a teacher's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Distance {
    /// The stream that it is taken on.
    pub on: Set,
    /// Factor in the sum; any finite number.
    #[serde(default = "one")]
    pub weight: f64,
    /// Whose outputs.
    pub teacher: Teacher,
    /// The set whose examples count, where the stream is mixed; the others count as 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub members: Option<Set>,
    /// How the factor moves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_schedule: Schedule,
}

impl Distance {
    /// To a teacher.
    pub fn new(on: Set, weight: f64, teacher: Teacher) -> Self {
        Self { on, weight, teacher, members: None, weight_schedule: Schedule::Constant }
    }
}
