//! Data sets and checkpoints as this engine holds them.
//!
//! The only module that asks `sweep_inputs` to read files for a run.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    rc::Rc,
};

use sweep_inputs::{
    checkpoint::{self, CheckpointError, StateDict},
    dataset::{BadImages, Dataset, Persons, Refused, Shape},
};
use sweep_protocol::{
    message::Inputs,
    network::Preparation,
    terms::{ContentHash, Set},
};
use tch::Device;
use thiserror::Error;

use crate::{
    examples::{Examples, HostExamples},
    pass_cache::PassCache,
};

/// An input can't be used.
#[derive(Debug, Error)]
pub enum InputError {
    /// The data set is refused.
    #[error(transparent)]
    Data(#[from] Refused),
    /// The data set is not the one that the job means.
    #[error("the data set `{}` has changed: its hash is {have}, the job was planned with {want}; plan the sweep again", path.display())]
    DataChanged {
        /// Its folder.
        path: PathBuf,
        /// Its hash.
        have: ContentHash,
        /// The hash that the job names.
        want: ContentHash,
    },
    /// The checkpoint is refused.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is not the one that the job means.
    #[error("the checkpoint `{}` has changed: its hash is {have}, the job was planned with {want}; plan the sweep again", path.display())]
    CheckpointChanged {
        /// The file.
        path: PathBuf,
        /// Its hash.
        have: ContentHash,
        /// The hash that the job names.
        want: ContentHash,
    },
}

/// What a worker keeps from one run to the next: the last data set on its device and the last checkpoint.
pub struct Shelf {
    device: Device,
    passes: Option<Passes>,
    data: Option<(DataKey, Rc<Examples>)>,
    checkpoint: Option<(ContentHash, Rc<StateDict>)>,
}

/// Where a worker keeps what passes over the data have found.
#[derive(Debug, Clone)]
pub struct Passes {
    /// The folder; it need not exist.
    pub folder: PathBuf,
    /// The device that computes them, in words.
    pub device: String,
}

/// Hash, the shape that it was checked against, and how pixels are prepared.
type DataKey = (PathBuf, ContentHash, Shape, Preparation);

impl Shelf {
    /// An empty shelf for one device, beside a folder for what passes find.
    pub fn new(device: Device, passes: Option<Passes>) -> Self {
        Self { device, passes, data: None, checkpoint: None }
    }

    /// What passes have found on the inputs of a job.
    pub fn pass_cache(&self, inputs: &Inputs) -> PassCache {
        let new = |passes: &Passes| PassCache::new(&passes.folder, inputs, &passes.device);
        self.passes.as_ref().map_or(PassCache::NONE, new)
    }

    /// The data set of a job. `progress` is called now and then while it is read.
    pub fn examples(&mut self, inputs: &Inputs, progress: &dyn Fn()) -> Result<Rc<Examples>, InputError> {
        let preparation = inputs.network.preparation;
        let key = (inputs.data.clone(), inputs.data_hash.clone(), Shape::of(&inputs.network), preparation);
        if let Some((held, examples)) = &self.data
            && *held == key
        {
            return Ok(examples.clone());
        }
        // Two data sets at once may be more than the device holds.
        self.data = None;
        let bad = if inputs.skip_bad_images { BadImages::LeaveOut } else { BadImages::Refuse };
        let dataset = Dataset::load(&inputs.data, Shape::of(&inputs.network), bad, &|_, _| progress())?;
        if *dataset.hash() != inputs.data_hash {
            let (path, have, want) = (inputs.data.clone(), dataset.hash().clone(), inputs.data_hash.clone());
            return Err(InputError::DataChanged { path, have, want });
        }
        let examples = Examples::new(on_host(&dataset), &preparation, self.device);
        let examples = Rc::new(examples.showing(Persons::of(dataset.manifest().examples(Set::Train))));
        self.data = Some((key, examples.clone()));
        Ok(examples)
    }

    /// The state dict in a file of which the hash is known.
    pub fn state(&mut self, path: &Path, blake3: &ContentHash) -> Result<Rc<StateDict>, InputError> {
        if let Some((held, state)) = &self.checkpoint
            && held == blake3
        {
            return Ok(state.clone());
        }
        let read = checkpoint::read(path)?;
        if read.blake3 != *blake3 {
            let (path, have, want) = (path.to_owned(), read.blake3, blake3.clone());
            return Err(InputError::CheckpointChanged { path, have, want });
        }
        let state = Rc::new(read.state);
        self.checkpoint = Some((read.blake3, state.clone()));
        Ok(state)
    }
}

/// All images one after the other: retain, forget, validation and test set.
fn on_host(dataset: &Dataset) -> HostExamples {
    let (sizes, side) = (dataset.sizes(), dataset.side() as i64);
    let mut host = HostExamples {
        images: Vec::new(),
        shape: [0, 3, side, side],
        labels: Vec::new(),
        sets: BTreeMap::new(),
        class_counts: dataset.class_counts().to_vec(),
        truths: dataset.truths(),
    };
    for set in [Set::Retain, Set::Forget, Set::Validation, Set::Test] {
        if set == Set::Test && sizes.test.is_none() {
            continue;
        }
        let start = host.labels.len() as i64;
        host.images.extend_from_slice(dataset.images(set));
        host.labels.extend_from_slice(dataset.labels(set));
        host.sets.insert(set, (start..host.labels.len() as i64).collect());
    }
    host.shape[0] = host.labels.len() as i64;
    host
}
