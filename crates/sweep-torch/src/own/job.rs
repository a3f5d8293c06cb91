//! What the processes of a run are told, and what lies in memory for them.

use std::io;

use serde::Serialize;
use sweep_inputs::checkpoint::{self, StateDict};
use sweep_protocol::{
    recipe::{Python, Takes},
    terms::Set,
};
use tch::Device;

use super::{OwnGround, origin, taken};
use crate::{
    examples::{Examples, PreparationNumbers},
    measure::Outputs,
    memory::SharedMemory,
    python::{Data, EarlyEnd, OwnCode, probed},
};

/// One run, as the runner reads it.
#[derive(Debug, Serialize)]
pub(super) struct OwnJob<'a> {
    /// Whether the network is the user's own.
    own: bool,
    network: OwnCode<'a>,
    call: Option<OwnCode<'a>>,
    takes: Option<Takes>,
    batch_size: u32,
    seed: u64,
    cuda: bool,
    classes: u32,
    preparation: Option<PreparationNumbers>,
    /// What the run starts from; the constructor's own where there is none.
    weights: Option<String>,
    result: String,
    /// What the first process says of the first forget images.
    said: String,
    probed: usize,
    /// What the second says of the sets that are judged, one after the other.
    logits: String,
    judged: &'a [Set],
    data: Data,
    /// What the second process alone sees.
    judging: Judging,
}

/// All sets, for the process that calls no function.
#[derive(Debug, Serialize)]
struct Judging {
    #[serde(flatten)]
    data: Data,
    unseen: Unseen,
}

/// The test set.
#[derive(Debug, Serialize)]
struct Unseen {
    images: String,
    /// Nobody needs them to say what it makes of images.
    labels: &'static str,
    shape: [i64; 4],
    test: [i64; 2],
}

/// Memory that one run needs.
#[derive(Debug)]
pub(super) struct OwnDesk {
    start: Option<SharedMemory>,
    result: SharedMemory,
    said: SharedMemory,
    logits: SharedMemory,
    judged: Vec<Set>,
}

impl OwnDesk {
    /// For a look at the network alone.
    pub(super) fn to_look(_: OwnGround<'_>) -> io::Result<Self> {
        Self::new(None, Vec::new())
    }

    /// For a run from these weights whose end is judged on every set.
    pub(super) fn to_judge(ground: OwnGround<'_>, start: Option<&StateDict>) -> io::Result<Self> {
        let has_test = ground.examples.sizes().test.is_some();
        let mut judged = vec![Set::Retain, Set::Forget, Set::Validation];
        judged.extend(has_test.then_some(Set::Test));
        Self::new(start, judged)
    }

    fn new(start: Option<&StateDict>, judged: Vec<Set>) -> io::Result<Self> {
        let start = start.map(|state| SharedMemory::of("weights", &checkpoint::write_safetensors(state)));
        Ok(Self {
            start: start.transpose()?,
            result: SharedMemory::empty("result")?,
            said: SharedMemory::empty("said")?,
            logits: SharedMemory::empty("logits")?,
            judged,
        })
    }

    /// The job of a run.
    pub(super) fn job<'a>(
        &'a self,
        call: Option<&'a Python>,
        ground: OwnGround<'a>,
        seed: u64,
    ) -> io::Result<OwnJob<'a>> {
        let OwnGround { network, own, examples, device, .. } = ground;
        let takes = call.map(|call| call.takes);
        let data = examples.shared()?;
        let (unseen, shape) = examples.unseen()?;
        let unseen = Unseen { images: unseen.path(), labels: "/dev/null", shape, test: [0, shape[0]] };
        Ok(OwnJob {
            own: true,
            network: OwnCode::of(own)?,
            call: call.map(OwnCode::of).transpose()?,
            takes,
            batch_size: call.map_or(1, |call| call.batch_size.0.get()),
            seed,
            cuda: device != Device::Cpu,
            classes: network.classes,
            preparation: examples.preparation(),
            weights: self.start.as_ref().map(SharedMemory::path),
            result: self.result.path(),
            said: self.said.path(),
            probed: probed(examples),
            logits: self.logits.path(),
            judged: &self.judged,
            data: Data::of(data, takes, examples.sizes().test.is_none()),
            judging: Judging { data: Data::of(data, None, false), unseen },
        })
    }

    /// The weights that were left, of at most `limit` bytes.
    pub(super) fn state(&mut self, limit: u64) -> Result<StateDict, EarlyEnd> {
        let unreadable =
            |error: &dyn std::fmt::Display| EarlyEnd::error(format!("its weights can't be read: {error}"));
        let bytes = self.result.read(limit).map_err(|error| unreadable(&error))?;
        checkpoint::decode(origin(), &bytes).map_err(|error| unreadable(&error))
    }

    /// What was said of every set.
    pub(super) fn said(&mut self, ground: OwnGround<'_>) -> Result<Outputs, EarlyEnd> {
        let (examples, classes) = (ground.examples, ground.network.classes as usize);
        let length = |examples: &Examples, set| examples.set(set).len();
        let count: usize = self.judged.iter().map(|&set| length(examples, set)).sum();
        let bytes = self.logits.read((4 * count * classes) as u64)?;
        let numbers: Vec<f32> =
            bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let mut rows = numbers.as_slice();
        let mut next = |set| {
            taken(&mut rows, length(examples, set), classes)
                .ok_or_else(|| EarlyEnd::error("it has not said what it makes of every image"))
        };
        Ok(Outputs {
            retain: next(Set::Retain)?,
            forget: next(Set::Forget)?,
            validation: next(Set::Validation)?,
            test: examples.sizes().test.map(|_| next(Set::Test)).transpose()?,
        })
    }
}
