//! What a worker keeps between jobs: the data set on its device, and the last checkpoint.

use std::{collections::BTreeMap, path::Path};

use sweep_inputs::{
    checkpoint::{self, StateDict},
    dataset::Dataset,
};
use sweep_protocol::{
    message::{Inputs, Start},
    terms::{ContentHash, Set},
};
use tch::Device;

use super::failure::NotDone;
use crate::examples::{Examples, HostExamples};

/// A worker's memory.
pub(super) struct Session {
    pub(super) device: Device,
    data: Option<Data>,
    original: Option<(ContentHash, StateDict)>,
}

struct Data {
    hash: ContentHash,
    classes: u32,
    examples: Examples,
}

impl Session {
    pub(super) fn new(device: Device) -> Self {
        Self { device, data: None, original: None }
    }

    /// Loads what a job works on, unless it is there from the job before.
    pub(super) fn load(&mut self, inputs: &Inputs) -> Result<(), NotDone> {
        let classes = inputs.network.classes;
        let known = |data: &Data| data.hash == inputs.data_hash && data.classes == classes;
        if !self.data.as_ref().is_some_and(known) {
            self.data = None;
            self.data = Some(Data::load(inputs, self.device)?);
        }
        if let Start::Checkpoint { path, blake3 } = &inputs.start
            && self.original.as_ref().is_none_or(|(hash, _)| hash != blake3)
        {
            self.original = Some((blake3.clone(), read(path, blake3)?));
        }
        Ok(())
    }

    /// The data that were loaded.
    pub(super) fn examples(&self) -> &Examples {
        &self.data.as_ref().expect("loaded before it is asked for").examples
    }

    /// The checkpoint that was loaded, where the job starts from one.
    pub(super) fn original(&self) -> &StateDict {
        &self.original.as_ref().expect("loaded before it is asked for").1
    }
}

impl Data {
    fn load(inputs: &Inputs, device: Device) -> Result<Self, NotDone> {
        let classes = inputs.network.classes;
        let dataset = Dataset::load(&inputs.data, classes as usize, &|_, _| {})?;
        if *dataset.hash() != inputs.data_hash {
            return Err(NotDone::OtherData {
                path: inputs.data.clone(),
                planned: inputs.data_hash.clone(),
                found: dataset.hash().clone(),
            });
        }
        let examples = Examples::new(on_host(&dataset), device);
        Ok(Self { hash: inputs.data_hash.clone(), classes, examples })
    }
}

fn read(path: &Path, planned: &ContentHash) -> Result<StateDict, NotDone> {
    let checkpoint = checkpoint::read(path)?;
    if checkpoint.blake3 != *planned {
        return Err(NotDone::OtherCheckpoint {
            path: path.to_owned(),
            planned: planned.clone(),
            found: checkpoint.blake3,
        });
    }
    Ok(checkpoint.state)
}

/// Puts the sets one behind the other.
fn on_host(dataset: &Dataset) -> HostExamples {
    let sizes = dataset.sizes();
    let mut host = HostExamples {
        images: Vec::new(),
        shape: [0, 3, 32, 32],
        labels: Vec::new(),
        sets: BTreeMap::new(),
        class_counts: dataset.class_counts().to_vec(),
    };
    for set in [Set::Retain, Set::Forget, Set::Validation, Set::Test] {
        if set == Set::Test && sizes.test.is_none() {
            continue;
        }
        let first = host.labels.len() as i64;
        host.images.extend_from_slice(dataset.images(set));
        host.labels.extend_from_slice(dataset.labels(set));
        host.sets.insert(set, (first..host.labels.len() as i64).collect());
    }
    host.shape[0] = host.labels.len() as i64;
    host
}
