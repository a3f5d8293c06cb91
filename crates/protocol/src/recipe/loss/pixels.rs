//! Terms that compare what a network says to different images, as data.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::one;
use crate::{
    recipe::{Schedule, is_default},
    terms::{Positive, Set},
};

/// A contrast between the logits of two streams.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Contrast {
    /// The stream whose logits learn.
    pub on: Set,
    /// The stream whose logits they are compared with; computed after them in the same mode of batch norm.
    pub against: Set,
    /// Factor in the sum; any finite number.
    #[serde(default = "one")]
    pub weight: f64,
    /// t.
    pub temperature: Positive,
    /// How the factor moves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_schedule: Schedule,
}

/// How much outputs may move with the pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LipschitzBound {
    /// The stream that it is taken on.
    pub on: Set,
    /// Factor in the sum; any finite number.
    #[serde(default = "one")]
    pub weight: f64,
    /// n.
    pub copies: NonZeroU32,
    /// Standard deviation of the noise on the pixels (0 to 255).
    pub std: Positive,
    /// How the factor moves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_schedule: Schedule,
}
