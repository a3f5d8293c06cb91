//! Why something can't be exported.

use std::{io, path::PathBuf};

use sweep_inputs::checkpoint::{CheckpointError, TorchWriteError};
use thiserror::Error;

use crate::{session::RepeatError, store::CacheError};

/// Failed to export.
#[derive(Debug, Error)]
pub(in crate::cli) enum ExportError {
    /// The engine trains nothing.
    #[error("`{}` holds no network: its engine trains none", dir.display())]
    NoNetwork {
        /// The results.
        dir: PathBuf,
    },
    /// The original isn't there yet, or no more.
    #[error("`{}` holds no finished original; `sweep run` trains it", dir.display())]
    NoOriginal {
        /// The results.
        dir: PathBuf,
    },
    /// There are several originals, and none or another is named.
    #[error("`{}` holds {originals} originals; name one with --number, from 0 to {}", dir.display(), originals - 1)]
    WhichOriginal {
        /// The results.
        dir: PathBuf,
        /// How many there are.
        originals: usize,
    },
    /// The weights are not those that were recorded.
    #[error("`{}` is not what the journal recorded; `sweep fsck` says more", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The weights that a run left are of another network.
    #[error("a run left weights that are not of the network `{network}`")]
    OtherNetwork {
        /// The network.
        network: String,
    },
    /// Nothing has this name.
    #[error("no point is `{}`; there are: {}", point.escape_debug(), listed(there))]
    NoPoint {
        /// What was asked for.
        point: String,
        /// All names.
        there: Vec<String>,
    },
    /// Several have it.
    #[error("`{}` may be any of: {}", point.escape_debug(), listed(these))]
    Ambiguous {
        /// What was asked for.
        point: String,
        /// Their names.
        these: Vec<String>,
    },
    /// None of its runs has finished.
    #[error("no run of `{point}` has finished; `sweep run` carries them out")]
    NothingFinished {
        /// The point.
        point: String,
    },
    /// It can't be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// There is something already.
    #[error("`{}` exists; choose another name or remove it", path.display())]
    Occupied {
        /// The file.
        path: PathBuf,
    },
    /// A file of the results can't be read.
    #[error("can't read `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Models can't wait beside the file for the others.
    #[error("models can't be kept beside the file that they are for: {0}")]
    Models(#[from] CacheError),
    /// The runs can't be carried out again.
    #[error(transparent)]
    Repeat(#[from] RepeatError),
    /// The file can't be written.
    #[error("can't write `{}`: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: TorchWriteError,
    },
}

/// Names that a message has room for.
const MOST: usize = 20;

fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > MOST { format!(" and {} more", names.len() - MOST) } else { String::new() };
    shown.join(", ") + &more
}
