//! The score of the `NeurIPS` 2023 Machine Unlearning Challenge: how hard it is to tell unlearned models from
//! models retrained without the forget set, times what unlearning cost in accuracy.
//!
//! ```text
//! Ensemble<Unlearned> ─┐
//!                      ├─ epsilons ─▶ ForgettingQuality ─┐
//! Oracle ──────────────┘                                 ├─▶ Score
//!           └──────────────────────────▶ Utility ────────┘
//! ```
//!
//! It follows `metric.py` of <https://github.com/google-deepmind/unlearning_evaluation> threshold for
//! threshold, but counts models instead of building arrays of them. The number depends on how many models
//! stand on each side: scores at different N do not compare, and independently retrained models score about
//! 0.2, not 1.
//!
//! Pure: no files, no clock, no printing. It knows neither methods nor the store; randomness (for intervals
//! only) comes from the seed that the caller gives.

mod ensemble;
mod oracle;
mod incomparable;
mod epsilon;
mod forgetting_quality;
mod utility;
#[expect(clippy::module_inception, reason = "the room is named after the one thing in it")]
mod score;
mod interval;
mod bootstrap;
mod resampled;
mod clopper_pearson;
mod components;
mod crossfit;
mod permutation;
mod objective;
mod arrays;

pub use arrays::{ArrayScore, BOOTSTRAP_SEED, Scored, ensemble, equally_accurate, from_arrays};
pub use clopper_pearson::{lower as clopper_pearson_lower, upper as clopper_pearson_upper};
pub use components::{Components, Crossed, Crossing, Deviation, deviation};
pub use crossfit::{Attack, CONFIDENCE, CrossFit, EpsilonBound, MIN_HALVED, Place};
pub use ensemble::{Confidences, Ensemble, Kind, MAX_CONFIDENCE, Model, Retrained, Side, Unlearned};
pub use epsilon::{CAP, Epsilon, Rule, epsilons, median};
pub use forgetting_quality::{Bucket, ForgettingQuality};
pub use incomparable::Incomparable;
pub use interval::{Construction, Interval, half_width, mean_interval};
pub use objective::Objective;
pub use oracle::{MIN_MODELS, Oracle};
pub use permutation::{
    Nulls, PERMUTATION_SEED, Shift, Subgroup, Tested, affordable, benjamini_hochberg, difference_p,
    energy_distance, energy_p, namings, sequential, smallest_found,
};
pub use resampled::{Difference, PairedDifference, Part, Resampled};
pub use score::Score;
pub use utility::Utility;

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "golden numbers are met to the last bit")]
mod tests;
