//! Why a recipe can't be carried out.

use sweep_protocol::{network::NoSuchTensor, terms::Set};
use thiserror::Error;

/// The recipe can't be carried out on this network and these data.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unusable {
    /// A phase names a parameter or a module that the network lacks.
    #[error(transparent)]
    NoSuchTensor(#[from] NoSuchTensor),
    /// A phase refers to a choice of elements that no phase before it makes.
    #[error("no phase before it selects the elements `{}`; add a `select` phase of this name", name.escape_debug())]
    NoSuchChoice {
        /// The name.
        name: String,
    },
    /// Rounds that share an optimiser differ in what it needs.
    #[error(
        "phase {phase} shares one optimiser between rounds that differ in its kind, momentum, weight decay or in what is trainable; make them agree or set `memory = \"round\"`"
    )]
    Memory {
        /// Position of the phase, from 0.
        phase: usize,
    },
    /// A round has settings that only the whole loop can have.
    #[error("phase {phase} has a round with `memory` or `after-epochs` of its own; set them on the phase")]
    Round {
        /// Position of the phase, from 0.
        phase: usize,
    },
    /// A training loop has no data or no loss.
    #[error("phase {phase} trains without {lacking}; name at least one")]
    Empty {
        /// Position of the phase, from 0.
        phase: usize,
        /// What is missing.
        lacking: &'static str,
    },
    /// A loss is taken on a set that no stream draws from.
    #[error("phase {phase} takes a loss on the {set} set, which no stream of its `data` draws from")]
    NoStream {
        /// Position of the phase, from 0.
        phase: usize,
        /// The set.
        set: Set,
    },
    /// Two streams of one loop draw from the same set.
    #[error(
        "phase {phase} draws twice from the {set} set; a term of the loss could not tell the streams apart"
    )]
    TwoStreams {
        /// Position of the phase, from 0.
        phase: usize,
        /// The set.
        set: Set,
    },
    /// A stream draws from a set without examples.
    #[error("phase {phase} draws from the {set} set, which the data set leaves empty")]
    EmptySet {
        /// Position of the phase, from 0.
        phase: usize,
        /// The set.
        set: Set,
    },
    /// Batches of one example while batch normalisation trains.
    #[error(
        "phase {phase} draws single examples from the {set} set, which batch normalisation can't be trained on; raise `batch-size` or set `batch-norm = \"frozen\"`"
    )]
    SingleExample {
        /// Position of the phase, from 0.
        phase: usize,
        /// The set.
        set: Set,
    },
    /// A term's weight is not a finite number.
    #[error("phase {phase} weighs a term of the loss with a number that is not finite")]
    Weight {
        /// Position of the phase, from 0.
        phase: usize,
    },
    /// Class weights don't fit the network.
    #[error("the data set counts {counts} classes, the network has {classes} outputs")]
    Classes {
        /// Classes with a count.
        counts: usize,
        /// Outputs of the network.
        classes: i64,
    },
}
