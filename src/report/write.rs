//! Files that are either there as a whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::ReportError;
use crate::plot::{self, Scene};

/// Writes a file beside its place, flushes it to the disk, and moves it there; only the owner may read it.
pub(super) fn bytes(path: &Path, content: &[u8]) -> Result<(), ReportError> {
    let failed = |source| ReportError::Write { path: path.to_owned(), source };
    let mut file = temporary(path, "").map_err(failed)?;
    file.write_all(content).map_err(failed)?;
    settle(file, path).map_err(failed)
}

/// Draws a PNG beside its place and moves it there.
pub(super) fn png(path: &Path, scene: &Scene) -> Result<(), ReportError> {
    let failed = |source| ReportError::Write { path: path.to_owned(), source };
    let file = temporary(path, ".png").map_err(failed)?;
    plot::png(scene, file.path())?;
    settle(file, path).map_err(failed)
}

/// Makes a folder and those above it.
pub(super) fn folder(path: &Path) -> Result<(), ReportError> {
    fs::create_dir_all(path).map_err(|source| ReportError::Write { path: path.to_owned(), source })
}

fn temporary(path: &Path, suffix: &str) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".report-").suffix(suffix).tempfile_in(parent(path))
}

fn settle(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map_err(|refused| refused.error)?;
    File::open(parent(path))?.sync_all()
}

fn parent(path: &Path) -> PathBuf {
    path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned)
}
