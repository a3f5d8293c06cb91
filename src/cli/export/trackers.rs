//! What a sweep has measured, in the files of experiment trackers.

use std::{
    fs, io,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use super::ExportError;
use crate::{
    appraisal::appraise,
    cli::{CommandError, terminal},
    trackers::{TrackerFile, mlflow, tally, tensorboard, trackio, wandb_offline},
};

/// Whose files are written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tracker {
    TensorBoard,
    Mlflow,
    Trackio,
    WandbOffline,
}

pub(super) fn write(dir: &Path, out: &Path, tracker: Tracker, replicates: u32) -> Result<(), CommandError> {
    let frame = appraise(dir, replicates)?;
    let when = fs::metadata(dir.join("plan.json")).and_then(|plan| plan.modified()).ok();
    let when = when.and_then(|when| when.duration_since(UNIX_EPOCH).ok()).unwrap_or(Duration::ZERO);
    let unwritable =
        |source: io::Error| ExportError::Unwritable { path: out.to_owned(), source: source.into() };
    fs::create_dir(out).map_err(unwritable)?;
    let files = match tracker {
        Tracker::TensorBoard => tensorboard(&frame, when),
        Tracker::Mlflow => mlflow(&frame, &fs::canonicalize(out).map_err(unwritable)?, when),
        Tracker::Trackio => trackio(&frame, when),
        Tracker::WandbOffline => wandb_offline(&frame, when),
    };
    files.iter().try_for_each(|file| put(out, file)).map_err(unwritable)?;
    let tally = tally(&frame);
    let (runs, points, numbers) = (tally.runs, tally.points, tally.numbers);
    let files = if files.len() == 1 { "1 file".to_owned() } else { format!("{} files", files.len()) };
    terminal::talk(&format!(
        "{}: {runs} runs, {points} scored points, {numbers} numbers, {files}",
        out.display()
    ));
    Ok(())
}

fn put(out: &Path, file: &TrackerFile) -> io::Result<()> {
    let path = out.join(&file.path);
    fs::create_dir_all(path.parent().unwrap_or(out))?;
    sweep_files::replace(&path, &file.bytes)
}
