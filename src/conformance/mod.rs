//! Tries an engine out against the protocol (docs/protocol.md), as a contributor of an engine wants to know it: one check for
//! each promise, what was found, and what the protocol says.
//!
//! Owns: the jobs that provoke each promise. It starts a fresh process for each check, so that what is wrong with one hides no
//! other. Must not know: plans, schedules, results.

mod checks;
mod jobs;
mod stand;

use std::{io, path::Path, time::Duration};

use serde::Serialize;
use sweep_inputs::{dataset::Refused, synth::SynthError};
use thiserror::Error;

use crate::engine::WorkerCommand;
use jobs::Jobs;
use stand::Stand;

/// How an engine did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As the protocol says.
    Ok,
    /// It could not be provoked, or another check has to be passed first.
    NotTried,
    /// Not as the protocol says.
    Wrong,
}

/// One promise of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was tried.
    pub name: &'static str,
    /// How the engine did.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What the protocol says.
    pub protocol: &'static str,
}

/// What is tried, and how patiently.
#[derive(Debug, Clone, Copy)]
pub struct Kit<'a> {
    /// The engine.
    pub command: &'a WorkerCommand,
    /// An existing, empty folder for data and runs.
    pub scratch: &'a Path,
    /// How long the engine may say nothing.
    pub patience: Duration,
}

/// The kit could not be laid out.
#[derive(Debug, Error)]
pub enum KitError {
    /// There is no room for what runs leave.
    #[error("failed to make a folder for the engine's runs: {0}")]
    Folder(#[from] io::Error),
    /// Faces can't be drawn.
    #[error(transparent)]
    Synth(#[from] SynthError),
    /// Faces that were drawn can't be read.
    #[error(transparent)]
    Data(#[from] Refused),
}

impl Kit<'_> {
    /// Makes all checks, in the order in which an engine is best mended.
    pub fn examine(&self) -> Result<Vec<Check>, KitError> {
        let hello = match Stand::start(self) {
            Ok((stand, hello)) => {
                stand.kill();
                hello
            }
            Err(wrong) => {
                let not_tried =
                    |check: &checks::Promise| check.not_tried("the handshake comes first".to_owned());
                let rest = checks::PROMISES.iter().map(not_tried);
                return Ok([checks::HANDSHAKE.wrong(wrong)].into_iter().chain(rest).collect());
            }
        };
        let jobs = Jobs::new(self.scratch, hello.trains)?;
        let found = format!("{} ({}), {}", hello.engine, hello.version, hello.device_name);
        let tried = checks::PROMISES.iter().map(|promise| promise.hold(self, &jobs));
        Ok([checks::HANDSHAKE.kept(found)].into_iter().chain(tried).collect())
    }
}
