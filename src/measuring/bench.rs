//! One worker process, which is handed one job after the other.

use std::{path::Path, time::Duration};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use sweep_disk::OsDisk;
use sweep_protocol::{
    FORMAT,
    measurement::{Measurement, NamedFile},
    message::{Failure, FromWorker, Hello, Job},
};
use thiserror::Error;

use crate::{
    engine::{Delivery, ForeignFormat, JobError, Loss, SpawnError, Worker, WorkerCommand, adopt_strays},
    store::{self, RunLog},
};

/// Messages that may wait.
const WAITING: usize = 16;
/// How long a worker may say nothing: reading the data and one look at all images are done in far less.
const PATIENCE: Duration = Duration::from_mins(10);
/// What a worker says on standard error goes into this file of the run's folder.
const LOG: &str = "worker.log";

/// Why a worker could not do a job.
#[derive(Debug, Error)]
pub enum BenchError {
    /// It doesn't start.
    #[error(transparent)]
    Start(#[from] SpawnError),
    /// The job can't be sent.
    #[error(transparent)]
    Job(#[from] JobError),
    /// Its log can't be written.
    #[error("failed to write the worker's log: {source}")]
    Log {
        /// Why.
        source: std::io::Error,
    },
    /// It refuses what it is given.
    #[error("{message}")]
    Refused {
        /// What it said.
        message: String,
    },
    /// It failed.
    #[error("the worker failed: {message}")]
    Failed {
        /// What it said.
        message: String,
    },
    /// It is gone.
    #[error("{loss}{}", last_words(tail))]
    Lost {
        /// Why nothing comes any more.
        loss: Loss,
        /// Its last words.
        tail: String,
    },
    /// It names files that are not there, or not as it says.
    #[error("the worker named files that are not in the run's folder")]
    Unfounded,
    /// It says nothing.
    #[error("the worker has said nothing for {} minutes", PATIENCE.as_secs() / 60)]
    Silent,
    /// It is of another release.
    #[error(transparent)]
    Foreign(#[from] ForeignFormat),
}

fn last_words(tail: &str) -> String {
    if tail.trim().is_empty() { String::new() } else { format!("; its last words:\n{}", tail.trim_end()) }
}

/// A running worker and what it says. Dropping it kills the worker.
pub(super) struct Bench {
    worker: Worker,
    heard: Receiver<Delivery>,
}

impl Bench {
    /// The worker that is there, or a new one. The calling thread must outlive it.
    pub(super) fn open<'b>(
        bench: &'b mut Option<Self>,
        command: &WorkerCommand,
    ) -> Result<&'b Self, BenchError> {
        if let Some(bench) = bench {
            return Ok(bench);
        }
        adopt_strays();
        let (said, heard) = bounded(WAITING);
        let worker = Worker::spawn(command, move |delivery| said.send(delivery).is_ok())?;
        Ok(bench.insert(Self { worker, heard }))
    }

    /// Has one job done; its folder must exist.
    pub(super) fn perform(&self, job: Job) -> Result<Measurement, BenchError> {
        let folder = job.folder.clone();
        let log = log(&folder)?;
        self.worker.perform(job, log)?;
        let measured = loop {
            match self.heard.recv_timeout(PATIENCE) {
                Ok(Delivery::Message(message)) => {
                    if let Some(measurement) = understood(*message)? {
                        break measurement;
                    }
                }
                Ok(Delivery::Lost(loss)) => return Err(self.lost(loss)),
                Err(RecvTimeoutError::Disconnected) => return Err(self.lost(Loss::Closed)),
                Err(RecvTimeoutError::Timeout) => return Err(BenchError::Silent),
            }
        };
        self.worker.rest();
        store::described(&OsDisk, &folder, *measured).ok_or(BenchError::Unfounded)
    }

    fn lost(&self, loss: Loss) -> BenchError {
        BenchError::Lost { loss, tail: self.worker.tail() }
    }
}

fn log(folder: &Path) -> Result<RunLog, BenchError> {
    RunLog::open(&folder.join(LOG), 1).map_err(|source| BenchError::Log { source })
}

/// The measurement, once it comes.
fn understood(message: FromWorker) -> Result<Option<Box<Measurement<NamedFile>>>, BenchError> {
    match message {
        FromWorker::Hello(Hello { format, .. }) if format != FORMAT => Err(ForeignFormat(format).into()),
        FromWorker::Hello(_) | FromWorker::Progress { .. } => Ok(None),
        FromWorker::Finished { measurement, .. } => Ok(Some(measurement)),
        FromWorker::Diverged { .. } => {
            Err(BenchError::Refused { message: "its outputs are not finite".to_owned() })
        }
        FromWorker::Failed { failure: Failure::Refused, message, .. } => Err(BenchError::Refused { message }),
        FromWorker::Failed { message, .. } => Err(BenchError::Failed { message }),
    }
}
