//! `sweep cancel`: ends the jobs of a sweep. What is recorded stays, and what was at work is pending again.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{CommandError, Exit, terminal};
use crate::cluster::{self, Squeue, Submissions};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep
    dir: PathBuf,
}

pub(super) fn cancel(arguments: &Arguments) -> Result<Exit, CommandError> {
    let mut squeue = Squeue::new(Duration::from_hours(1));
    let submitted = Submissions::read(&arguments.dir)?.0.into_iter();
    let mut jobs: Vec<String> =
        submitted.flat_map(|submission| [submission.array, submission.report]).collect();
    // A cluster that can't be asked is told to cancel all.
    jobs.retain(|job| squeue.tasks_of(job).is_none_or(|tasks| !tasks.is_empty()));
    if jobs.is_empty() {
        terminal::talk("nothing of this sweep is on the cluster");
        return Ok(Exit::Done);
    }
    cluster::cancel(&jobs)?;
    terminal::talk(&format!("cancelled {}", jobs.join(", ")));
    Ok(Exit::Done)
}
