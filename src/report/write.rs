//! Files that are either there as a whole or not at all, in folders of ours.

use std::{io, path::Path};

use sweep_files::Access;

use super::ReportError;

/// Writes a file whole; only the owner may read it.
pub(super) fn bytes(path: &Path, content: &[u8]) -> Result<(), ReportError> {
    sweep_files::replace(path, content).map_err(|source| ReportError::Write { path: path.to_owned(), source })
}

/// Makes the folder of a report and those above it; it may be a link to one.
pub(super) fn folder(path: &Path) -> Result<(), ReportError> {
    let made = sweep_files::create_dirs(path);
    made.map_err(|source| ReportError::Write { path: path.to_owned(), source })
}

/// Makes a folder inside that of a report: no link, which would lead out of it.
pub(super) fn inner_folder(path: &Path) -> Result<(), ReportError> {
    let made = sweep_files::create_dir(path).and_then(|()| match sweep_files::inner_access(path)? {
        Access::Ours => Ok(()),
        access => Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("it {access}"))),
    });
    made.map_err(|source| ReportError::Write { path: path.to_owned(), source })
}
