//! Refuses recipes that can't be carried out, before anything is touched.

use sweep_protocol::{
    recipe::{BatchNorm, ClassWeight, CrossEntropy, Phase, Recipe, Stream, Term, Train},
    terms::{Set, SetSizes},
};
use thiserror::Error;

use super::tensors::places;
use crate::{
    examples::Examples,
    network::{Layout, Parameter},
};

/// The recipe can't be carried out on this network and these data.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unusable {
    /// A phase names a parameter or a module that the network lacks.
    #[error("the network has no parameter or module `{}`; names are those of PyTorch's state dict, e.g. `conv1.weight`, `layer4`", name.escape_debug())]
    NoSuchTensor {
        /// The name.
        name: String,
    },
    /// The grammar knows the phase, this interpreter doesn't yet.
    #[error("phase {phase} is of a kind that this engine doesn't interpret")]
    Uninterpreted {
        /// Position of the phase, from 0.
        phase: usize,
    },
    /// The grammar knows the choice of tensors, this interpreter doesn't yet.
    #[error("the recipe chooses tensors in a way that this engine doesn't interpret")]
    Tensors,
    /// A training loop has no data or no loss.
    #[error("phase {phase} trains without {lacking}; name at least one")]
    Empty {
        /// Position of the phase, from 0.
        phase: usize,
        /// `data` or `loss`.
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

/// Checks every phase against the network and the data.
pub fn check(recipe: &Recipe, layout: &Layout, examples: &Examples) -> Result<(), Unusable> {
    for (phase, plan) in recipe.phases.iter().enumerate() {
        let tensors = match plan {
            Phase::Reinit(plan) => &plan.tensors,
            Phase::Noise(plan) => &plan.tensors,
            Phase::Transpose(plan) => &plan.tensors,
            Phase::Zero(_)
            | Phase::Select(_)
            | Phase::Dampen(_)
            | Phase::FisherNoise(_)
            | Phase::Move(_)
            | Phase::Cast(_)
            | Phase::Alternate(_) => return Err(Unusable::Uninterpreted { phase }),
            Phase::Train(plan) => {
                data(plan, phase, &examples.sizes())?;
                loss(plan, phase, layout, examples)?;
                &plan.trainable
            }
        };
        places(layout, tensors)?;
    }
    Ok(())
}

fn data(plan: &Train, phase: usize, sizes: &SetSizes) -> Result<(), Unusable> {
    if plan.data.is_empty() {
        return Err(Unusable::Empty { phase, lacking: "data" });
    }
    for (position, Stream { set, batch_size, .. }) in plan.data.iter().enumerate() {
        let set = *set;
        if plan.data[..position].iter().any(|other| other.set == set) {
            return Err(Unusable::TwoStreams { phase, set });
        }
        let smallest = sizes.of(set).min(u64::from(batch_size.get()));
        match smallest {
            0 => return Err(Unusable::EmptySet { phase, set }),
            1 if plan.batch_norm == BatchNorm::Train => return Err(Unusable::SingleExample { phase, set }),
            _ => {}
        }
    }
    Ok(())
}

fn loss(plan: &Train, phase: usize, layout: &Layout, examples: &Examples) -> Result<(), Unusable> {
    if plan.loss.is_empty() {
        return Err(Unusable::Empty { phase, lacking: "loss" });
    }
    for term in &plan.loss {
        let Term::CrossEntropy(CrossEntropy { on, weight, class_weight, .. }) = term else {
            return Err(Unusable::Uninterpreted { phase });
        };
        if !plan.data.iter().any(|stream| stream.set == *on) {
            return Err(Unusable::NoStream { phase, set: *on });
        }
        if !weight.is_finite() {
            return Err(Unusable::Weight { phase });
        }
        let counts = examples.class_counts().len();
        let classes = layout.parameters.last().map_or(0, Parameter::count);
        if *class_weight == ClassWeight::Inverse && counts as i64 != classes {
            return Err(Unusable::Classes { counts, classes });
        }
    }
    Ok(())
}
