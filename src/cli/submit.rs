//! `sweep submit`: freezes the plan, hands one array of workers to the cluster and returns.

use std::{num::NonZeroU32, path::Path};

use clap::{Args, ValueEnum};

use super::{
    CommandError, Exit, Ground,
    inputs::{self, Asked, GridArguments, Starts, Vouching},
    places::Places,
    progress::Manner,
    run, terminal,
};
use crate::{
    appraisal::read_asked,
    cluster::Request,
    session::{Prepared, Session},
};

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
    let sweeps = inputs::read(&arguments.grid, &arguments.places, starts)?;
    sweeps.iter().try_for_each(|asked| hand_over(arguments, asked, ground))?;
    Ok(Exit::Done)
}

/// What is there instead, and what makes a report of it: no worker will.
fn nothing_left(prepared: &Prepared, dir: &Path) -> Result<String, CommandError> {
    let recorded = read_asked(dir)?;
    let ends = recorded.plan.runs.iter().filter_map(|run| recorded.outcomes.get(&run.id));
    let failed = ends.filter(|record| record.outcome.measurement().is_none()).count();
    let (name, dir, grid) = (&prepared.plan.name, dir.display(), prepared.grid.path().display());
    let repeat = match failed {
        0 => String::new(),
        1 => format!(
            "; 1 run gave no measurement, `sweep run {grid} --shared --retry failed` carries it out again"
        ),
        many => {
            format!(
                "; {many} runs gave no measurement, `sweep run {grid} --shared --retry failed` carries them out again"
            )
        }
    };
    Ok(format!("{name}: nothing is left to run; `sweep report {dir}` makes the report{repeat}"))
}

/// One sweep: an array of workers of its own.
fn hand_over(arguments: &Arguments, asked: &Asked, ground: &Ground) -> Result<(), CommandError> {
    let Asked { prepared, dir } = asked;
    let program = ground.program()?;
    let session = Session {
        jobs: arguments.jobs,
        changed_inputs: run::changed_inputs(arguments.accept_changed_inputs),
        ..run::session(ground, dir, arguments.places.shared(), (&program, &Manner::None))
    };
    session.keep_apart(prepared)?;
    let absolute =
        std::path::absolute(dir).map_err(|source| CommandError::Folder { path: dir.clone(), source })?;
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
        return Ok(());
    }
    request.check()?;
    session.share(prepared)?;
    let pending = session.pending(prepared)?;
    if pending == 0 {
        terminal::talk(&nothing_left(prepared, dir)?);
        return Ok(());
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
    Ok(())
}
