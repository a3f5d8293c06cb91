use std::{io, path::PathBuf};

use sweep_inputs::{
    checkpoint::CheckpointError,
    dataset::{OtherTraining, Refused},
};
use sweep_protocol::terms::{Device, Products};
use thiserror::Error;

use super::{WeakOriginal, libtorch::LibtorchError, package::PackageError};
use crate::{
    cluster::FrozenError,
    gpu::NoGpu,
    grid::FilterError,
    plan::FitError,
    pool::{PoolError, SignalError},
    store::{CacheError, StoreError},
};

/// Why a sweep could not be opened, shared or carried out.
#[derive(Debug, Error)]
pub enum SessionError {
    /// An expression that selects points.
    #[error(
        "`--only {text}` is no expression: {source}; write for example \"method == 'finetune' and lr > 1e-3\""
    )]
    Filter {
        /// What was given.
        text: String,
        /// What is wrong.
        source: FilterError,
    },
    /// Nothing is selected.
    #[error("`--only` selects no point; `sweep plan` lists them")]
    NothingSelected,
    /// Points are selected of a staged sweep.
    #[error(
        "`--only` can't be used with `stages` or `[confirm]`: who goes on depends on all points; use `[[exclude]]` in the grid"
    )]
    OnlyOfStaged,
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
    /// A place for results that can be none.
    #[error("`{}` can't hold the results of a sweep: {why}; choose another folder with --out", dir.display())]
    NoPlace {
        /// The results folder.
        dir: PathBuf,
        /// Why.
        why: String,
    },
    /// A data set.
    #[error(transparent)]
    Data(#[from] Refused),
    /// Originals that would have learned something else than what is forgotten.
    #[error(
        "`{learned}`, from which the originals learn, and `{forgotten}`, whose forget set they are to forget, are no splits of the same \
         training images: {reason}; `sweep split {learned} OUT --forget RULE` writes one"
    )]
    OtherTraining {
        /// The data set of `path`.
        learned: String,
        /// That of `forget`.
        forgotten: String,
        /// What differs.
        reason: OtherTraining,
    },
    /// Processor and GPUs in one sweep.
    #[error(
        "[pool] devices names the processor and GPUs, whose numbers differ; name devices of one kind, and make a sweep of its own \
         of the other"
    )]
    MixedDevices,
    /// Numbers that only GPUs multiply.
    #[error(
        "[pool] precision = \"{precision}\" is for GPUs, and this pool has none: a processor multiplies in float32; leave it out, or \
         name GPUs in devices"
    )]
    NotOnProcessors {
        /// What the grid asks for.
        precision: Products,
    },
    /// A checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Checkpoints that are one.
    #[error("the originals `{one}` and `{other}` are the same, byte for byte; name one of them")]
    SameOriginal {
        /// A file.
        one: String,
        /// Another.
        other: String,
    },
    /// A checkpoint that can't be the original.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// A checkpoint that knows hardly more than chance would.
    #[error(transparent)]
    WeakOriginal(Box<WeakOriginal>),
    /// The results.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The pool.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// Wishes to end early can't be heard.
    #[error(transparent)]
    Signals(#[from] SignalError),
    /// What a shared folder says about itself.
    #[error(transparent)]
    Shared(#[from] FrozenError),
    /// A folder can't be opened.
    #[error("failed to open `{}`: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// This program doesn't know where it is.
    #[error("failed to find this program: {source}")]
    NoProgram {
        /// Why.
        source: io::Error,
    },
    /// The torch engine is not there.
    #[error(
        "the torch engine is not there: no `{}`, and no Python here has unlearn-sweep-torch; `pip install 'unlearn-sweep[torch]'`, or build it with \
         `scripts/setup-libtorch && cargo build --workspace`, name it with SWEEP_TORCH_WORKER, or try the tool with \
         engine = \"toy\"",
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
    /// A command that isn't started unasked.
    #[error(
        "the engine is the command `{}`, which is not started unasked: {reason}; look at it, then say --trust",
        command.escape_debug()
    )]
    Untrusted {
        /// The command.
        command: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A function that isn't called unasked.
    #[error(
        "the grid calls a function of `{}`, and Python of others is not run unasked: {reason}; look at it, then say --trust",
        what.escape_debug()
    )]
    UntrustedFunction {
        /// Its file, or the interpreter.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A command that is no engine, or not one for this grid.
    #[error("the engine `{}` can't be used: {reason}", command.escape_debug())]
    EngineUnusable {
        /// The command.
        command: String,
        /// Why.
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
    /// A GPU is named, and there is none.
    #[error(
        "the grid names {wanted}, and there is {why}; take `devices` out of the grid to use what is there"
    )]
    NoGpu {
        /// The device.
        wanted: Device,
        /// Why there is none.
        why: NoGpu,
    },
    /// A GPU is named that isn't there.
    #[error(
        "the grid names {wanted}, and the driver lists: {there}; take `devices` out of the grid to use what is free"
    )]
    NoSuchGpu {
        /// The device.
        wanted: Device,
        /// The GPUs that are there.
        there: String,
    },
    /// Other programs fill all GPUs.
    #[error(
        "other programs fill every GPU: {filled}; wait for them, or say `devices = [\"cuda:0\"]` to join them or `devices = \
         [\"cpu\"]` to do without"
    )]
    AllFilled {
        /// The GPUs.
        filled: String,
    },
    /// There are GPUs, and the torch engine can't use them.
    #[error(
        "the pool has GPUs, and the torch engine can't use them: {problem}; `devices = [\"cpu\"]` does without"
    )]
    NoCuda {
        /// What the worker says.
        problem: String,
    },
    /// A libtorch that was named.
    #[error(transparent)]
    Libtorch(#[from] LibtorchError),
    /// A worker that is installed in an environment of Python.
    #[error("the torch engine can't be used: {0}")]
    Package(#[from] PackageError),
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
}
