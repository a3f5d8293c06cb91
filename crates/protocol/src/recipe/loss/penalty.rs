//! Penalties on weights, as data.

use serde::{Deserialize, Serialize};

use crate::recipe::{Schedule, Tensors, is_default};

/// A penalty on the weights that train.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Penalty {
    /// Factor in the sum; any finite number.
    pub weight: f64,
    /// Which tensors are penalised, of those that train.
    #[serde(default)]
    pub tensors: Tensors,
    /// Where weights are pulled to; an L1 penalty knows only 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub toward: Toward,
    /// How the factor moves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_schedule: Schedule,
}

/// Where weights are pulled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Toward {
    /// 0.
    #[default]
    Zero,
    /// The weights at the start of the recipe.
    Start,
}
