//! `sweep logs`: what the workers of a sweep have said, or those of some of its runs.

use std::{
    fs,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use clap::Args;
use sweep_files::{private, regular};

use super::{CommandError, Exit, terminal};
use crate::{
    appraisal::read_asked,
    cluster::Submissions,
    frame::printable,
    outcome::{Outcome, Status},
    plan::{Point, Run},
    store::{Folder, Recorded},
};

/// Most of one log that is shown, from its end, in bytes.
const SHOWN: u64 = 1 << 20;
/// Lines of a log that are shown where no run is named by its id.
const LINES: usize = 20;

/// Runs whose logs are shown where none is named by its id.
const RUNS: usize = 20;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep
    dir: PathBuf,
    /// A label of the grid, a point as tables call it, or the beginning of a run's id: show the logs of its runs
    #[arg(value_name = "LABEL|POINT|RUN")]
    name: Option<String>,
    /// Only runs that failed, diverged or took too long
    #[arg(long)]
    failed: bool,
}

/// A log, and what stands above it.
struct Log {
    heading: String,
    path: PathBuf,
    /// Lines that are shown, from its end.
    lines: usize,
}

pub(super) fn logs(arguments: &Arguments) -> Result<Exit, CommandError> {
    let dir = &arguments.dir;
    match &arguments.name {
        None => {
            let of_workers = if arguments.failed { Vec::new() } else { Submissions::logs(dir) };
            if of_workers.is_empty() {
                // Without a cluster a worker's words are in the folders of its runs.
                show_runs(&read_asked(dir)?, None, true)
            } else {
                show_logs(of_workers, LINES)
            }
        }
        Some(name) => match read_asked(dir) {
            Ok(recorded) if recorded.plan.points.iter().any(|point| is_called(point, name)) => {
                show_runs(&recorded, Some(name), arguments.failed)
            }
            // What can't be read whole may still have the log that tells why.
            _ => show_logs(of_run(dir, name)?, usize::MAX),
        },
    }?;
    Ok(Exit::Done)
}

fn show_logs(logs: Vec<PathBuf>, lines: usize) -> Result<(), CommandError> {
    logs.into_iter().try_for_each(|path| Log::at(path, lines).show())
}

fn is_called(point: &Point, name: &str) -> bool {
    &*point.label == name || point.title() == name
}

/// Shows the logs of the runs of a label or point, or of all; those that did not come to a result, or whatever came of them.
fn show_runs(recorded: &Recorded, name: Option<&str>, failed: bool) -> Result<(), CommandError> {
    let plan = &recorded.plan;
    let asked = |run: &&Run| name.is_none_or(|name| is_called(plan.point(run), name));
    let ended = |run: &'_ Run| {
        let outcome = &recorded.outcomes.get(&run.id)?.outcome;
        let lost = matches!(outcome.status(), Status::Failed | Status::Diverged | Status::TimedOut);
        (lost || !failed).then_some(())?;
        Some((plan.point(run).title(), run.seed, outcome.clone(), recorded.run_folder(&run.id)))
    };
    let mut shown = 0;
    let mut more = 0;
    for (title, seed, outcome, folder) in plan.runs.iter().filter(asked).filter_map(ended) {
        let path = folder.join("worker.log");
        let has_log = fs::symlink_metadata(&path).is_ok();
        // A run that came to a result without a word has nothing to show.
        if !has_log && !failed {
            continue;
        }
        if shown == RUNS {
            more += 1;
            continue;
        }
        shown += 1;
        let said = match &outcome {
            Outcome::Failed { message, .. } => format!(": {}", message.lines().next().unwrap_or_default()),
            _ => String::new(),
        };
        let heading = printable(&format!("{title} seed={seed}, {}{said}", outcome.status()));
        if has_log {
            Log { heading: format!("{heading}\n== {}", path.display()), path, lines: LINES }.show()?;
        } else {
            terminal::data(&format!("== {heading}\n== it left no log"));
        }
    }
    if more > 0 {
        terminal::talk(&format!("… and {more} more; name a label, or a run by the beginning of its id"));
    }
    if shown == 0 {
        let which = if failed { "no run has failed or diverged" } else { "none of its runs has left a log" };
        terminal::talk(&format!(
            "{which}; `sweep status` counts runs, `sweep logs DIR RUN` shows the log of one"
        ));
    }
    Ok(())
}

impl Log {
    fn at(path: PathBuf, lines: usize) -> Self {
        Self { heading: path.display().to_string(), path, lines }
    }

    fn show(&self) -> Result<(), CommandError> {
        let text =
            end_of(&self.path).map_err(|source| CommandError::Folder { path: self.path.clone(), source })?;
        let kept: Vec<&str> = text.lines().collect();
        terminal::data(&format!("== {}", self.heading));
        for line in &kept[kept.len().saturating_sub(self.lines)..] {
            terminal::data(&printable(line));
        }
        Ok(())
    }
}

fn of_run(dir: &Path, prefix: &str) -> Result<Vec<PathBuf>, CommandError> {
    let folder = Folder::new(dir).runs();
    let entries = sweep_files::inner_access(&folder).and_then(|_| fs::read_dir(&folder));
    let entries = entries.map_err(|source| CommandError::Folder { path: folder, source })?;
    let named = entries.filter_map(Result::ok).filter(|entry| {
        !prefix.is_empty() && entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix))
    });
    // No link is followed: a log is what lies in the folder of its run.
    let is_run = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|found| found.is_dir());
    let logs = named.filter(is_run).map(|entry| entry.path().join("worker.log"));
    let mut logs: Vec<PathBuf> = logs.filter(|log| fs::symlink_metadata(log).is_ok()).collect();
    logs.sort();
    if logs.is_empty() {
        return Err(CommandError::NoSuchRun { dir: dir.to_owned(), prefix: prefix.to_owned() });
    }
    Ok(logs)
}

pub(super) fn end_of(log: &Path) -> io::Result<String> {
    // A cluster's files have the mode that the cluster gives them.
    let mut file = regular(private().read(true), log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(SHOWN)))?;
    let mut bytes = Vec::new();
    file.take(SHOWN).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
