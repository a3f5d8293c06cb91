//! `sweep submit`: freezes the plan, hands one array of workers to the cluster and returns.

use std::num::NonZeroU32;

use clap::{Args, ValueEnum};

use super::{
    CommandError, Exit, apart, disk,
    inputs::{GridArguments, Prepared},
    run::{self, Places},
    slots, terminal,
    work::{self, Sharing},
};
use crate::{cluster::Request, store::Recorded};

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
}

/// Systems that sweeps can be handed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum System {
    /// Slurm
    Slurm,
}

pub(super) fn submit(arguments: &Arguments) -> Result<Exit, CommandError> {
    let System::Slurm = arguments.to;
    let prepared = Prepared::read(&arguments.grid)?;
    let dir = arguments.places.results(&prepared.plan);
    apart::check(&dir, prepared.grid.settings())?;
    let program = slots::this_program()?;
    let absolute =
        std::path::absolute(&dir).map_err(|source| CommandError::Folder { path: dir.clone(), source })?;
    let mut request = Request {
        name: &prepared.plan.name,
        dir: &absolute,
        program: &program,
        workers: arguments.workers.get(),
        settings: &prepared.grid.settings().cluster.slurm,
    };
    if arguments.print {
        terminal::data(&request.print()?);
        return Ok(Exit::Done);
    }
    request.check()?;
    let sharing = Sharing {
        places: &arguments.places,
        only: arguments.grid.only.as_deref(),
        jobs: arguments.jobs,
        changed_inputs: run::changed_inputs(arguments.accept_changed_inputs),
    };
    let disk = disk::disk()?;
    work::share(&disk, &prepared, &sharing, &dir)?;
    let recorded = Recorded::read(&dir)?;
    let pending = prepared.selected().runs.iter().filter(|run| !recorded.has_ended(&run.id)).count();
    if pending == 0 {
        terminal::talk(&format!("{}: nothing is left to do", prepared.plan.name));
        return Ok(Exit::Done);
    }
    request.workers = request.workers.min(u32::try_from(pending).unwrap_or(u32::MAX));
    let submission = request.submit(&*disk)?;
    terminal::talk(&format!(
        "{}: {pending} runs for {} workers; `sweep status {}` shows how far they are",
        prepared.plan.name,
        submission.workers,
        dir.display()
    ));
    terminal::data(&submission.array);
    Ok(Exit::Done)
}
