//! The interpreter of recipes.
//!
//! [`check`] refuses what can't be carried out before anything is touched; [`carry_out`] does the phases in order. It
//! knows no clock and no pipe: whoever wants to hear about progress hands in a [`Watch`].

mod check;
mod feed;
mod losses;
mod operation;
mod tensors;
mod train;

pub use check::{Unusable, check};

use std::ops::ControlFlow;

use sweep_protocol::recipe::{Phase, Recipe};
use thiserror::Error;

use crate::{
    draws::{Draws, Unrecorded},
    examples::Examples,
    network::{Network, Weights},
};

/// What a recipe is done to.
pub struct Subject<'a> {
    /// The network.
    pub network: &'a dyn Network,
    /// Its weights.
    pub weights: &'a mut Weights,
}

/// Hears how a recipe gets on.
pub trait Watch {
    /// An optimiser step was issued, the `step`-th of the recipe, counted from 1. Breaking abandons the recipe.
    fn stepped(&mut self, step: u64) -> ControlFlow<()>;

    /// Losses of the latest steps have arrived on the host, in order and each exactly once.
    fn losses(&mut self, _losses: &[f64]) {}
}

/// The recipe was not carried out to its end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Halt {
    /// It can't be carried out on this network and data.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// The loss or the weights stopped being finite.
    #[error("the loss or the weights are not finite after step {step}")]
    Diverged {
        /// Optimiser steps until then.
        step: u64,
    },
    /// A recording lacks what the recipe asks for.
    #[error(transparent)]
    Unrecorded(#[from] Unrecorded),
    /// The watch wanted no more.
    #[error("the run was abandoned")]
    Abandoned,
}

/// Carries a recipe out and returns the number of optimiser steps.
pub fn carry_out(
    recipe: &Recipe,
    subject: &mut Subject<'_>,
    examples: &Examples,
    draws: &mut dyn Draws,
    watch: &mut dyn Watch,
) -> Result<u64, Halt> {
    check(recipe, subject.network.layout(), examples)?;
    let mut steps = 0;
    for (phase, plan) in recipe.phases.iter().enumerate() {
        match plan {
            Phase::Reinit(plan) => operation::reinit(plan, phase, subject, draws)?,
            Phase::Noise(plan) => operation::noise(plan, phase, subject, draws)?,
            Phase::Transpose(plan) => operation::transpose(plan, subject)?,
            Phase::Zero(_)
            | Phase::Select(_)
            | Phase::Dampen(_)
            | Phase::FisherNoise(_)
            | Phase::Move(_)
            | Phase::Cast(_)
            | Phase::Alternate(_) => return Err(Halt::Unusable(Unusable::Uninterpreted { phase })),
            Phase::Train(plan) => {
                let place = train::Place { phase, steps_before: steps };
                steps += train::train(plan, place, subject, examples, &mut train::Around { draws, watch })?;
            }
        }
    }
    if subject.weights.are_finite() { Ok(steps) } else { Err(Halt::Diverged { step: steps }) }
}

#[cfg(test)]
mod tests;
