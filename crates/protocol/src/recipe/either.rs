//! A choice between two courses, made anew in every run, as data.

use serde::{Deserialize, Serialize};

use super::Phase;
use crate::terms::UnitInterval;

/// One course or the other: a mixture of two methods over the runs of a point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Either {
    /// Probability of the first course.
    pub probability: UnitInterval,
    /// The first course.
    pub first: Vec<Phase>,
    /// The other.
    pub otherwise: Vec<Phase>,
}
