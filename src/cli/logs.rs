//! `sweep logs`: what the workers of a sweep, or those of one run, have said.

use std::{
    fs,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use clap::Args;
use sweep_files::{private, regular};

use super::{CommandError, Exit, terminal};
use crate::{cluster::Submissions, frame::printable, store::Folder};

/// Most of one log that is shown, from its end, in bytes.
const SHOWN: u64 = 1 << 20;
/// Lines of every worker's log that are shown where no run is named.
const LINES: usize = 20;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep
    dir: PathBuf,
    /// Beginning of a run's id: show the log of its attempts
    run: Option<String>,
}

pub(super) fn logs(arguments: &Arguments) -> Result<Exit, CommandError> {
    let (logs, lines) = match &arguments.run {
        Some(prefix) => (of_run(&arguments.dir, prefix)?, usize::MAX),
        None => (Submissions::logs(&arguments.dir), LINES),
    };
    for log in logs {
        let text = end_of(&log).map_err(|source| CommandError::Folder { path: log.clone(), source })?;
        let kept: Vec<&str> = text.lines().collect();
        terminal::data(&format!("== {}", log.display()));
        for line in &kept[kept.len().saturating_sub(lines)..] {
            terminal::data(&printable(line));
        }
    }
    Ok(Exit::Done)
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
