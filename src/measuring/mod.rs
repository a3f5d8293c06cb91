//! Measures checkpoints that no sweep has made, as a sweep measures its runs.
//!
//! Owns: several workers [side by side](side_by_side()), each of which does one job after the other outside of any results.
//! Of checkpoints, each is loaded and nothing in it changed; what has been measured once is in the shared cache, under the id
//! that a run of `identity` on the checkpoint has. It stops at the first checkpoint that can't be measured, and what is
//! measured by then is kept. Must not know: plans, schedules, scores.

mod bench;
mod side_by_side;

pub use bench::BenchError;
pub use side_by_side::{Workplace, side_by_side};

use std::{
    collections::BTreeMap,
    io, iter,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use sweep_inputs::{
    checkpoint::{self, CheckpointError},
    npy::{self, NpyError},
};
use sweep_protocol::{
    measurement::{Accuracies, Measurement, Renamed},
    message::{Inputs, Job, Start},
    network::Network,
    recipe::Recipe,
    terms::{ContentHash, RunId, Seed},
};
use tempfile::TempDir;
use thiserror::Error;

use crate::{
    engine::WorkerCommand,
    plan::{Identity, Names},
    store::{Cache, Fetched, Notice},
};

/// The method that changes nothing.
const METHOD: &str = "identity";

/// Failed to measure checkpoints.
#[derive(Debug, Error)]
pub enum MeasuringError {
    /// A checkpoint can't be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A worker could not measure it.
    #[error("failed to measure `{}`: {source}", path.display())]
    Worker {
        /// The checkpoint.
        path: PathBuf,
        /// Why.
        source: BenchError,
    },
    /// What was measured can't be read back.
    #[error(transparent)]
    Array(#[from] NpyError),
    /// There is no folder for temporary files.
    #[error("failed to make a temporary folder: {source}; point TMPDIR at a writable one")]
    NoScratch {
        /// Why.
        source: io::Error,
    },
    /// There is no room for what workers write.
    #[error("failed to make a folder in `{}`: {source}", dir.display())]
    NoFolder {
        /// Where.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl MeasuringError {
    /// Whether the worker is at fault and not what it was given.
    pub fn is_of_worker(&self) -> bool {
        matches!(self, Self::Worker { source, .. } if !matches!(source, BenchError::Refused { .. }))
    }
}

/// A new temporary folder for what workers write, gone when it is dropped.
pub fn scratch() -> Result<TempDir, MeasuringError> {
    TempDir::with_prefix("sweep-").map_err(|source| MeasuringError::NoScratch { source })
}

/// A new folder in `scratch` for one job, gone when it is dropped.
pub fn folder_in(scratch: &Path) -> Result<TempDir, MeasuringError> {
    TempDir::new_in(scratch).map_err(|source| MeasuringError::NoFolder { dir: scratch.to_owned(), source })
}

/// What one checkpoint does.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Logit-scaled confidence on each forget example, in the order of `forget.csv`; \[S\].
    pub confidences: Vec<f64>,
    /// Accuracy on each set.
    pub accuracy: Accuracies,
    /// What it would reach if its outputs had other names.
    pub renamed: Option<Renamed>,
}

/// A checkpoint as one network.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The file.
    pub path: &'a Path,
    /// Its architecture, and what it sees of an image.
    pub network: &'a Network,
}

/// What happens on the way.
#[derive(Debug)]
pub enum News<'a> {
    /// So many are measured.
    Measured(usize),
    /// Something that the user should know.
    Notice(&'a Notice),
}

/// On what checkpoints are measured, and by whom.
#[derive(Debug)]
pub struct Measuring<'a> {
    /// Folder of the data set.
    pub data: &'a Path,
    /// Hash of its manifest.
    pub data_hash: &'a ContentHash,
    /// Whether the hash is without images that can't be used.
    pub skip_bad_images: bool,
    /// Name and version of the engine.
    pub engine: &'a str,
    /// One worker for each; at least one.
    pub workers: &'a [WorkerCommand],
    /// Where what was measured is kept.
    pub cache: &'a Cache,
    /// An existing folder for what workers write.
    pub scratch: &'a Path,
}

impl Measuring<'_> {
    /// Measures checkpoints, in their order; \[N\]. `tell` is called from several threads.
    pub fn measure(
        &self,
        subjects: &[Subject<'_>],
        tell: &(dyn Fn(News<'_>) + Sync),
    ) -> Result<Vec<Measured>, MeasuringError> {
        let done = AtomicUsize::new(0);
        let one = |position: usize, desk: &mut Workplace<'_>| {
            let measured = self.one(subjects[position], desk, tell)?;
            tell(News::Measured(done.fetch_add(1, Ordering::Relaxed) + 1));
            Ok::<_, MeasuringError>(measured)
        };
        let mut all = Vec::with_capacity(subjects.len());
        let take = &mut |measured| {
            all.push(measured);
            Ok(())
        };
        side_by_side(self.workers, subjects.len(), &one, take)?;
        Ok(all)
    }

    fn one(
        &self,
        Subject { path, network }: Subject<'_>,
        desk: &mut Workplace<'_>,
        tell: &(dyn Fn(News<'_>) + Sync),
    ) -> Result<Measured, MeasuringError> {
        // The worker's own look at the file tells whether it fits; here only its bytes are named.
        let blake3 = checkpoint::read(path)?.blake3;
        let run = self.run(network, &blake3);
        let folder = folder_in(self.scratch)?;
        match self.cache.fetch(&run, folder.path()) {
            Fetched::Hit(known) => return read(folder.path(), &known),
            Fetched::Miss => {}
            Fetched::Damaged(notice) => tell(News::Notice(&notice)),
        }
        // Another, because what a damaged entry has left would be in the worker's way.
        let folder = folder_in(self.scratch)?;
        let failed = |source| MeasuringError::Worker { path: path.to_owned(), source };
        let start = Start::Checkpoint { path: path.to_owned(), blake3 };
        let job = self.job(run.clone(), network, start, folder.path());
        let measurement = desk.perform(job).map_err(failed)?;
        if let Err(notice) = self.cache.keep(&run, folder.path(), &measurement) {
            tell(News::Notice(&notice));
        }
        read(folder.path(), &measurement)
    }

    /// The id of a run that leaves a checkpoint as it is.
    fn run(&self, network: &Network, start: &ContentHash) -> RunId {
        let identity = Identity {
            engine: self.engine,
            data: Some(self.data_hash),
            network: Some(network),
            start: Some(start.as_str()),
            method: METHOD,
        };
        let runs = &mut Names::of(&identity);
        runs.runs(&BTreeMap::new(), &Recipe::default(), iter::once(Seed(0)))
            .next()
            .expect("one seed, one run")
    }

    fn job(&self, run: RunId, network: &Network, start: Start, folder: &Path) -> Job {
        Job {
            run,
            attempt: 1,
            seed: Seed(0),
            method: METHOD.to_owned(),
            parameters: BTreeMap::new(),
            folder: folder.to_owned(),
            inputs: Some(Inputs {
                data: self.data.to_owned(),
                data_hash: self.data_hash.clone(),
                skip_bad_images: self.skip_bad_images,
                network: network.clone(),
                start,
            }),
            recipe: Recipe::default(),
            keep_weights: false,
            retain_sample: None,
            reconstruct: None,
            beside: Vec::new(),
        }
    }
}

fn read(folder: &Path, measurement: &Measurement) -> Result<Measured, MeasuringError> {
    let array = npy::read(&folder.join(&measurement.confidences.file))?;
    let Measurement { accuracy, renamed, .. } = measurement;
    Ok(Measured { confidences: array.values, accuracy: *accuracy, renamed: renamed.clone() })
}
