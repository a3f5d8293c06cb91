//! Folders of checkpoints, measured on a data set by the torch engine.

use std::{
    cell::OnceCell,
    fs,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use clap::Args;
use sweep_inputs::{
    checkpoint,
    dataset::{BadImages, Dataset, Shape},
};
use sweep_protocol::{
    network::{Network, find, recognise},
    terms::ContentHash,
};
use tempfile::TempDir;

use super::{
    super::{CommandError, progress::Counter, terminal},
    models::ModelsError,
};
use crate::{
    engine::WorkerCommand,
    grid::PoolSettings,
    measuring::{Measured, Measuring, News, Subject},
    session::{Engine, TorchEngine, Unwatched, kind_of_devices, slots},
    store::Cache,
};

/// Ends of the names of checkpoints.
const ENDINGS: [&str; 3] = ["pth", "pt", "safetensors"];

/// How checkpoints are measured.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The data set that folders of checkpoints are measured on, in the competition's layout
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Workers per device (default: one for each core, or one for each GPU)
    #[arg(short, long, value_name = "N", requires = "data")]
    jobs: Option<NonZeroU32>,
    /// Folder in which what checkpoints measure is kept
    #[arg(long, value_name = "DIR", env = "SWEEP_CACHE", default_value = "results/cache")]
    cache: PathBuf,
}

/// Where checkpoints are measured; made ready when the first folder asks for it.
pub(super) struct Scene<'a> {
    arguments: &'a Arguments,
    ready: OnceCell<Ready>,
}

struct Ready {
    data: PathBuf,
    data_hash: ContentHash,
    engine: String,
    workers: Vec<WorkerCommand>,
    cache: Cache,
}

impl<'a> Scene<'a> {
    pub(super) fn of(arguments: &'a Arguments) -> Self {
        Self { arguments, ready: OnceCell::new() }
    }

    /// Measures the checkpoints of a folder, in the order of their names.
    pub(super) fn measure(&self, dir: &Path) -> Result<Vec<Measured>, CommandError> {
        let checkpoints = list(dir)?;
        let network = network(&checkpoints[0])?;
        let ready = self.ready(dir, &network)?;
        let scratch = TempDir::with_prefix("sweep-").map_err(|source| ModelsError::NoScratch { source })?;
        let counter = Counter::new("measuring checkpoints");
        let subjects: Vec<Subject<'_>> =
            checkpoints.iter().map(|path| Subject { path, network: &network }).collect();
        let measuring = Measuring {
            data: &ready.data,
            data_hash: &ready.data_hash,
            skip_bad_images: false,
            engine: &ready.engine,
            workers: &ready.workers,
            cache: &ready.cache,
            scratch: scratch.path(),
        };
        let measured = measuring.measure(&subjects, &|news| match news {
            News::Measured(done) => counter.set(done, checkpoints.len()),
            News::Notice(notice) => terminal::notes([notice]),
        });
        counter.finish();
        Ok(measured?)
    }

    fn ready(&self, dir: &Path, network: &Network) -> Result<&Ready, CommandError> {
        if let Some(ready) = self.ready.get() {
            return Ok(ready);
        }
        let arguments = self.arguments;
        let data = arguments.data.as_ref().ok_or_else(|| ModelsError::NoData { dir: dir.to_owned() })?;
        let counter = Counter::new("reading images");
        let dataset = Dataset::load(data, Shape::of(network), BadImages::Refuse, &|done, total| {
            counter.set(done, total);
        });
        counter.finish();
        let jobs = arguments.jobs.map(NonZeroU32::get);
        let slots = slots(&PoolSettings::default(), Engine::Torch { cache: None }, jobs, &Unwatched)?;
        let ready = Ready {
            data: data.clone(),
            data_hash: dataset?.hash().clone(),
            engine: TorchEngine::here()?.version()? + &kind_of_devices(&PoolSettings::default())?,
            workers: slots.into_iter().map(|slot| slot.command).collect(),
            cache: Cache::open(&arguments.cache)?,
        };
        Ok(self.ready.get_or_init(|| ready))
    }
}

/// The checkpoints of a folder, by name; other files are none of ours.
fn list(dir: &Path) -> Result<Vec<PathBuf>, ModelsError> {
    let unlistable = |source| ModelsError::Unlistable { dir: dir.to_owned(), source };
    let entries = fs::read_dir(dir).map_err(unlistable)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    let mut paths = paths.map_err(unlistable)?;
    paths.retain(|path| path.extension().is_some_and(|end| ENDINGS.iter().any(|known| end == *known)));
    paths.sort();
    if paths.is_empty() {
        return Err(ModelsError::NoCheckpoints { dir: dir.to_owned() });
    }
    Ok(paths)
}

/// What a checkpoint is most likely one of. Whether all of it fits, the worker finds out.
fn network(path: &Path) -> Result<Network, CommandError> {
    let state = checkpoint::read(path)?.state;
    let likeness = recognise(state.iter().map(|(key, tensor)| (key, tensor.shape.as_slice())));
    let network = likeness.ok_or_else(|| ModelsError::NoNetwork { path: path.to_owned() })?.network;
    match find(&network.name).and_then(|architecture| architecture.untold.first()) {
        None => Ok(network),
        Some(key) => {
            Err(ModelsError::Untold { path: path.to_owned(), network: network.name, key: key.name }.into())
        }
    }
}
