//! The worker: performs one job after another until its input ends.
//!
//! Owns the protocol's side of things and what is kept between jobs (data set, original). What a job does to a network is
//! the interpreter's business ([`crate::phase`]). A job that can't be done is an answer, not the worker's end.

mod failure;
mod input;
mod perform;
mod session;

use std::io::{self, Write};

use sweep_protocol::{
    FORMAT,
    message::{FromWorker, Hello},
    terms,
};
use thiserror::Error;

use crate::{
    device::{self, DeviceError},
    system, version,
};
use input::{Input, InputError};
use session::Session;

/// The worker can't go on.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The device can't be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The orchestrator said something that is no message.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A pipe failed.
    #[error("failed to talk to the orchestrator: {0}")]
    Pipe(#[from] io::Error),
}

/// Serves jobs on one device until standard input ends. Must be the process's first use of libtorch.
pub fn serve(wanted: terms::Device) -> Result<(), ServeError> {
    system::die_with_parent()?;
    let mut output = Output(Box::new(system::claim_stdout()?));
    let opened = device::open(wanted)?;
    output.say(&FromWorker::Hello(Hello {
        format: FORMAT,
        engine: "torch".to_owned(),
        version: version(),
        device: wanted,
        device_name: device::name(wanted),
    }))?;
    let input = Input::listen(io::stdin())?;
    let mut session = Session::new(opened);
    while let Some(job) = input.next()? {
        let answer = perform::perform(&job, &mut session, &mut output, &input);
        if input.has_ended() {
            break;
        }
        output.say(&answer)?;
    }
    Ok(())
}

/// The way back to the orchestrator.
struct Output(Box<dyn Write>);

impl Output {
    fn say(&mut self, message: &FromWorker) -> io::Result<()> {
        let mut line = serde_json::to_vec(message).map_err(io::Error::from)?;
        line.push(b'\n');
        self.0.write_all(&line)?;
        self.0.flush()
    }
}
