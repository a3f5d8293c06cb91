//! Cross entropy, as data.

use serde::{Deserialize, Serialize};

use super::one;
use crate::{
    recipe::{Schedule, is_default},
    terms::{NonNegative, Set},
};

/// Cross entropy with the labels of a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CrossEntropy {
    /// The stream that it is taken on.
    pub on: Set,
    /// Factor in the sum; any finite number, a negative one ascends.
    #[serde(default = "one")]
    pub weight: f64,
    /// Weight of each class.
    #[serde(default)]
    pub class_weight: ClassWeight,
    /// How the examples' cross entropies become one number.
    #[serde(default, skip_serializing_if = "is_default")]
    pub averaging: Averaging,
    /// The set whose examples count, where the stream is mixed; the others count as 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub members: Option<Set>,
    /// How the factor moves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_schedule: Schedule,
}

impl CrossEntropy {
    /// The plain mean, times a weight.
    pub fn new(on: Set, weight: f64) -> Self {
        Self {
            on,
            weight,
            class_weight: ClassWeight::None,
            averaging: Averaging::ByWeight,
            members: None,
            weight_schedule: Schedule::Constant,
        }
    }
}

/// Weights of the classes in a cross entropy.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassWeight {
    /// All 1.
    #[default]
    None,
    /// 1 / count, with the counts of `age_class_weights.json`.
    Inverse,
    /// count^−power with the counts of one set.
    #[serde(rename_all = "kebab-case")]
    Power {
        /// Which set is counted.
        counts: Set,
        /// The power, without its minus.
        power: NonNegative,
    },
    /// 1 for class 0, this for every other.
    Others(NonNegative),
}

/// How the cross entropies ℓᵢ of a batch of B examples with class weights wᵢ become one number.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Averaging {
    /// Σ wᵢℓᵢ / Σ wᵢ, as PyTorch does.
    #[default]
    ByWeight,
    /// Σ wᵢℓᵢ / B.
    ByCount,
    /// (Σ wᵢ / B) · (Σ ℓᵢ / B): the weights only scale the batch's step, as CFW was published.
    Product,
    /// Σ cᵢℓᵢ with cᵢ ∝ ℓᵢ^−power, summing to 1 and without gradient (`SFRon`).
    Adaptive(NonNegative),
}
