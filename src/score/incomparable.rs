//! Why two groups of models have no score.

use thiserror::Error;

use super::{ensemble::Side, oracle::MIN_MODELS};

/// Failed to compare unlearned with retrained models.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Incomparable {
    /// Some runs of a group have not finished.
    #[error("only {have} of {want} {side} models are finished; finish or retry the others")]
    Incomplete {
        /// The group.
        side: Side,
        /// Models that finished.
        have: usize,
        /// Models that were asked for.
        want: usize,
    },
    /// The score has no buckets below three models.
    #[error("{have} models on each side; the score is defined from {MIN_MODELS} on")]
    TooFewModels {
        /// Models on each side.
        have: usize,
    },
    /// A group is too small to be halved.
    #[error("{have} models on each side; the cross-fitted estimator halves them and needs 4")]
    TooFewToHalve {
        /// Models on each side.
        have: usize,
    },
    /// The groups differ in size.
    #[error(
        "{unlearned} unlearned but {retrained} retrained models; scores need the same number on both sides"
    )]
    UnequalModels {
        /// Unlearned models.
        unlearned: usize,
        /// Retrained models.
        retrained: usize,
    },
    /// The groups were measured on different forget sets.
    #[error(
        "{unlearned} forget examples on the unlearned side but {retrained} on the retrained; measure both on \
         one split"
    )]
    UnequalExamples {
        /// Examples per unlearned model.
        unlearned: usize,
        /// Examples per retrained model.
        retrained: usize,
    },
    /// A model has another number of confidences than the first of its group.
    #[error(
        "{side} model {model} has {have} confidences, the models before it {want}; measure all on one split"
    )]
    Ragged {
        /// The group.
        side: Side,
        /// Position of the model in its group.
        model: usize,
        /// Its confidences.
        have: usize,
        /// Those of the first model.
        want: usize,
    },
    /// There is nothing to compare on.
    #[error("the forget set of the {side} models is empty")]
    NoExamples {
        /// The group.
        side: Side,
    },
    /// An array doesn't hold one row per model and one column per forget example.
    #[error("the {side} array has {have} axes, not 2; pass one row per model, one column per forget example")]
    WrongRank {
        /// The group.
        side: Side,
        /// Axes of the array.
        have: usize,
    },
    /// A confidence is not a number.
    #[error(
        "{side} model {model} has confidence {value} on forget example {example}; leave diverged models out"
    )]
    NotFinite {
        /// The group.
        side: Side,
        /// Position of the model in its group.
        model: usize,
        /// Position of the example in the forget set.
        example: usize,
        /// NaN or an infinity.
        value: f64,
    },
    /// A confidence is too large to have been logit-scaled.
    #[error(
        "{side} model {model} has confidence {value} on forget example {example}, beyond ±{limit}; \
         pass logit-scaled confidences"
    )]
    OutOfRange {
        /// The group.
        side: Side,
        /// Position of the model in its group.
        model: usize,
        /// Position of the example in the forget set.
        example: usize,
        /// The confidence.
        value: f64,
        /// Largest magnitude.
        limit: f64,
    },
    /// Every model of both sides has the same confidence: no threshold tells anything.
    #[error(
        "all models of both sides have confidence {value} on forget example {example}; check that \
         seeds differ"
    )]
    Constant {
        /// Position of the example in the forget set.
        example: usize,
        /// The one confidence.
        value: f64,
    },
    /// No threshold leaves an error on both sides: the confidences lie closer than thresholds do.
    #[error(
        "no threshold tells the sides apart on forget example {example}: their confidences differ by less than \
         the grid of thresholds (0.01)"
    )]
    Unresolved {
        /// Position of the example in the forget set.
        example: usize,
    },
    /// The oracle is never right, so nothing can be measured against it.
    #[error("the retrained models have mean accuracy 0 on the {set} set; train the oracle longer")]
    UselessOracle {
        /// The set.
        set: &'static str,
    },
    /// There is no replicate to take an interval from.
    #[error("none of {replicates} bootstrap replicates has a score; ask for more, or for more models")]
    NoReplicate {
        /// Replicates that were asked for.
        replicates: usize,
    },
}
