//! Runs on a network of the user's own, which Python alone can compute.
//!
//! A process builds the network, gives it the weights that a run starts from, calls the function, and leaves weights; another
//! builds it anew, takes them, and says what it makes of every image (`perform_own` in `python/runner.py`). Weights travel by
//! names and shapes, logits in shared memory; everything after that is what it is for every run. Before the first run a network
//! is looked at once, so that one that can't be used ends the sweep and not its longest training.

mod job;

use std::{cell::RefCell, path::Path, time::Duration};

use sweep_inputs::checkpoint::{self, StateDict, Values};
use sweep_protocol::{
    message::Failure,
    network,
    recipe::{Phase, Python, Recipe},
};
use tch::{Device, Tensor};

use crate::{
    examples::Examples,
    measure::Outputs,
    python::{
        CallError, EarlyEnd, Interpreters, Returned, Works, answer, ready, refuse_changed, refuse_unplanned,
    },
};
use job::OwnDesk;

/// Modules that nearly every network imports, where the interpreter has them.
const AHEAD: &[&str] = &["torch._dynamo", "torchvision"];

/// Most bytes of the weights of a network that has not been looked at.
const MOST_BYTES: u64 = (4 << 30) - 1;

/// The tensors of a network: names, shapes, and whether they hold real numbers.
type OwnLayout = Vec<(String, Vec<usize>, bool)>;

/// The network that was looked at last, and its tensors.
#[derive(Debug, Default)]
pub struct Acquaintance(RefCell<Option<(network::Network, OwnLayout)>>);

/// What runs on a network of the user's own work with.
#[derive(Clone, Copy)]
pub struct OwnGround<'a> {
    /// The network.
    pub network: &'a network::Network,
    /// What makes it.
    pub own: &'a Python,
    /// The data.
    pub examples: &'a Examples,
    /// Where it is computed.
    pub device: Device,
    /// Interpreters that wait.
    pub interpreters: &'a Interpreters,
    /// What is known of the network.
    pub known: &'a Acquaintance,
}

/// What a run has left.
#[derive(Debug)]
pub struct Left {
    /// The weights.
    pub state: StateDict,
    /// What the network says with them.
    pub said: Outputs,
    /// Optimiser steps.
    pub steps: u64,
    /// Whether a function has left the weights as they were.
    pub unchanged: bool,
    /// Time in the function alone.
    pub called: Duration,
}

/// A run on a network of the user's own came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnError {
    /// A call failed.
    Call(CallError),
    /// The weights stopped being finite.
    Diverged {
        /// Optimiser steps until then.
        step: u64,
    },
    /// Whoever watches wanted no more.
    Abandoned,
}

/// Carries out a run from these weights, or from those that the constructor draws.
pub fn carry_out(
    recipe: &Recipe,
    ground: OwnGround<'_>,
    start: Option<&StateDict>,
    seed: u64,
    works: &mut Works<'_>,
) -> Result<Left, OwnError> {
    let call = match recipe.phases.as_slice() {
        [] => None,
        [Phase::Python(call)] => Some(call),
        _ => {
            let reason = "only Python can compute it, so a run on it calls one function in Python and has no other phase";
            return Err(named(ground.own, EarlyEnd::refused(reason)));
        }
    };
    look_at(ground, works)?;
    let whose = call.unwrap_or(ground.own);
    performed(call, ground, start, seed, works).map_err(|end| named(whose, end))?
}

/// Looks at a network that is new here: draws its weights, and lets both processes say what it makes of a few images.
fn look_at(ground: OwnGround<'_>, works: &mut Works<'_>) -> Result<(), OwnError> {
    let is_known = |known: &(network::Network, OwnLayout)| known.0 == *ground.network;
    if ground.known.0.borrow().as_ref().is_some_and(is_known) {
        return Ok(());
    }
    let mut looked = || -> Result<OwnLayout, EarlyEnd> {
        let mut desk = OwnDesk::to_look(ground)?;
        heard(None, ground, &desk.job(None, ground, 0)?, works)?;
        let state = desk.state(MOST_BYTES)?;
        Ok(layout(&state))
    };
    let layout = looked().map_err(|end| named(ground.own, for_all(end)))?;
    *ground.known.0.borrow_mut() = Some((ground.network.clone(), layout));
    Ok(())
}

/// What is wrong with a network is wrong with it in every run.
fn for_all(end: EarlyEnd) -> EarlyEnd {
    match end {
        EarlyEnd::Failed(Failure::Error, reason) => EarlyEnd::Failed(Failure::Refused, reason),
        other => other,
    }
}

fn performed(
    call: Option<&Python>,
    ground: OwnGround<'_>,
    start: Option<&StateDict>,
    seed: u64,
    works: &mut Works<'_>,
) -> Result<Result<Left, OwnError>, EarlyEnd> {
    let mut desk = OwnDesk::to_judge(ground, start)?;
    let returned = heard(call, ground, &desk.job(call, ground, seed)?, works)?;
    if !returned.finite {
        return Ok(Err(OwnError::Diverged { step: returned.steps }));
    }
    let known = ground.known.0.borrow();
    let wanted = known.as_ref().map(|(_, layout)| layout.as_slice()).unwrap_or_default();
    let values: usize = wanted.iter().map(|(_, shape, _)| shape.iter().product::<usize>()).sum();
    let state = desk.state(16 * values as u64 + (1 << 24))?;
    if layout(&state) != wanted {
        return Err(EarlyEnd::error("the weights that it left have other names or shapes than the network"));
    }
    let called = Duration::try_from_secs_f64(returned.seconds).unwrap_or_default();
    let unchanged = call.is_some() && start.is_some_and(|start| are_same(start, &state));
    Ok(Ok(Left { state, said: desk.said(ground)?, steps: returned.steps, unchanged, called }))
}

/// Has a job done, and hears what there is to know of it.
fn heard(
    call: Option<&Python>,
    ground: OwnGround<'_>,
    job: &job::OwnJob<'_>,
    works: &mut Works<'_>,
) -> Result<Returned, EarlyEnd> {
    let calls: Vec<&Python> = call.into_iter().chain([ground.own]).collect();
    calls.iter().try_for_each(|call| refuse_changed(call))?;
    let interpreter = &ground.own.interpreter;
    let mut runner = ready(ground.interpreters, interpreter, AHEAD, works)?;
    // A process that ends before its job is heard of below.
    let _ = runner.perform(job);
    // A look is followed by a run, and that by others.
    ground.interpreters.start_ahead(&interpreter.program, AHEAD);
    let returned = answer(&runner, works)?;
    drop(runner);
    calls.iter().try_for_each(|call| refuse_changed(call))?;
    refuse_unplanned(&calls, &returned.files)?;
    Ok(returned)
}

/// Whether both hold the same tensors, in whatever order: a file is not written in that of the network.
fn are_same(one: &StateDict, other: &StateDict) -> bool {
    one.iter().len() == other.iter().len() && one.iter().all(|(name, tensor)| other.get(name) == Some(tensor))
}

fn layout(state: &StateDict) -> OwnLayout {
    let line = |(name, tensor): (&str, &checkpoint::Tensor)| {
        (name.to_owned(), tensor.shape.clone(), matches!(tensor.values, Values::F32(_)))
    };
    state.iter().map(line).collect()
}

fn named(whose: &Python, end: EarlyEnd) -> OwnError {
    match end {
        EarlyEnd::Abandoned => OwnError::Abandoned,
        EarlyEnd::Failed(failure, reason) => {
            let function = format!("{}:{}", whose.file, whose.function);
            OwnError::Call(CallError { failure, function, reason })
        }
    }
}

/// Where decoded weights are from, for messages.
fn origin() -> &'static Path {
    Path::new("what it left")
}

/// Logits \[N, classes\] of so many images, of which `rows` begins with theirs.
fn taken(rows: &mut &[f32], images: usize, classes: usize) -> Option<Tensor> {
    let (these, rest) = rows.split_at_checked(images * classes)?;
    *rows = rest;
    Some(Tensor::from_slice(these).view([images as i64, classes as i64]))
}

#[cfg(test)]
mod tests;
