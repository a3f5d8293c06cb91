//! `sweep work`: one scheduler among several on a shared results folder; what a cluster, ssh or `HyperQueue` starts.

use std::{
    env,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{CommandError, Exit, Ground, progress::Manner, run, terminal};
use crate::{
    cluster::{self, Frozen, Task},
    plan::Plan,
    pool::{How, Interruption},
    session::{Carried, absolute},
    store::Recorded,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep, shared by `sweep submit` or `sweep run --shared`
    dir: PathBuf,
    /// On a cluster, don't ask for another turn when the time runs out
    #[arg(long)]
    no_requeue: bool,
    /// Start the engine that the folder names, and call the functions, though they don't come with sweep
    #[arg(long)]
    trust: bool,
    /// How to show progress
    #[arg(long, value_enum, default_value = "auto")]
    progress: Manner,
}

pub(super) fn work(arguments: &Arguments, ground: &Ground) -> Result<Exit, CommandError> {
    let dir = absolute(&arguments.dir)?;
    let frozen = Frozen::read(&dir)?;
    let folder = &frozen.working_folder;
    env::set_current_dir(folder).map_err(|source| CommandError::Folder { path: folder.clone(), source })?;
    let program = ground.program()?;
    let session = run::session(ground, &dir, None, (&program, &arguments.progress));
    let Carried { ending, plan } = session.work(&frozen, arguments.trust)?;
    let drained = matches!(ending.how, How::Drained { by } if by != Interruption::Terminate);
    let exit = match run::conclude(ending, &plan, &dir)? {
        // That runs failed is in the results; the worker itself did its work.
        Exit::SomeRunsFailed => Exit::Done,
        exit => exit,
    };
    match task() {
        Some(task) if drained && !arguments.no_requeue && has_runs_left(&dir, &plan)? => {
            terminal::talk("note: runs are left; asking the cluster for another turn");
            cluster::requeue(&task)?;
            Ok(Exit::Done)
        }
        Some(_) if drained => Ok(Exit::Done),
        _ => Ok(exit),
    }
}

fn has_runs_left(dir: &Path, plan: &Plan) -> Result<bool, CommandError> {
    let recorded = Recorded::read(dir)?;
    Ok(plan.runs.iter().any(|run| !recorded.has_ended(&run.id)))
}

/// The cluster's task that this process belongs to.
pub(super) fn task() -> Option<Task> {
    let value = |name| env::var(name).ok();
    let job = value("SLURM_JOB_ID")?;
    let id = match (value("SLURM_ARRAY_JOB_ID"), value("SLURM_ARRAY_TASK_ID")) {
        (Some(array), Some(task)) => format!("{array}_{task}"),
        _ => job,
    };
    let restarts = value("SLURM_RESTART_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0);
    Some(Task { id, restarts })
}
