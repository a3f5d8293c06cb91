//! Why a job could not be done, and which kind of failure that is to the orchestrator.

use std::{any::Any, path::PathBuf};

use sweep_inputs::{
    checkpoint::{CheckpointError, Mismatch},
    dataset::Refused,
};
use sweep_protocol::{message::Failure, terms::ContentHash};
use thiserror::Error;

use crate::{artifact::NotWritten, network::NetworkError, phase::Unusable};

/// A job could not be done.
#[derive(Debug, Error)]
pub(super) enum NotDone {
    /// The job names no data; this engine can't work without.
    #[error("the job names no data; the torch engine needs some")]
    NoInputs,
    /// The data can't be used.
    #[error(transparent)]
    Data(#[from] Refused),
    /// The data are other than those that the sweep was planned with.
    #[error("the data in `{}` changed while the sweep was running: planned with {}, found {}", path.display(), planned.short(), found.short())]
    OtherData {
        /// Folder.
        path: PathBuf,
        /// Hash in the plan.
        planned: ContentHash,
        /// Hash of what was loaded.
        found: ContentHash,
    },
    /// The network can't be built.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The checkpoint can't be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is another than the sweep was planned with.
    #[error("`{}` changed while the sweep was running: planned with {}, found {}", path.display(), planned.short(), found.short())]
    OtherCheckpoint {
        /// File.
        path: PathBuf,
        /// Hash in the plan.
        planned: ContentHash,
        /// Hash of what was loaded.
        found: ContentHash,
    },
    /// The checkpoint doesn't fit the network.
    #[error("`{}` doesn't fit the network: {mismatch}", path.display())]
    Mismatch {
        /// File.
        path: PathBuf,
        /// All differences.
        mismatch: Mismatch,
    },
    /// The recipe can't be carried out.
    #[error(transparent)]
    Recipe(#[from] Unusable),
    /// Results can't be written.
    #[error(transparent)]
    NotWritten(#[from] NotWritten),
    /// libtorch gave up.
    #[error("libtorch failed: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },
}

impl NotDone {
    /// Reads what a panic carries.
    pub(super) fn panicked(payload: &(dyn Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "a panic without a message".to_owned());
        Self::Panicked { message }
    }

    /// What the orchestrator should make of it.
    pub(super) fn kind(&self) -> Failure {
        match self {
            Self::NotWritten(_) => Failure::Error,
            Self::Panicked { message } if message.contains("out of memory") => Failure::OutOfMemory,
            Self::Panicked { message } if message.contains("can't allocate memory") => Failure::OutOfMemory,
            Self::Panicked { message } if message.contains("CUDA error") => Failure::Device,
            Self::Panicked { .. } => Failure::Error,
            _ => Failure::Refused,
        }
    }
}
