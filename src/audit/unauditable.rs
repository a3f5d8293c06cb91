use thiserror::Error;

/// Why an audit has no number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Unauditable {
    /// A group of examples or of models is too small.
    #[error("{what}: {have} are too few, {want} are needed")]
    TooFew {
        /// Of what.
        what: &'static str,
        /// How many there are.
        have: usize,
        /// How many are needed.
        want: usize,
    },
    /// The runs were measured without what the audit looks at.
    #[error(
        "the runs have not measured what it looks at; name the audit in `[audit]` and run the sweep again"
    )]
    NotMeasured,
    /// Two models were measured on different examples.
    #[error("the models were measured on {left} and on {right} examples")]
    Ragged {
        /// Examples of the first.
        left: usize,
        /// Examples of another.
        right: usize,
    },
}
