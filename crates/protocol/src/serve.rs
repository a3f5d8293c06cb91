//! The worker's side of the protocol, for engines that are written in Rust: one job after another, JSON Lines in, JSON
//! Lines out.
//!
//! A run that fails is an answer, not the end of the worker; a device that fails is both. The worker ends when its input
//! ends, or when nobody reads its output.

use std::{
    io::{self, BufRead, Write},
    ops::ControlFlow,
    time::{Duration, Instant},
};

use thiserror::Error;

use crate::{
    line::{self, Line},
    measurement::{Measurement, NamedFile},
    message::{Failure, FromWorker, Hello, Job, MAX_LINE, ToWorker},
    terms::RunId,
};

/// Time between two reports of progress.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// What carries runs out, as far as the loop knows.
pub trait Engine {
    /// Who it is.
    fn hello(&self) -> Hello;

    /// Carries a job out. While that lasts, it must report its progress every few seconds.
    fn perform(&mut self, job: &Job, progress: &mut Progress<'_>) -> Result<Answer, GaveUp>;
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It is measured; the files that the measurement names are complete.
    Finished(Box<Measurement<NamedFile>>),
    /// The loss or the weights stopped being finite.
    Diverged {
        /// The step after which it was noticed.
        step: u64,
    },
    /// It could not be done.
    Failed {
        /// What kind of failure.
        failure: Failure,
        /// What happened, which file or row, and the way out.
        message: String,
    },
}

/// An engine ends without an answer for the run that it works on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct GaveUp(pub String);

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
    /// The engine ended without an answer.
    #[error(transparent)]
    GaveUp(#[from] GaveUp),
}

/// Says hello, then performs the jobs that come until there are no more.
///
/// The process must end, without further ado, when this returns an error.
pub fn serve(
    engine: &mut impl Engine,
    mut jobs: impl BufRead,
    mut messages: impl Write,
) -> Result<(), ServeError> {
    say(&mut messages, &FromWorker::Hello(engine.hello()))?;
    while let Some(line) = next_line(&mut jobs)? {
        let ToWorker::Perform(job) = serde_json::from_slice(&line).map_err(ServeError::Garbage)?;
        let mut progress = Progress::of(&mut messages, &job.run);
        let answer = engine.perform(&job, &mut progress);
        if let Some(lost) = progress.lost.take() {
            return Err(lost);
        }
        let run = job.run.clone();
        let message = match answer? {
            Answer::Finished(measurement) => FromWorker::Finished { run, measurement },
            Answer::Diverged { step } => FromWorker::Diverged { run, step },
            Answer::Failed { failure, message } => FromWorker::Failed { run, failure, message },
        };
        say(&mut messages, &message)?;
        if let FromWorker::Failed { failure: Failure::Device, message, .. } = message {
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

fn say(messages: &mut dyn Write, message: &FromWorker) -> Result<(), ServeError> {
    let mut line = serde_json::to_vec(message).expect("plain data serialises");
    line.push(b'\n');
    messages.write_all(&line).and_then(|()| messages.flush()).map_err(ServeError::Write)
}

/// Reports how far one run is, not more often than anybody wants to know.
pub struct Progress<'a> {
    messages: &'a mut dyn Write,
    run: &'a RunId,
    steps: u64,
    step: u64,
    last: Option<Instant>,
    /// Why nobody hears any more.
    lost: Option<ServeError>,
}

impl<'a> Progress<'a> {
    fn of(messages: &'a mut dyn Write, run: &'a RunId) -> Self {
        Self { messages, run, steps: 0, step: 0, last: None, lost: None }
    }

    /// Says how many steps there will be.
    pub fn expect(&mut self, steps: u64) {
        self.steps = steps;
    }

    /// Says that a step was taken, the first of which has number 1. Nobody listens any more if it breaks off.
    pub fn stepped(&mut self, step: u64) -> ControlFlow<()> {
        self.step = step;
        self.report();
        if self.lost.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Says that the run is alive, if it hasn't been said lately.
    pub fn report(&mut self) {
        if self.lost.is_some() || self.last.is_some_and(|last| last.elapsed() < REPORT_EVERY) {
            return;
        }
        self.last = Some(Instant::now());
        let message = FromWorker::Progress { run: self.run.clone(), step: self.step, steps: self.steps };
        self.lost = say(self.messages, &message).err();
    }
}

#[cfg(test)]
mod tests;
