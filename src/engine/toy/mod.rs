//! The built-in engine that trains nothing: a worker that draws confidences from a distribution of known quality.
//!
//! What it draws depends on the method, its hyper-parameters and the seed of a run alone; the method `simulated` tells
//! it to misbehave. It does only what it is told.

mod distribution;
mod fault;

use std::{
    io::{BufRead, Write},
    num::{NonZeroU32, NonZeroUsize},
    thread,
    time::Duration,
};

use sweep_inputs::artifact::{self, NotWritten};
use sweep_protocol::{
    FORMAT,
    measurement::Measurement,
    message::{Failure, Hello, Job},
    serve::{self, Answer, Engine, GaveUp, Progress, ServeError},
    terms::Device,
};

use distribution::Drawn;
use fault::Fault;

/// Version of the engine, part of the identity of its runs: what it draws depends on the number of forget examples, too.
pub fn version(examples: u32) -> String {
    format!("{}, {examples} examples", env!("CARGO_PKG_VERSION"))
}

/// Optimiser steps that every run claims to take.
const STEPS: u64 = 10;

/// Serves jobs until the input ends, each of at most `rows` runs, which are carried out one after the other. `examples` is
/// the number of forget examples S.
///
/// The process must end, without further ado, when this returns an error.
pub fn serve(
    (examples, rows): (NonZeroUsize, NonZeroU32),
    jobs: impl BufRead,
    messages: impl Write,
) -> Result<(), ServeError> {
    serve::serve(&mut Toy { examples, rows }, jobs, messages)
}

/// The engine; `examples` is the number of forget examples S.
struct Toy {
    examples: NonZeroUsize,
    rows: NonZeroU32,
}

impl Engine for Toy {
    fn hello(&self) -> Hello {
        Hello {
            format: FORMAT,
            engine: "toy".to_owned(),
            version: version(self.examples.get() as u32),
            trains: false,
            methods: None,
            capacity: self.rows,
            device: Device::Cpu,
            device_name: "none: numbers are drawn, not trained".to_owned(),
        }
    }

    fn perform(&mut self, job: &Job, progress: &mut Progress<'_>) -> Result<Answer, GaveUp> {
        match Fault::of(job) {
            Fault::None => work(job, progress),
            Fault::Diverge => return Ok(Answer::Diverged { step: STEPS / 2 }),
            Fault::Fail => {
                return Ok(failed("the method's `fault` says that the run fails".to_owned()));
            }
            Fault::Die => return Err(GaveUp("told to die".to_owned())),
            Fault::Hang => loop {
                thread::park();
            },
        }
        Ok(match measured(job, self.examples) {
            Ok(measurement) => Answer::Finished(Box::new(measurement.into())),
            Err(problem) => failed(problem.to_string()),
        })
    }
}

fn failed(message: String) -> Answer {
    Answer::Failed { failure: Failure::Error, message }
}

fn measured(job: &Job, examples: NonZeroUsize) -> Result<Measurement, NotWritten> {
    let drawn = Drawn::of(job, examples);
    let (confidences, examples) = artifact::write_arrays(job, &drawn.confidences, drawn.rows.as_ref())?;
    Ok(Measurement {
        accuracy: drawn.accuracy,
        unlearn_s: work_time(job).as_secs_f64(),
        measure_s: 0.0,
        steps: STEPS,
        confidences,
        weights: None,
        examples,
        reconstruction: None,
        curves: None,
        unchanged: false,
        renamed: None,
    })
}

fn work_time(job: &Job) -> Duration {
    Duration::from_secs_f64(fault::number(job, "work-ms", 0.0).clamp(0.0, 1e9) / 1000.0)
}

fn work(job: &Job, progress: &mut Progress<'_>) {
    let pause = work_time(job) / STEPS as u32;
    if pause.is_zero() {
        return;
    }
    progress.expect(STEPS);
    for step in 1..=STEPS {
        thread::sleep(pause);
        if progress.stepped(step).is_break() {
            return;
        }
    }
}
