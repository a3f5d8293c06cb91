//! Calls a function of the user's own, in a Python process of its own, and takes over the weights that it leaves.
//!
//! One process carries out one call. While it works the next interpreter is started, which imports PyTorch and waits, so that
//! a run costs hardly more than its function. Whatever a function does to its process ends with it.

mod job;
#[cfg(test)]
mod tests;

use std::{path::Path, time::Duration};

use sweep_inputs::checkpoint;
use sweep_protocol::{network, recipe::Python};

use super::{Halt, work::Work};
use crate::{
    network::Weights,
    python::{CallError, EarlyEnd, answer, ready, refuse_changed, refuse_unplanned},
};
use job::Desk;
pub use job::seed;

/// Characters of a message that tells how two networks differ.
const MOST_WORDS: usize = 240;

/// Why the phase ends early.
enum CallEnd {
    Call(EarlyEnd),
    Halt(Halt),
}

impl<E: Into<EarlyEnd>> From<E> for CallEnd {
    fn from(end: E) -> Self {
        Self::Call(end.into())
    }
}

/// Carries out the phase.
pub(super) fn call(python: &Python, phase: usize, work: &mut Work<'_>) -> Result<(), Halt> {
    performed(python, phase, work).map_err(|cut| match cut {
        CallEnd::Halt(halt) => halt,
        CallEnd::Call(EarlyEnd::Abandoned) => Halt::Abandoned,
        CallEnd::Call(EarlyEnd::Failed(failure, reason)) => {
            let function = format!("{}:{}", python.file, python.function);
            Halt::Call(CallError { failure, function, reason })
        }
    })
}

fn performed(python: &Python, phase: usize, work: &mut Work<'_>) -> Result<(), CallEnd> {
    refuse_changed(python)?;
    let named = work.network.named().ok_or_else(|| EarlyEnd::refused("its network has no name"))?;
    let modules = ahead(named);
    let seed = job::seed(phase, work.draws).map_err(|missing| CallEnd::Halt(missing.into()))?;
    let mut desk = Desk::new(work)?;
    let mut runner =
        ready(work.interpreters, &python.interpreter, modules, &mut |moves| work.watch.works(moves))?;
    let shared = work.examples.shared()?;
    let job = job::job(python, (named, shared), &desk, seed, work)?;
    // A process that ends before its job is heard of below.
    let _ = runner.perform(&job);
    work.interpreters.start_for_the_next(&python.interpreter.program, modules);
    let returned = answer(&runner, &mut |moves| work.watch.works(moves))?;
    drop(runner);
    refuse_changed(python)?;
    refuse_unplanned(&[python], &returned.files)?;
    work.steps += returned.steps;
    if !returned.finite {
        return Err(CallEnd::Halt(Halt::Diverged { step: work.steps }));
    }
    take_over(&mut desk, work)?;
    work.called = Some(Duration::try_from_secs_f64(returned.seconds).unwrap_or_default());
    Ok(())
}

/// Modules that a call will import beside PyTorch, where the interpreter has them: the first optimiser of a process imports
/// `torch._dynamo`, and torchvision's class is used where it fits.
fn ahead(network: &network::Network) -> &'static [&'static str] {
    let is_theirs = network.name == "resnet18" && network.keys.get("width").is_none_or(|&width| width == 64);
    if is_theirs { &["torch._dynamo", "torchvision.models"] } else { &["torch._dynamo"] }
}

/// Takes over what the function has left, if it is the same network.
fn take_over(desk: &mut Desk, work: &mut Work<'_>) -> Result<(), EarlyEnd> {
    // Names and shapes are bounded by those of the network.
    let layout = work.layout();
    let limit = 16 * (layout.parameter_count() + layout.statistic_count()) as u64 + (1 << 24);
    let bytes = desk
        .result
        .read(limit)
        .map_err(|error| EarlyEnd::error(format!("its weights can't be read: {error}")))?;
    // Every tensor of another network is another difference.
    let other = |what: &dyn std::fmt::Display| {
        let what: String = what.to_string().chars().take(MOST_WORDS).collect();
        EarlyEnd::error(format!("the network that it returned is not the one that it was given: {what}"))
    };
    let state = checkpoint::decode(Path::new("what it returned"), &bytes).map_err(|error| other(&error))?;
    let place = (work.weights.kind(), work.weights.device());
    let left = Weights::from_state(work.network, &state, place).map_err(|error| other(&error))?;
    work.weights.become_like(&left);
    Ok(())
}
