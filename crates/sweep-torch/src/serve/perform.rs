//! One run, from its job to its answer.

use std::{
    any::Any,
    cell::RefCell,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    time::Instant,
};

use sweep_inputs::{
    artifact::{self, NotWritten},
    checkpoint::{self, Mismatch},
};
use sweep_protocol::{
    measurement::Measurement,
    message::{Failure, Inputs, Job, Start},
    network::NetworkError,
    serve::{Answer, Progress},
};
use tch::{Cuda, Device, Kind};
use thiserror::Error;

use crate::{
    draws::{Draws, Seeded, Unrecorded},
    examples::Examples,
    inputs::{InputError, Shelf},
    measure::{NotFinite, measure},
    network::{Network, Weights, build},
    phase::{CallError, Done, Halt, Interpreters, Subject, Unusable, Watch, carry_out, check},
};

/// Why a run came to no measurement.
#[derive(Debug, Error)]
enum Unfinished {
    #[error("the job names no data set; this engine trains, so it needs `inputs`")]
    NoInputs,
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error("`{}` doesn't fit the job's network: {mismatch}", path.display())]
    Weights { path: PathBuf, mismatch: Mismatch },
    #[error(transparent)]
    Recipe(#[from] Unusable),
    #[error("the loss or the weights are not finite after step {step}")]
    Diverged { step: u64 },
    #[error("nobody listens to the run any more")]
    Unheard,
    #[error(transparent)]
    Write(#[from] NotWritten),
    #[error(transparent)]
    Draw(#[from] Unrecorded),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("libtorch: {message}")]
    Torch { message: String },
}

impl From<Halt> for Unfinished {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Unusable(problem) => Self::Recipe(problem),
            Halt::Diverged { step } => Self::Diverged { step },
            Halt::Unrecorded(missing) => Self::Draw(missing),
            Halt::Call(error) => Self::Call(error),
            Halt::Abandoned => Self::Unheard,
        }
    }
}

impl Unfinished {
    fn failure(&self) -> Failure {
        match self {
            Self::NoInputs | Self::Input(_) | Self::Network(_) | Self::Weights { .. } | Self::Recipe(_) => {
                Failure::Refused
            }
            Self::Torch { message } => failure_of_torch(message),
            Self::Call(error) => error.failure,
            Self::Diverged { .. } | Self::Unheard | Self::Write(_) | Self::Draw(_) => Failure::Error,
        }
    }
}

/// Tells failures apart by what libtorch says: it has no other way of saying it.
fn failure_of_torch(message: &str) -> Failure {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    // First, because CUDA's own text for it begins like every other CUDA error.
    if says(&["out of memory", "can't allocate memory", "not enough memory", "std::bad_alloc"]) {
        Failure::OutOfMemory
    } else if says(&[
        "CUDA error",
        "CUDA driver",
        "device-side assert",
        "CUBLAS_STATUS",
        "CUDNN_STATUS",
        "NVIDIA",
    ]) {
        Failure::Device
    } else {
        Failure::Error
    }
}

impl Watch for Progress<'_> {
    fn stepped(&mut self, step: u64) -> ControlFlow<()> {
        Progress::stepped(self, step)
    }

    /// Nobody knows how many moves there will be.
    fn works(&mut self, moves: u64) -> ControlFlow<()> {
        self.expect(moves);
        Progress::stepped(self, moves)
    }
}

/// Performs a job.
pub(super) fn perform(
    job: &Job,
    device: Device,
    kept: (&mut Shelf, &Interpreters),
    progress: &mut Progress<'_>,
) -> Answer {
    let attempt = AssertUnwindSafe(|| attempt(job, device, kept, progress));
    let result = catch_unwind(attempt)
        .unwrap_or_else(|panic| Err(Unfinished::Torch { message: text(panic.as_ref()) }));
    match result {
        Ok(measurement) => Answer::Finished(Box::new(measurement.into())),
        Err(Unfinished::Diverged { step }) => Answer::Diverged { step },
        Err(problem) => Answer::Failed { failure: problem.failure(), message: problem.to_string() },
    }
}

/// What a panic says.
fn text(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

fn attempt(
    job: &Job,
    device: Device,
    (shelf, interpreters): (&mut Shelf, &Interpreters),
    progress: &mut Progress<'_>,
) -> Result<Measurement, Unfinished> {
    let inputs = job.inputs.as_ref().ok_or(Unfinished::NoInputs)?;
    let network = build(&inputs.network)?;
    let examples = {
        let progress = RefCell::new(&mut *progress);
        shelf.examples(inputs, &|| progress.borrow_mut().report())?
    };
    check(&job.recipe, network.layout(), &examples)?;
    let mut draws = Seeded::new(job.seed);
    let mut weights = begin(&network, inputs, shelf, device, &mut draws)?;

    progress.expect(job.recipe.steps(&examples.sizes()));
    let clock = Instant::now();
    let known = shelf.pass_cache(inputs);
    let mut subject = Subject { network: &network, weights: &mut weights, known: &known, interpreters };
    let Done { steps, unchanged, called } =
        carry_out(&job.recipe, &mut subject, &examples, &mut draws, progress)?;
    wait_for(device);
    // Starting an interpreter is no part of a function of the user's own.
    let unlearn_s = called.unwrap_or_else(|| clock.elapsed()).as_secs_f64();
    // The floor has no phases and is meant to change nothing.
    let unchanged = unchanged && !job.recipe.phases.is_empty();
    measured(job, (&network, &weights, &examples), Spent { unlearn_s, steps, unchanged })
}

fn begin(
    network: &Network,
    inputs: &Inputs,
    shelf: &mut Shelf,
    device: Device,
    draws: &mut dyn Draws,
) -> Result<Weights, Unfinished> {
    let place = (Kind::Float, device);
    match &inputs.start {
        Start::Fresh => Ok(Weights::born(network, draws, place)?),
        Start::Checkpoint { path, blake3 } => {
            let state = shelf.state(path, blake3)?;
            Weights::from_state(network, &state, place)
                .map_err(|mismatch| Unfinished::Weights { path: path.clone(), mismatch })
        }
    }
}

/// What the recipe took, and whether it did nothing.
#[derive(Clone, Copy)]
struct Spent {
    unlearn_s: f64,
    steps: u64,
    unchanged: bool,
}

fn measured(
    job: &Job,
    (network, weights, examples): (&Network, &Weights, &Examples),
    spent: Spent,
) -> Result<Measurement, Unfinished> {
    let clock = Instant::now();
    let measured = measure(network, weights, examples, job.retain_sample)
        .map_err(|NotFinite| Unfinished::Diverged { step: spent.steps })?;
    let measure_s = clock.elapsed().as_secs_f64();
    let (confidences, examples) = artifact::write_arrays(job, &measured.confidences, measured.rows.as_ref())?;
    let weights = if job.keep_weights {
        let bytes = checkpoint::write_safetensors(&weights.state());
        Some(artifact::write(&job.folder, "model.safetensors", &bytes)?)
    } else {
        None
    };
    let accuracy = measured.accuracy;
    let Spent { unlearn_s, steps, unchanged } = spent;
    let renamed = job.recipe.phases.is_empty().then_some(measured.renamed);
    Ok(Measurement {
        accuracy,
        unlearn_s,
        measure_s,
        steps,
        confidences,
        weights,
        examples,
        unchanged,
        renamed,
    })
}

/// Waits until the device has done what it was given.
fn wait_for(device: Device) {
    if let Device::Cuda(index) = device {
        Cuda::synchronize(index as i64);
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, failure_of_torch};

    #[test]
    fn failures_are_told_apart_by_what_libtorch_says() {
        for (message, failure) in [
            ("CUDA out of memory. Tried to allocate 2.00 GiB", Failure::OutOfMemory),
            ("CUDA error: out of memory", Failure::OutOfMemory),
            (
                "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes",
                Failure::OutOfMemory,
            ),
            ("CUDA error: an illegal memory access was encountered", Failure::Device),
            ("Found no NVIDIA driver on your system", Failure::Device),
            ("The size of tensor a (3) must match the size of tensor b (4)", Failure::Error),
        ] {
            assert_eq!(failure_of_torch(message), failure, "{message}");
        }
    }
}
