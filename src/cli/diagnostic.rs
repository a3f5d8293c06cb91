//! Every error that a command can end with: how it reads and which exit code it gives.

use std::{
    error::Error as _,
    io,
    path::{Path, PathBuf},
};

use sweep_inputs::{
    checkpoint::CheckpointError, dataset::Refused, npy::NpyError, retrain_cache::RetrainCacheError,
    synth::SynthError,
};
use sweep_methods::METHODS;
use sweep_protocol::terms::Device;
use thiserror::Error;

use super::{Exit, score::ModelsError, terminal};
use crate::{
    appraisal::AppraisalError,
    cluster::{FrozenError, SlurmError},
    engine::toy::ToyError,
    grid::{Color, FilterError, GridError, closest},
    measuring::MeasuringError,
    pool::{PoolError, SignalError},
    report::ReportError,
    score::Incomparable,
    store::{CacheError, StoreError},
};

/// Why a command could not do what it was asked.
#[derive(Debug, Error)]
pub(super) enum CommandError {
    /// The grid.
    #[error("{}", .0.render(Color::Plain))]
    Grid(#[from] GridError),
    /// An expression of `--only`.
    #[error(
        "`--only {text}` is no expression: {source}; write for example \"method == 'finetune' and lr > 1e-3\""
    )]
    Filter {
        /// What was given.
        text: String,
        /// What is wrong.
        source: FilterError,
    },
    /// `--only` leaves nothing.
    #[error("`--only` selects no point; `sweep plan` lists them")]
    NothingSelected,
    /// Results would lie over inputs.
    #[error(
        "the results folder `{}` and the input `{}` lie in one another; choose another folder with --out",
        results.display(), input.display()
    )]
    ResultsOverInputs {
        /// The results folder.
        results: PathBuf,
        /// The data set or the checkpoint.
        input: PathBuf,
    },
    /// Runs finished, but what they measured is gone or damaged.
    #[error(
        "{points} points have no score, because finished runs have lost what they measured: `sweep fsck {} --repair` sets \
         these runs aside, and the same command again repeats them alone",
        dir.display()
    )]
    MeasurementsLost {
        /// Points that it concerns.
        points: usize,
        /// The results.
        dir: PathBuf,
    },
    /// `--only` on a staged sweep.
    #[error(
        "`--only` can't be used with `stages`: who goes on depends on all points; use `[[exclude]]` in the grid"
    )]
    OnlyOfStaged,
    /// A data set.
    #[error(transparent)]
    Data(#[from] Refused),
    /// A checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// An array.
    #[error(transparent)]
    Array(#[from] NpyError),
    /// A cache of retrained models.
    #[error(transparent)]
    RetrainCache(#[from] RetrainCacheError),
    /// Models to be scored.
    #[error(transparent)]
    Models(#[from] ModelsError),
    /// Checkpoints to be measured.
    #[error(transparent)]
    Measuring(#[from] MeasuringError),
    /// Two ensembles.
    #[error("the arrays can't be scored: {0}")]
    Incomparable(#[from] Incomparable),
    /// A worker refused what it was given.
    #[error("a worker refused its inputs: {message}")]
    Refused {
        /// What it said.
        message: String,
    },
    /// A name that is no method's.
    #[error("there is no method `{name}`{}", suggestion(*.close))]
    UnknownMethod {
        /// The name.
        name: String,
        /// The closest one.
        close: Option<&'static str>,
    },
    /// The synthetic data set.
    #[error(transparent)]
    Synth(#[from] SynthError),
    /// The results.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The pool.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The results, when they are read for a report.
    #[error(transparent)]
    Appraisal(#[from] AppraisalError),
    /// The report.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The toy worker.
    #[error(transparent)]
    Toy(#[from] ToyError),
    /// Signals.
    #[error(transparent)]
    Signals(#[from] SignalError),
    /// A crash that a test asks for.
    #[error(
        "SWEEP_CRASH_AT is no number, or SWEEP_CRASH_BY none of kill, eio, eio-once, enospc, enospc-once; unset them, they are \
         for tests"
    )]
    CrashAid,
    /// This program doesn't know where it is.
    #[error("failed to find this program: {source}")]
    NoProgram {
        /// Why.
        source: io::Error,
    },
    /// The torch engine is not there.
    #[error(
        "the torch engine is not there: no `{}`; build it with `scripts/setup-libtorch && cargo build --workspace`, \
         name it with SWEEP_TORCH_WORKER, or try the tool with engine = \"toy\"",
        looked_at.display()
    )]
    NoTorchWorker {
        /// Where it was expected.
        looked_at: PathBuf,
    },
    /// The torch engine doesn't start.
    #[error(
        "the torch engine `{}` doesn't start: {reason}; `scripts/setup-libtorch` fetches libtorch, `sweep doctor` looks closer",
        worker.display()
    )]
    TorchUnusable {
        /// The program.
        worker: PathBuf,
        /// What it said.
        reason: String,
    },
    /// A device outside the allocation.
    #[error(
        "the grid names {device}, but this allocation holds {granted} GPUs; take `devices` out of the grid, or ask the \
         cluster for more"
    )]
    NotGranted {
        /// The device.
        device: Device,
        /// GPUs that may be used.
        granted: usize,
    },
    /// What the cluster says about itself.
    #[error(transparent)]
    Shared(#[from] FrozenError),
    /// Slurm.
    #[error(transparent)]
    Slurm(#[from] SlurmError),
    /// A folder that several schedulers could work on.
    #[error("failed to open `{}`: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nothing of that name.
    #[error("no run of `{}` begins with `{}`; runs.csv lists them", dir.display(), prefix.escape_debug())]
    NoSuchRun {
        /// The results.
        dir: PathBuf,
        /// What was asked for.
        prefix: String,
    },
    /// Stages are one scheduler's.
    #[error(
        "a sweep with `stages` is carried out by one scheduler, but `{}` is to be shared by several; take `stages` out of \
         the grid, or run it without --shared in a folder of its own",
        dir.display()
    )]
    StagesShared {
        /// The results.
        dir: PathBuf,
    },
    /// Runs of a shared folder can't be measured again.
    #[error(
        "`{}` has finished runs that were measured without what the audits look at, and runs of a shared folder can't be \
         carried out again; take `[audit]` out of the grid, or use another --out",
        dir.display()
    )]
    MeasuredLess {
        /// The results.
        dir: PathBuf,
    },
    /// No slot could be used.
    #[error("no worker could be started:\n{}", listed(.reasons))]
    NoWorkers {
        /// Why, per slot.
        reasons: Vec<(usize, String)>,
    },
    /// The original could not be trained.
    #[error("the original could not be trained, so nothing can be unlearned: {message}; its log is {}", log.display())]
    OriginalFailed {
        /// What happened.
        message: String,
        /// Where to read more.
        log: PathBuf,
    },
}

impl CommandError {
    pub(super) fn unknown_method(name: &str) -> Self {
        let close = closest(name, METHODS.iter().map(|method| method.name));
        Self::UnknownMethod { name: name.escape_debug().to_string(), close }
    }

    pub(super) fn original_failed(message: String, log: &Path) -> Self {
        Self::OriginalFailed { message, log: log.to_owned() }
    }

    /// The error as the user reads it.
    pub(super) fn render(&self, colour: bool) -> String {
        match self {
            // A grid's problems point into its text and are laid out already.
            Self::Grid(error) => error.render(if colour { Color::Ansi } else { Color::Plain }),
            other => {
                format!(
                    "{}{}",
                    if colour { "\x1b[1;31merror\x1b[0m: " } else { "error: " },
                    terminal::tame(&chain(other))
                )
            }
        }
    }

    /// The exit code that it gives.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Grid(_)
            | Self::Filter { .. }
            | Self::ResultsOverInputs { .. }
            | Self::OnlyOfStaged
            | Self::UnknownMethod { .. }
            | Self::Synth(_)
            | Self::Toy(_)
            | Self::Signals(_)
            | Self::CrashAid
            | Self::NoProgram { .. }
            | Self::NoTorchWorker { .. }
            | Self::NotGranted { .. }
            | Self::Slurm(_)
            | Self::NoSuchRun { .. }
            | Self::StagesShared { .. }
            | Self::MeasuredLess { .. }
            | Self::TorchUnusable { .. }
            | Self::NoWorkers { .. }
            | Self::Models(ModelsError::NoData { .. } | ModelsError::AccuraciesTwice { .. })
            | Self::Appraisal(AppraisalError::Incompatible(_))
            | Self::Pool(PoolError::NoSlots) => Exit::Usage,
            Self::NothingSelected => Exit::NothingSelected,
            Self::Models(
                ModelsError::Unwritable { .. }
                | ModelsError::Unlistable { .. }
                | ModelsError::NoScratch { .. },
            )
            | Self::MeasurementsLost { .. }
            | Self::Measuring(MeasuringError::NoFolder { .. }) => Exit::Store,
            Self::Measuring(error) if error.is_of_worker() => Exit::SomeRunsFailed,
            Self::Data(_)
            | Self::Checkpoint(_)
            | Self::Array(_)
            | Self::RetrainCache(_)
            | Self::Models(_)
            | Self::Measuring(_)
            | Self::Incomparable(_)
            | Self::Refused { .. } => Exit::InputsRefused,
            Self::Store(error)
            | Self::Pool(PoolError::Store(error))
            | Self::Appraisal(AppraisalError::Store(error)) => of_store(error),
            Self::Cache(_) | Self::Appraisal(_) | Self::Report(_) | Self::Shared(_) | Self::Folder { .. } => {
                Exit::Store
            }
            Self::OriginalFailed { .. } => Exit::SomeRunsFailed,
        }
    }
}

fn of_store(error: &StoreError) -> Exit {
    match error {
        StoreError::Locked { .. } | StoreError::Fenced { .. } => Exit::Locked,
        StoreError::InputsChanged { .. } => Exit::InputsChanged,
        _ => Exit::Store,
    }
}

fn suggestion(close: Option<&'static str>) -> String {
    match close {
        Some(name) => format!("; did you mean `{name}`?"),
        None => "; `sweep methods` lists them".to_owned(),
    }
}

fn listed(reasons: &[(usize, String)]) -> String {
    let lines: Vec<String> =
        reasons.iter().map(|(slot, reason)| format!("  slot {slot}: {reason}")).collect();
    lines.join("\n")
}

/// The message, followed by those of its causes that it doesn't already contain.
fn chain(error: &CommandError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}
