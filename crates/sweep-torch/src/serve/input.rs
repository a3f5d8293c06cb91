//! What the orchestrator says, read by a thread of its own, so that the end of the input is noticed while a run trains.

use std::{
    io::{self, BufRead, BufReader, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, sync_channel},
    },
    thread,
};

use sweep_protocol::message::{Job, MAX_LINE, ToWorker};
use thiserror::Error;

/// The orchestrator said something that is no message.
#[derive(Debug, Error)]
pub enum InputError {
    /// A line is too long.
    #[error("the orchestrator sent a line of more than {MAX_LINE} bytes")]
    TooLong,
    /// A line is no message.
    #[error("the orchestrator sent a line that is no message: {0}")]
    NoMessage(#[from] serde_json::Error),
    /// The pipe failed.
    #[error("failed to read from the orchestrator: {0}")]
    Pipe(#[from] io::Error),
}

/// Jobs as they come in.
pub(super) struct Input {
    jobs: Receiver<Result<Job, InputError>>,
    ended: Arc<AtomicBool>,
}

impl Input {
    /// Starts to listen.
    pub(super) fn listen(source: impl Read + Send + 'static) -> io::Result<Self> {
        let ended = Arc::new(AtomicBool::new(false));
        let (sender, jobs) = sync_channel(1);
        let seen = Arc::clone(&ended);
        thread::Builder::new().name("input".to_owned()).spawn(move || {
            let mut lines = BufReader::new(source);
            while let Some(job) = read(&mut lines).transpose() {
                let broken = job.is_err();
                if sender.send(job).is_err() || broken {
                    break;
                }
            }
            seen.store(true, Ordering::Relaxed);
        })?;
        Ok(Self { jobs, ended })
    }

    /// The next job; nothing once the input has ended.
    pub(super) fn next(&self) -> Result<Option<Job>, InputError> {
        self.jobs.recv().ok().transpose()
    }

    /// Whether the orchestrator is gone or wants no more.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

fn read(lines: &mut impl BufRead) -> Result<Option<Job>, InputError> {
    let mut line = Vec::new();
    let length = lines.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line)?;
    match length {
        0 => Ok(None),
        length if length > MAX_LINE => Err(InputError::TooLong),
        _ => {
            let ToWorker::Perform(job) = serde_json::from_slice(&line)?;
            Ok(Some(*job))
        }
    }
}
