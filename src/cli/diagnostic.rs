//! Every error that a command can end with: how it reads; `code` says which exit code it gives.

mod code;

use std::{error::Error as _, io, path::PathBuf};

use sweep_import::ImportError;
use sweep_inputs::{
    checkpoint::CheckpointError, dataset::Refused, npy::NpyError, retrain_cache::RetrainCacheError,
    synth::SynthError,
};
use sweep_methods::METHODS;
use sweep_protocol::serve::ServeError;
use thiserror::Error;

use super::{
    export::ExportError, figures::FiguresError, new_method::NewMethodError, score::ModelsError, terminal,
};
use crate::{
    appraisal::AppraisalError,
    cluster::{FrozenError, SlurmError},
    conformance::KitError,
    frame::NoThreads,
    grid::{Color, GridError, closest},
    measuring::MeasuringError,
    pool::{PoolError, SignalError},
    rehearsal::{RehearsalError, UnfitGrid},
    report::ReportError,
    score::Incomparable,
    serving::DoorError,
    session::{SessionError, TrialError},
    store::{CacheError, StoreError},
};

/// Why a command could not do what it was asked.
#[derive(Debug, Error)]
pub(super) enum CommandError {
    /// The grid.
    #[error("{}", .0.render(Color::Plain))]
    Grid(#[from] GridError),
    /// A limit of this process.
    #[error(
        "{name} leaves this process {most} {what}, and no sweep can do with fewer than {least}: raise it, and give the command again"
    )]
    Limited {
        /// How a shell calls the limit.
        name: &'static str,
        /// What it limits.
        what: &'static str,
        /// How much there may be.
        most: u64,
        /// How much is needed.
        least: u64,
    },
    /// Threads.
    #[error(transparent)]
    NoThreads(#[from] NoThreads),
    /// Standard output.
    #[error(
        "failed to write to standard output: {kind}; what was shown is incomplete, make room and give the command again"
    )]
    NotShown {
        /// Why.
        kind: io::ErrorKind,
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
    /// The trial of an engine.
    #[error(transparent)]
    Conformance(#[from] KitError),
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
    /// An original that can't be exported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Figures that can't be drawn so.
    #[error(transparent)]
    Figures(#[from] FiguresError),
    /// A new method that can't be written.
    #[error(transparent)]
    NewMethod(#[from] NewMethodError),
    /// A rehearsal.
    #[error(transparent)]
    Rehearsal(#[from] RehearsalError),
    /// A data set of others that can't be imported or split.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A sweep that can't be opened, shared or carried out.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// Workers that could not be tried.
    #[error(transparent)]
    Trial(#[from] TrialError),
    /// Results would lie over other results.
    #[error("`{}` holds the results of a sweep; choose another folder with --out", dir.display())]
    ResultsOverResults {
        /// The folder.
        dir: PathBuf,
    },
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
    /// The toy engine's worker.
    #[error(transparent)]
    Toy(#[from] ServeError),
    /// Results that can't be served.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// Signals.
    #[error(transparent)]
    Signals(#[from] SignalError),
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
    #[error("no label of `{}` is `{}`, and no run begins with it; `sweep status` lists labels, runs.csv runs", dir.display(), prefix.escape_debug())]
    NoSuchRun {
        /// The results.
        dir: PathBuf,
        /// What was asked for.
        prefix: String,
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

impl From<UnfitGrid> for CommandError {
    fn from(fault: UnfitGrid) -> Self {
        match fault {
            UnfitGrid::Grid(error) => Self::Grid(error),
            UnfitGrid::Rehearsal(error) => Self::Rehearsal(error),
        }
    }
}

impl CommandError {
    pub(super) fn unknown_method(name: &str) -> Self {
        let close = closest(name, METHODS.iter().map(|method| method.name));
        Self::UnknownMethod { name: name.escape_debug().to_string(), close }
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
