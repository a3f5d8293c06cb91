//! The interpreter of recipes.
//!
//! [`check`] refuses what can't be carried out before anything is touched; [`carry_out`] does the phases in order. It
//! knows no clock and no pipe: whoever wants to hear about progress hands in a [`Watch`].

mod check;
mod cohort;
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
pub use python::seed;
pub use unusable::Unusable;

use std::{ops::ControlFlow, time::Duration};

use sweep_protocol::{
    curves::Reading,
    network::NoSuchTensor,
    recipe::{Phase, Recipe},
};
use thiserror::Error;

use crate::{
    draws::{Draws, Unrecorded},
    examples::Examples,
    network::{Network, NetworkRows, Weights},
    pass_cache::PassCache,
    python::{CallError, Interpreters},
};
use cohort::Cohort;
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

/// What runs of a cohort have in common.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The network.
    pub network: &'a Network,
    /// The data.
    pub examples: &'a Examples,
    /// What earlier runs have found out about the network.
    pub known: &'a PassCache,
    /// Interpreters that wait for functions of the user's own.
    pub interpreters: &'a Interpreters,
}

/// One run of a cohort.
pub struct Participant<'a> {
    /// Its weights.
    pub weights: &'a mut Weights,
    /// What it draws from.
    pub draws: &'a mut dyn Draws,
    /// Who hears of it.
    pub watch: &'a mut dyn Watch,
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

    /// Whether accuracies are to be measured between the epochs of a loop.
    fn wants_accuracies(&self) -> bool {
        false
    }

    /// Something is measured that is no part of the recipe: it begins, or has ended.
    fn aside(&mut self, _begins: bool) {}

    /// A loop has come to its end, and this is what it has read.
    fn read(&mut self, _readings: &[Reading]) {}
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

/// Carries a recipe out in one run.
pub fn carry_out(
    recipe: &Recipe,
    subject: &mut Subject<'_>,
    examples: &Examples,
    draws: &mut dyn Draws,
    watch: &mut dyn Watch,
) -> Result<Done, Halt> {
    let Subject { network, weights, known, interpreters } = subject;
    let ground = Surroundings { network, examples, known, interpreters };
    let done = carry_out_together(recipe, ground, vec![Participant { weights, draws, watch }], 1);
    done.into_iter().next().expect("one run has one end")
}

/// Carries a recipe out in several runs, of which there is at least one, and says of each what became of it.
///
/// Where the recipe allows it ([`Recipe::apart`]) they go through its training loops in lockstep, in at least `width` rows:
/// a run's numbers depend on how many rows there are, to rounding, and never on what the others draw or how they end.
/// Everything else is done run by run.
pub fn carry_out_together<'a>(
    recipe: &Recipe,
    ground: Surroundings<'a>,
    mut runs: Vec<Participant<'a>>,
    width: usize,
) -> Vec<Result<Done, Halt>> {
    let several = runs.len().max(width) > 1;
    if several && recipe.apart().is_some() {
        return runs.into_iter().flat_map(|run| carry_out_together(recipe, ground, vec![run], 1)).collect();
    }
    let decided = check(recipe, ground.network.layout(), ground.examples).map_err(Halt::from);
    // Only a run by itself has choices.
    let decided = decided.and_then(|()| Ok(either::decided(recipe, runs[0].draws)?));
    let recipe = match decided {
        Ok(recipe) => recipe,
        Err(halt) => return vec![Err(halt); runs.len()],
    };
    let mut networks: Vec<&mut Weights> = runs.iter_mut().map(|run| &mut *run.weights).collect();
    let rows = NetworkRows::of(&mut networks, width);
    let mut works: Vec<Work<'a>> = runs.into_iter().map(|run| Work::new(ground, run)).collect();
    let mut halts: Vec<Option<Halt>> = vec![None; works.len()];
    for (number, phase) in recipe.phases.iter().enumerate() {
        let runs = works.iter_mut().zip(&mut halts).map(|(work, halt)| cohort::Mate { work, halt });
        let mut cohort = Cohort { rows: &rows, runs: runs.collect() };
        match phase {
            Phase::Train(plan) => train::train(plan, (number, 0), &mut cohort),
            Phase::Alternate(plan) => train::alternate(plan, number, &mut cohort),
            other => {
                for run in cohort.runs.iter_mut().filter(|run| run.halt.is_none()) {
                    let result = by_itself(other, number, run.work);
                    run.after(result);
                }
            }
        }
    }
    works.into_iter().zip(halts).map(|(work, halt)| halt.map_or_else(|| work.done(), Err)).collect()
}

/// Carries out a phase that has no loop which runs could go through together.
fn by_itself(plan: &Phase, phase: usize, work: &mut Work<'_>) -> Result<(), Halt> {
    match plan {
        Phase::Reinit(plan) => operation::reinit(plan, phase, work)?,
        Phase::Noise(plan) => operation::noise(plan, phase, work)?,
        Phase::Transpose(plan) => operation::transpose(plan, work)?,
        Phase::Zero(plan) => operation::zero(plan, work)?,
        Phase::Cast(plan) => operation::cast(*plan, work),
        Phase::Select(plan) => select::select(plan, phase, work)?,
        Phase::Dampen(plan) => dampen::dampen(plan, phase, work)?,
        Phase::FisherNoise(plan) => fisher::fisher_noise(plan, phase, work)?,
        Phase::Move(plan) => movement::step(plan, phase, work)?,
        Phase::Python(plan) => python::call(plan, phase, work)?,
        Phase::Train(_) | Phase::Alternate(_) => unreachable!("loops are a cohort's"),
        Phase::Either(_) => unreachable!("every choice is made"),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
