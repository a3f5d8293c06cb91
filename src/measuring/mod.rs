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
    reconstruction::Reconstruct,
    terms::{ContentHash, RunId, Seed},
};
use tempfile::TempDir;
use thiserror::Error;

use crate::{
    audit::Images,
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
    /// The worker has looked for no images.
    #[error("the worker has left nothing of `{}`; is it of this version of sweep?", path.display())]
    NothingFound {
        /// The checkpoint.
        path: PathBuf,
    },
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

/// Puts one small file on the disk for good, as an outcome is.
pub fn keep_one(scratch: &Path) -> Result<(), MeasuringError> {
    sweep_files::replace(&scratch.join("kept"), b"{}").map_err(|source| MeasuringError::NoScratch { source })
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
            accuracies: false,
            reconstruct: None,
            original: None,
            beside: Vec::new(),
            rows: None,
        }
    }
}

/// One network from whose weights images are to be reconstructed.
#[derive(Debug)]
pub struct OneNetwork<'a> {
    /// Folder of the data set.
    pub data: &'a Path,
    /// Hash of its manifest.
    pub data_hash: &'a ContentHash,
    /// Who does it.
    pub worker: &'a WorkerCommand,
    /// An existing folder for what the worker writes.
    pub scratch: &'a Path,
}

impl OneNetwork<'_> {
    /// What is found of the images in the weights of a checkpoint, or in those of `instead`, a `.safetensors` file.
    pub fn reconstruct(
        &self,
        Subject { path, network }: Subject<'_>,
        instead: Option<&[u8]>,
        (asked, seed): (Reconstruct, u64),
    ) -> Result<Images, MeasuringError> {
        let folder = folder_in(self.scratch)?;
        let start = match instead {
            Some(bytes) => {
                let path = self.scratch.join("doubled.safetensors");
                sweep_files::replace(&path, bytes).map_err(|source| MeasuringError::NoScratch { source })?;
                path
            }
            None => path.to_owned(),
        };
        let start = std::path::absolute(&start).unwrap_or(start);
        let data = std::path::absolute(self.data).unwrap_or_else(|_| self.data.to_owned());
        let blake3 = checkpoint::read(&start)?.blake3;
        let job = Job {
            run: "0".repeat(32).parse().expect("32 digits"),
            attempt: 1,
            seed: Seed(seed),
            method: METHOD.to_owned(),
            parameters: BTreeMap::new(),
            folder: folder.path().to_owned(),
            inputs: Some(Inputs {
                data,
                data_hash: self.data_hash.clone(),
                skip_bad_images: false,
                network: network.clone(),
                start: Start::Checkpoint { path: start, blake3 },
            }),
            recipe: Recipe::default(),
            keep_weights: false,
            retain_sample: None,
            accuracies: false,
            reconstruct: Some(asked),
            original: None,
            beside: Vec::new(),
            rows: None,
        };
        let mut found = None;
        let one = |_, desk: &mut Workplace<'_>| {
            desk.perform(job.clone())
                .map_err(|source| MeasuringError::Worker { path: path.to_owned(), source })
        };
        side_by_side(std::slice::from_ref(self.worker), 1, &one, &mut |measured| {
            found = measured.reconstruction;
            Ok(())
        })?;
        let nothing = || MeasuringError::NothingFound { path: path.to_owned() };
        let found = found.ok_or_else(nothing)?;
        let array = npy::read(&folder.path().join(&found.array.file))?;
        Images::of(&array.values, [found.forget, found.retain, found.unseen]).ok_or_else(nothing)
    }
}

fn read(folder: &Path, measurement: &Measurement) -> Result<Measured, MeasuringError> {
    let array = npy::read(&folder.join(&measurement.confidences.file))?;
    let Measurement { accuracy, renamed, .. } = measurement;
    Ok(Measured { confidences: array.values, accuracy: *accuracy, renamed: renamed.clone() })
}
