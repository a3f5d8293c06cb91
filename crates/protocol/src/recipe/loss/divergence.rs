//! Divergence from a distribution, as data.

use serde::{Deserialize, Serialize};

use super::{Teacher, one, unit};
use crate::{
    recipe::{Schedule, is_default},
    terms::{Positive, Set},
};

/// KL divergence, averaged over the batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Divergence {
    /// The stream that it is taken on.
    pub on: Set,
    /// Factor in the sum; any finite number, a negative one ascends.
    #[serde(default = "one")]
    pub weight: f64,
    /// What the softmax is compared with.
    pub target: Target,
    /// Temperature of both softmaxes.
    #[serde(default = "unit")]
    pub temperature: Positive,
    /// Whether the divergence is multiplied by T².
    #[serde(default, skip_serializing_if = "is_default")]
    pub scale: TemperatureScale,
    /// What it is divided by.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reduction: Reduction,
    /// Which distribution the mean is taken over.
    #[serde(default, skip_serializing_if = "is_default")]
    pub direction: Direction,
    /// The set whose examples count, where the stream is mixed; the others count as 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub members: Option<Set>,
    /// How the factor moves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_schedule: Schedule,
}

impl Divergence {
    /// KL(target ‖ softmax) at temperature 1, averaged over the batch.
    pub fn new(on: Set, weight: f64, target: Target) -> Self {
        Self {
            on,
            weight,
            target,
            temperature: unit(),
            scale: TemperatureScale::Off,
            reduction: Reduction::BatchMean,
            direction: Direction::FromTarget,
            members: None,
            weight_schedule: Schedule::Constant,
        }
    }
}

/// A distribution over classes that a softmax is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The softmax of a teacher's logits.
    Teacher(Teacher),
    /// The same with the true class's logit at −1e10 (DELETE).
    MaskedTeacher(Teacher),
    /// All classes alike.
    Uniform,
}

/// Whether a divergence at a temperature T is multiplied by T².
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TemperatureScale {
    /// It isn't.
    #[default]
    Off,
    /// It is.
    Squared,
}

/// What a sum over the batch and its classes is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// B.
    #[default]
    BatchMean,
    /// B times the number of classes: PyTorch's default, which divides the learning rate by it.
    Mean,
}

/// Which distribution the mean of a KL divergence is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// KL(target ‖ softmax).
    #[default]
    FromTarget,
    /// KL(softmax ‖ target).
    FromStudent,
}
