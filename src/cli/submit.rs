//! `sweep submit`: freezes the plan, hands one array of workers to the cluster and returns.

use std::num::NonZeroU32;

use clap::{Args, ValueEnum};

use super::{
    CommandError, Exit, Ground,
    inputs::{self, GridArguments, Starts, Vouching},
    places::Places,
    progress::Manner,
    run, terminal,
};
use crate::{cluster::Request, session::Session};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    grid: GridArguments,
    #[command(flatten)]
    places: Places,
    /// The cluster's system
    #[arg(long, value_enum, default_value = "slurm")]
    to: System,
    /// Workers; each takes one run after the other
    #[arg(short, long, default_value = "16", value_name = "N")]
    workers: NonZeroU32,
    /// Runs at a time on each device of a worker (default: one per core, or one per GPU)
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    jobs: Option<u32>,
    /// Show what would be handed over and change nothing
    #[arg(long)]
    print: bool,
    /// Go on although the data or the original changed since the last time
    #[arg(long)]
    accept_changed_inputs: bool,
    #[command(flatten)]
    vouching: Vouching,
}

/// Systems that sweeps can be handed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum System {
    /// Slurm
    Slurm,
}

pub(super) fn submit(arguments: &Arguments, ground: &Ground) -> Result<Exit, CommandError> {
    let System::Slurm = arguments.to;
    let starts = if arguments.print { Starts::Nothing } else { arguments.vouching.starts() };
    let prepared = inputs::read(&arguments.grid, &arguments.places, starts)?;
    let dir = arguments.places.results(&prepared.plan.name);
    let program = ground.program()?;
    let session = Session {
        jobs: arguments.jobs,
        changed_inputs: run::changed_inputs(arguments.accept_changed_inputs),
        ..run::session(ground, &dir, arguments.places.shared(), (&program, &Manner::None))
    };
    session.keep_apart(&prepared)?;
    let absolute =
        std::path::absolute(&dir).map_err(|source| CommandError::Folder { path: dir.clone(), source })?;
    let mut request = Request {
        name: &prepared.plan.name,
        dir: &absolute,
        program: &program,
        workers: arguments.workers.get(),
        // Whoever submits has vouched for the command and the functions by now, or they are theirs.
        trust: prepared.plan.engine.command.is_some() || prepared.plan.calls().is_some(),
        settings: &prepared.grid.settings().cluster.slurm,
    };
    if arguments.print {
        terminal::data(&request.print()?);
        return Ok(Exit::Done);
    }
    request.check()?;
    session.share(&prepared)?;
    let pending = session.pending(&prepared)?;
    if pending == 0 {
        terminal::talk(&format!("{}: nothing is left to do", prepared.plan.name));
        return Ok(Exit::Done);
    }
    request.workers = request.workers.min(u32::try_from(pending).unwrap_or(u32::MAX));
    let submission = request.submit(&*session.disk)?;
    terminal::talk(&format!(
        "{}: {pending} runs for {} workers; `sweep status {}` shows how far they are",
        prepared.plan.name,
        submission.workers,
        dir.display()
    ));
    terminal::data(&submission.array);
    Ok(Exit::Done)
}
