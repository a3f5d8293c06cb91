//! The worker's side of the protocol: one job after another, JSON Lines in, JSON Lines out.
//!
//! A run that fails is an answer, not the end of the worker; a device that fails is both. The worker ends when its input
//! ends, or when nobody reads its output.

mod perform;
mod voice;

use std::{
    io::{self, BufRead, Write},
    path::PathBuf,
};

use sweep_protocol::{
    FORMAT,
    line::{self, Line},
    message::{Failure, FromWorker, Hello, MAX_LINE, ToWorker},
    terms,
};
use tch::Device;
use thiserror::Error;

use crate::{
    device,
    inputs::{Passes, Shelf},
};
use voice::Voice;

/// The worker can't go on.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The orchestrator can't be read.
    #[error("failed to read a job: {0}")]
    Read(#[source] io::Error),
    /// The orchestrator can't be written to.
    #[error("failed to write a message: {0}")]
    Write(#[source] io::Error),
    /// A line is longer than either side accepts.
    #[error("the orchestrator sent a line of more than {MAX_LINE} bytes")]
    TooLong,
    /// A line is no message.
    #[error("the orchestrator sent a line that is no message: {0}")]
    Garbage(#[source] serde_json::Error),
    /// The device is broken; no later run can be trusted to it.
    #[error("the device failed, and with it this worker: {message}")]
    Device {
        /// What it said.
        message: String,
    },
}

/// Where a worker computes.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// As the orchestrator calls it.
    pub name: terms::Device,
    /// As libtorch calls it.
    pub device: Device,
}

/// Says hello, then performs the jobs that come until there are no more. What passes over the data find is kept in the
/// folder `passes`, where there is one.
pub fn serve(
    place: Place,
    passes: Option<PathBuf>,
    mut jobs: impl BufRead,
    messages: impl Write,
) -> Result<(), ServeError> {
    let mut voice = Voice::new(messages);
    voice.say(&FromWorker::Hello(Hello {
        format: FORMAT,
        engine: "torch".to_owned(),
        version: crate::version(),
        device: place.name,
        device_name: device::name(place.name),
    }))?;

    let device = device::name(place.name);
    let passes = passes.map(|folder| Passes { folder, device });
    let mut shelf = Shelf::new(place.device, passes);
    while let Some(line) = next_line(&mut jobs)? {
        let ToWorker::Perform(job) = serde_json::from_slice(&line).map_err(ServeError::Garbage)?;
        let answer = perform::perform(&job, place.device, &mut shelf, &mut voice)?;
        voice.say(&answer)?;
        if let FromWorker::Failed { failure: Failure::Device, message, .. } = answer {
            return Err(ServeError::Device { message });
        }
    }
    Ok(())
}

/// The next line that the orchestrator has sent completely; nothing once its input has ended.
fn next_line(jobs: &mut impl BufRead) -> Result<Option<Vec<u8>>, ServeError> {
    match line::read(jobs).map_err(ServeError::Read)? {
        Line::Whole(line) => Ok(Some(line)),
        Line::TooLong => Err(ServeError::TooLong),
        Line::End => Ok(None),
    }
}

#[cfg(test)]
mod tests;
