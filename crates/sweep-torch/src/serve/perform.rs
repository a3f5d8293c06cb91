//! One job: load, carry the recipe out, measure, write, answer.

use std::{
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use sweep_inputs::checkpoint;
use sweep_protocol::{
    measurement::{Artifact, Measurement},
    message::{FromWorker, Job, Start},
    terms::RunId,
};
use tch::Kind;

use super::{Output, failure::NotDone, input::Input, session::Session};
use crate::{
    artifact,
    draws::Seeded,
    measure::{Measured, measure},
    network::{Weights, build},
    phase::{Halt, Subject, Watch, carry_out},
};

/// Time between two messages of progress.
const PULSE: Duration = Duration::from_secs(1);

/// How a job ends that could be tried.
enum End {
    Measured(Box<Measurement>),
    Diverged { step: u64 },
}

/// Performs a job and says how it ended. A panic inside libtorch ends the job, not the worker.
pub(super) fn perform(job: &Job, session: &mut Session, output: &mut Output, input: &Input) -> FromWorker {
    let run = job.run.clone();
    let attempt = AssertUnwindSafe(|| attempt(job, session, output, input));
    let end = catch_unwind(attempt).unwrap_or_else(|payload| Err(NotDone::panicked(payload.as_ref())));
    match end {
        Ok(End::Measured(measurement)) => FromWorker::Finished { run, measurement },
        Ok(End::Diverged { step }) => FromWorker::Diverged { run, step },
        Err(failure) => {
            FromWorker::Failed { run, failure: failure.kind(), message: failure.to_string() }
        }
    }
}

fn attempt(job: &Job, session: &mut Session, output: &mut Output, input: &Input) -> Result<End, NotDone> {
    let inputs = job.inputs.as_ref().ok_or(NotDone::NoInputs)?;
    let network = build(&inputs.network)?;
    session.load(inputs)?;
    let mut draws = Seeded::new(job.seed);
    let place = (Kind::Float, session.device);
    let mut weights = match &inputs.start {
        Start::Fresh => Weights::born(network.layout(), &mut draws, place)
            .expect("a seeded source draws whatever it is asked for"),
        Start::Checkpoint { path, .. } => Weights::from_state(network.layout(), session.original(), place)
            .map_err(|mismatch| NotDone::Mismatch { path: path.clone(), mismatch })?,
    };

    let started = Instant::now();
    let mut pulse = Pulse::new(job, job.recipe.steps(&session.examples().sizes()), output, input);
    let mut subject = Subject { network: network.as_ref(), weights: &mut weights };
    let steps = match carry_out(&job.recipe, &mut subject, session.examples(), &mut draws, &mut pulse) {
        Ok(steps) => steps,
        Err(Halt::Unusable(unusable)) => return Err(unusable.into()),
        Err(Halt::Diverged { step }) => return Ok(End::Diverged { step }),
        // Nobody listens any more; the answer goes nowhere.
        Err(Halt::Abandoned) => return Ok(End::Diverged { step: pulse.step }),
        Err(Halt::Unrecorded(_)) => unreachable!("a seeded source draws whatever it is asked for"),
    };
    let unlearn_s = started.elapsed().as_secs_f64();

    let started = Instant::now();
    let Ok(measured) = measure(network.as_ref(), &weights, session.examples()) else {
        return Ok(End::Diverged { step: steps });
    };
    let (confidences, kept) = keep(job, &weights, &measured)?;
    Ok(End::Measured(Box::new(Measurement {
        accuracy: measured.accuracy,
        unlearn_s,
        measure_s: started.elapsed().as_secs_f64(),
        steps,
        confidences,
        weights: kept,
    })))
}

/// Writes what the measurement names.
fn keep(job: &Job, weights: &Weights, measured: &Measured) -> Result<(Artifact, Option<Artifact>), NotDone> {
    let confidences = artifact::write(&job.folder, "confidences.npy", &artifact::npy(&measured.confidences))?;
    let kept = if job.keep_weights {
        let bytes = checkpoint::write_safetensors(&weights.state());
        Some(artifact::write(&job.folder, "model.safetensors", &bytes)?)
    } else {
        None
    };
    Ok((confidences, kept))
}

/// Tells the orchestrator now and then that the run moves.
struct Pulse<'a> {
    run: &'a RunId,
    step: u64,
    steps: u64,
    last: Instant,
    output: &'a mut Output,
    input: &'a Input,
}

impl<'a> Pulse<'a> {
    fn new(job: &'a Job, steps: u64, output: &'a mut Output, input: &'a Input) -> Self {
        Self { run: &job.run, step: 0, steps, last: Instant::now(), output, input }
    }
}

impl Watch for Pulse<'_> {
    fn stepped(&mut self, step: u64) -> ControlFlow<()> {
        self.step = step;
        if self.input.has_ended() {
            return ControlFlow::Break(());
        }
        if self.last.elapsed() < PULSE {
            return ControlFlow::Continue(());
        }
        self.last = Instant::now();
        let progress = FromWorker::Progress { run: self.run.clone(), step, steps: self.steps };
        // A broken pipe means that nobody listens any more.
        if self.output.say(&progress).is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
