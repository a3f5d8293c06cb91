//! The interpreter of recipes.
//!
//! [`check`] refuses what can't be carried out before anything is touched; [`carry_out`] does the phases in order. It
//! knows no clock and no pipe: whoever wants to hear about progress hands in a [`Watch`].

mod check;
mod dampen;
mod data;
mod either;
mod elements;
mod fisher;
mod gradient;
mod importance;
mod influence;
mod loss;
mod movement;
mod operation;
mod pass;
mod python;
mod schedule;
mod select;
mod teacher;
mod tensors;
mod train;
mod unusable;
mod work;

pub use check::check;
pub use python::{CallError, Interpreters};
pub use unusable::Unusable;

use std::{ops::ControlFlow, time::Duration};

use sweep_protocol::{
    network::NoSuchTensor,
    recipe::{Phase, Recipe},
};
use thiserror::Error;

use crate::{
    draws::{Draws, Unrecorded},
    examples::Examples,
    network::{Network, Weights},
    pass_cache::PassCache,
};
use elements::Choices;
use teacher::Teachers;
use work::Work;

/// What a recipe is done to.
pub struct Subject<'a> {
    /// The network.
    pub network: &'a Network,
    /// Its weights.
    pub weights: &'a mut Weights,
    /// What earlier runs have found out about it.
    pub known: &'a PassCache,
    /// Interpreters that wait for functions of the user's own.
    pub interpreters: &'a Interpreters,
}

/// Hears how a recipe gets on.
pub trait Watch {
    /// An optimiser step was issued, the `step`-th of the recipe, counted from 1. Breaking abandons the recipe.
    fn stepped(&mut self, step: u64) -> ControlFlow<()>;

    /// A function of the user's own is at work; it has taken so many batches or steps by now. Breaking abandons the recipe.
    fn works(&mut self, _moves: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Losses of the latest steps have arrived on the host, in order and each exactly once.
    fn losses(&mut self, _losses: &[f64]) {}

    /// Losses of a pass that took gradients but no step have arrived on the host.
    fn scored(&mut self, _losses: &[f64]) {}
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
    /// A function of the user's own came to nothing.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The watch wanted no more.
    #[error("the run was abandoned")]
    Abandoned,
}

impl From<NoSuchTensor> for Halt {
    fn from(missing: NoSuchTensor) -> Self {
        Self::Unusable(missing.into())
    }
}

/// What became of a recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Optimiser steps.
    pub steps: u64,
    /// Whether weights and running statistics are bit for bit what they were: of a recipe with phases, a sign that it
    /// silently does nothing.
    pub unchanged: bool,
    /// Time in a function of the user's own alone, where one was called.
    pub called: Option<Duration>,
}

/// Carries a recipe out.
pub fn carry_out(
    recipe: &Recipe,
    subject: &mut Subject<'_>,
    examples: &Examples,
    draws: &mut dyn Draws,
    watch: &mut dyn Watch,
) -> Result<Done, Halt> {
    check(recipe, subject.network.layout(), examples)?;
    let recipe = either::decided(recipe, draws)?;
    let Subject { network, weights, known, interpreters } = subject;
    let (known, interpreters) = (*known, *interpreters);
    let teachers = Teachers::new(weights, known);
    let choices = Choices::default();
    let mut work = Work {
        network,
        weights,
        known,
        interpreters,
        examples,
        draws,
        watch,
        teachers,
        choices,
        steps: 0,
        called: None,
    };
    for (phase, plan) in recipe.phases.iter().enumerate() {
        match plan {
            Phase::Reinit(plan) => operation::reinit(plan, phase, &mut work)?,
            Phase::Noise(plan) => operation::noise(plan, phase, &mut work)?,
            Phase::Transpose(plan) => operation::transpose(plan, &mut work)?,
            Phase::Zero(plan) => operation::zero(plan, &mut work)?,
            Phase::Cast(plan) => operation::cast(*plan, &mut work),
            Phase::Select(plan) => select::select(plan, phase, &mut work)?,
            Phase::Train(plan) => train::train(plan, (phase, 0), &mut work)?,
            Phase::Alternate(plan) => train::alternate(plan, phase, &mut work)?,
            Phase::Dampen(plan) => dampen::dampen(plan, phase, &mut work)?,
            Phase::FisherNoise(plan) => fisher::fisher_noise(plan, phase, &mut work)?,
            Phase::Move(plan) => movement::step(plan, phase, &mut work)?,
            Phase::Python(plan) => python::call(plan, phase, &mut work)?,
            Phase::Either(_) => unreachable!("every choice is made"),
        }
    }
    let steps = work.steps;
    if !work.weights.are_finite() {
        return Err(Halt::Diverged { step: steps });
    }
    let called = work.called;
    Ok(Done { steps, unchanged: work.weights.equals(work.teachers.start()), called })
}

#[cfg(test)]
mod tests;
