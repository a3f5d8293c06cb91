//! The built-in engine that trains nothing: a worker that draws confidences from a distribution of known quality.
//!
//! What it draws depends on the method, its hyper-parameters and the seed of a run alone; the method `simulated` tells
//! it to misbehave. It does only what it is told.

mod distribution;
mod fault;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, Write},
    num::NonZeroUsize,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use sweep_inputs::npy;
use sweep_protocol::{
    FORMAT,
    line::{self, Line},
    measurement::{Artifact, Measurement},
    message::{Failure, FromWorker, Hello, Job, ToWorker},
    terms::{ContentHash, Device},
};
use thiserror::Error;

use distribution::Drawn;
use fault::Fault;

/// Version of the engine, part of the identity of its runs.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Optimiser steps that every run claims to take.
const STEPS: u64 = 10;

/// Why the toy worker ended early.
#[derive(Debug, Error)]
pub enum ToyError {
    /// The orchestrator said something that is no job.
    #[error("the orchestrator sent a line that is no job: {source}")]
    NoJob {
        /// Why.
        source: serde_json::Error,
    },
    /// The orchestrator sent more than a line may hold.
    #[error("the orchestrator sent a line that is too long")]
    TooLong,
    /// A pipe or a file failed.
    #[error("failed to write `{}`: {source}", path.display())]
    Write {
        /// The file, or `-` for a pipe.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The run says that its worker dies.
    #[error("told to die")]
    ToldToDie,
}

/// Serves jobs until the input ends. `examples` is the number of forget examples S.
///
/// The process must end, without further ado, when this returns an error.
pub fn serve(
    examples: NonZeroUsize,
    mut input: impl BufRead,
    mut output: impl Write,
) -> Result<(), ToyError> {
    say(&mut output, &FromWorker::Hello(hello()))?;
    loop {
        let line =
            match line::read(&mut input).map_err(|source| ToyError::Write { path: "-".into(), source })? {
                Line::Whole(line) => line,
                Line::TooLong => return Err(ToyError::TooLong),
                Line::End => return Ok(()),
            };
        let ToWorker::Perform(job) =
            serde_json::from_slice(&line).map_err(|source| ToyError::NoJob { source })?;
        perform(examples, &job, &mut output)?;
    }
}

fn hello() -> Hello {
    Hello {
        format: FORMAT,
        engine: "toy".to_owned(),
        version: VERSION.to_owned(),
        device: Device::Cpu,
        device_name: "none: numbers are drawn, not trained".to_owned(),
    }
}

fn perform(examples: NonZeroUsize, job: &Job, output: &mut impl Write) -> Result<(), ToyError> {
    let run = job.run.clone();
    match Fault::of(job) {
        Fault::None => work(job, output)?,
        Fault::Diverge => return say(output, &FromWorker::Diverged { run, step: STEPS / 2 }),
        Fault::Fail => {
            let message = "the method's `fault` says that the run fails".to_owned();
            return say(output, &FromWorker::Failed { run, failure: Failure::Error, message });
        }
        Fault::Die => return Err(ToyError::ToldToDie),
        Fault::Hang => loop {
            thread::park();
        },
    }
    let drawn = Drawn::of(job, examples);
    let confidences = write_array(&job.folder, "confidences.npy", &npy::vector_bytes(&drawn.confidences))?;
    let examples = match (&drawn.rows, job.retain_sample) {
        (Some(rows), Some(sample)) => {
            let array = write_array(&job.folder, "examples.npy", &npy::matrix_bytes(&rows.all()))?;
            Some(rows.described(array, sample))
        }
        _ => None,
    };
    let measurement = Measurement {
        accuracy: drawn.accuracy,
        unlearn_s: work_time(job).as_secs_f64(),
        measure_s: 0.0,
        steps: STEPS,
        confidences,
        weights: None,
        examples,
        unchanged: false,
    };
    say(output, &FromWorker::Finished { run, measurement: Box::new(measurement) })
}

fn work_time(job: &Job) -> Duration {
    Duration::from_secs_f64(fault::number(job, "work-ms", 0.0).clamp(0.0, 1e9) / 1000.0)
}

fn work(job: &Job, output: &mut impl Write) -> Result<(), ToyError> {
    let pause = work_time(job) / STEPS as u32;
    if pause.is_zero() {
        return Ok(());
    }
    for step in 1..=STEPS {
        thread::sleep(pause);
        say(output, &FromWorker::Progress { run: job.run.clone(), step, steps: STEPS })?;
    }
    Ok(())
}

fn say(output: &mut impl Write, message: &FromWorker) -> Result<(), ToyError> {
    let mut line = serde_json::to_vec(message).expect("plain data serialises");
    line.push(b'\n');
    output
        .write_all(&line)
        .and_then(|()| output.flush())
        .map_err(|source| ToyError::Write { path: "-".into(), source })
}

/// Writes an array as a whole or not at all.
fn write_array(folder: &Path, name: &str, bytes: &[u8]) -> Result<Artifact, ToyError> {
    let (temporary, path) = (folder.join(format!(".{name}.tmp")), folder.join(name));
    let write = || {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(&temporary, &path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|source| ToyError::Write { path: path.clone(), source })?;
    let blake3 = ContentHash::from(*blake3::hash(bytes).as_bytes());
    Ok(Artifact { file: name.to_owned(), blake3 })
}
