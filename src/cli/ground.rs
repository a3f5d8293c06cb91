//! What commands stand on.

use std::{path::PathBuf, sync::Arc};

use sweep_disk::{Disk, OsDisk};

use super::CommandError;
use crate::session::this_program;

/// The file system that results and cache are written to, and the program whose processes are the toy engine's workers.
#[derive(Debug)]
pub struct Ground {
    disk: Arc<dyn Disk>,
    program: Option<PathBuf>,
}

impl Ground {
    /// The operating system's file system, and this program.
    pub fn of_this_process() -> Self {
        Self { disk: Arc::new(OsDisk), program: None }
    }

    /// Another file system, for programs that try what a failing one leaves behind; `program` is `sweep`.
    pub fn new(disk: Arc<dyn Disk>, program: PathBuf) -> Self {
        Self { disk, program: Some(program) }
    }

    pub(super) fn disk(&self) -> Arc<dyn Disk> {
        self.disk.clone()
    }

    pub(super) fn program(&self) -> Result<PathBuf, CommandError> {
        match &self.program {
            Some(program) => Ok(program.clone()),
            None => Ok(this_program()?),
        }
    }
}
