//! The worker's side of the protocol, for engines that are written in Rust: one job after another, JSON Lines in, JSON
//! Lines out.
//!
//! A run that fails is an answer, not the end of the worker; a device that fails is both. The worker ends when its input
//! ends, or when nobody reads its output.

use std::{
    cell::RefCell,
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

    /// Carries out the runs of one job, of which there is at least one, each with its progress; they are told apart by their
    /// places. Each must be answered once, as soon as it has ended.
    ///
    /// An engine that doesn't say otherwise carries them out one after the other.
    fn perform_together(
        &mut self,
        jobs: &[Job],
        progress: &mut [Progress<'_>],
        answer: &mut dyn FnMut(usize, Answer),
    ) -> Result<(), GaveUp> {
        for (place, (job, progress)) in jobs.iter().zip(progress).enumerate() {
            answer(place, self.perform(job, progress)?);
        }
        Ok(())
    }
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
    messages: impl Write,
) -> Result<(), ServeError> {
    let wire = Wire { messages: RefCell::new(messages), lost: RefCell::new(None) };
    wire.say(&FromWorker::Hello(engine.hello()));
    wire.lost()?;
    while let Some(line) = next_line(&mut jobs)? {
        let ToWorker::Perform(job) = serde_json::from_slice(&line).map_err(ServeError::Garbage)?;
        let jobs = job.apart();
        let mut progress: Vec<Progress<'_>> = jobs.iter().map(|job| Progress::of(&wire, &job.run)).collect();
        let mut broken = None;
        let done = engine.perform_together(&jobs, &mut progress, &mut |place, answer| {
            let message = answer.message(jobs[place].run.clone());
            wire.say(&message);
            if let FromWorker::Failed { failure: Failure::Device, message, .. } = message {
                broken.get_or_insert(message);
            }
        });
        wire.lost()?;
        done?;
        if let Some(message) = broken {
            return Err(ServeError::Device { message });
        }
    }
    Ok(())
}

impl Answer {
    fn message(self, run: RunId) -> FromWorker {
        match self {
            Self::Finished(measurement) => FromWorker::Finished { run, measurement },
            Self::Diverged { step } => FromWorker::Diverged { run, step },
            Self::Failed { failure, message } => FromWorker::Failed { run, failure, message },
        }
    }
}

/// The next line that the orchestrator has sent completely; nothing once its input has ended.
fn next_line(jobs: &mut impl BufRead) -> Result<Option<Vec<u8>>, ServeError> {
    match line::read(jobs).map_err(ServeError::Read)? {
        Line::Whole(line) => Ok(Some(line)),
        Line::TooLong => Err(ServeError::TooLong),
        Line::End => Ok(None),
    }
}

/// Who hears of the runs of a job.
trait Hearer {
    /// Says something, unless nobody hears any more.
    fn say(&self, message: &FromWorker);

    fn is_lost(&self) -> bool;
}

/// What is said to the orchestrator, of several runs in turn.
struct Wire<W> {
    messages: RefCell<W>,
    /// Why nobody hears any more.
    lost: RefCell<Option<io::Error>>,
}

impl<W> Wire<W> {
    /// Fails if nobody hears any more.
    fn lost(&self) -> Result<(), ServeError> {
        self.lost.take().map_or(Ok(()), |error| Err(ServeError::Write(error)))
    }
}

impl<W: Write> Hearer for Wire<W> {
    fn say(&self, message: &FromWorker) {
        if self.is_lost() {
            return;
        }
        let mut line = serde_json::to_vec(message).expect("plain data serialises");
        line.push(b'\n');
        let mut messages = self.messages.borrow_mut();
        if let Err(error) = messages.write_all(&line).and_then(|()| messages.flush()) {
            self.lost.replace(Some(error));
        }
    }

    fn is_lost(&self) -> bool {
        self.lost.borrow().is_some()
    }
}

/// Reports how far one run is, not more often than anybody wants to know.
pub struct Progress<'a> {
    wire: &'a dyn Hearer,
    run: &'a RunId,
    steps: u64,
    step: u64,
    last: Option<Instant>,
}

impl<'a> Progress<'a> {
    fn of(wire: &'a dyn Hearer, run: &'a RunId) -> Self {
        Self { wire, run, steps: 0, step: 0, last: None }
    }

    /// Says how many steps there will be.
    pub fn expect(&mut self, steps: u64) {
        self.steps = steps;
    }

    /// Says that a step was taken, the first of which has number 1. Nobody listens any more if it breaks off.
    pub fn stepped(&mut self, step: u64) -> ControlFlow<()> {
        self.step = step;
        self.report();
        if self.wire.is_lost() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Says that the run is alive, if it hasn't been said lately.
    pub fn report(&mut self) {
        if self.last.is_some_and(|last| last.elapsed() < REPORT_EVERY) {
            return;
        }
        self.last = Some(Instant::now());
        self.wire.say(&FromWorker::Progress { run: self.run.clone(), step: self.step, steps: self.steps });
    }
}

#[cfg(test)]
mod tests;
