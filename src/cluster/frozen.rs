use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use sweep_disk::{Disk, replace};
use thiserror::Error;

use crate::grid::PoolSettings;

/// Where a shared folder says what it is.
const FILE: &str = "cluster.json";
/// Longest that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Everything that a worker on another host needs beside the plan: what the command line and the grid said when the folder
/// was shared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frozen {
    /// The folder that paths of the plan are relative to.
    pub working_folder: PathBuf,
    /// Folder of originals and retrained models that sweeps share.
    pub cache: Option<PathBuf>,
    /// Where runs are carried out on each host, and for how long.
    pub pool: PoolSettings,
    /// Which points are carried out, where the command line said so.
    pub only: Option<String>,
    /// Workers at a time on each device, where the command line said so.
    pub jobs: Option<u32>,
    /// Forget examples of the toy engine.
    pub toy_examples: u32,
    /// Time between two beats of a run that moves.
    pub heartbeat: Duration,
    /// How long before the end of its time a worker is told of it.
    pub notice: Duration,
}

/// Failed to read or write what a shared folder says about itself.
#[derive(Debug, Error)]
pub enum FrozenError {
    /// A file can't be read or written.
    #[error("failed to open `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It says something else.
    #[error(
        "`{}` doesn't read as what sweep writes there: {source}; submit the sweep again with this version",
        path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl Frozen {
    /// Whether a results folder is shared.
    pub fn is_in(dir: &Path) -> bool {
        // Whatever lies there: what can't be read is no reason to work alone.
        fs::symlink_metadata(dir.join(FILE)).is_ok()
    }

    /// Reads what a shared folder says.
    pub fn read(dir: &Path) -> Result<Self, FrozenError> {
        let path = dir.join(FILE);
        let bytes = sweep_files::read(&path, LONGEST)
            .map_err(|source| FrozenError::File { path: path.clone(), source })?;
        serde_json::from_slice(&bytes).map_err(|source| FrozenError::Unreadable { path, source })
    }

    /// Makes a folder shared, or changes what it says.
    pub fn write(&self, disk: &dyn Disk, dir: &Path) -> Result<(), FrozenError> {
        let bytes = serde_json::to_vec_pretty(self).expect("plain data serialises");
        write(disk, &dir.join(FILE), &bytes)
    }
}

/// Writes a file as a whole, in a place where others may do so at the same time.
pub(super) fn write(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), FrozenError> {
    let written = replace(disk, path, bytes, &format!(".{}", std::process::id()));
    written.map_err(|source| FrozenError::File { path: path.to_owned(), source })
}
