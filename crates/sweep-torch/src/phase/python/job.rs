//! What a function's process is told, and what lies in memory for it.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use serde::Serialize;
use sweep_inputs::checkpoint;
use sweep_protocol::{
    network,
    recipe::{Python, Takes},
    terms::{Set, Value},
};
use tch::{Device, Kind, Tensor};

use super::super::work::Work;
use crate::{
    draws::{Purpose, Unrecorded},
    examples::SharedExamples,
    measure::logits,
    memory::SharedMemory,
};

/// Forget images on which the two engines are compared.
const PROBED: usize = 64;

/// One call, as the runner reads it.
#[derive(Debug, Serialize)]
pub(super) struct CallJob<'a> {
    file: PathBuf,
    module: Option<&'a str>,
    root: PathBuf,
    own: PathBuf,
    function: &'a str,
    takes: Takes,
    arguments: &'a BTreeMap<String, Value>,
    batch_size: u32,
    seed: u64,
    cuda: bool,
    network: &'a network::Network,
    preparation: Option<crate::examples::PreparationNumbers>,
    weights: String,
    result: String,
    data: Data,
    probe: Probe,
}

/// Where the examples lie, and which are whose.
#[derive(Debug, Serialize)]
struct Data {
    images: String,
    labels: String,
    shape: [i64; 4],
    retain: [i64; 2],
    forget: [i64; 2],
    /// None where results are judged on the validation set.
    validation: Option<[i64; 2]>,
}

/// Logits of the first forget images.
#[derive(Debug, Serialize)]
struct Probe {
    logits: String,
    count: usize,
}

/// Memory that one call needs.
#[derive(Debug)]
pub(super) struct Desk {
    weights: SharedMemory,
    logits: SharedMemory,
    probed: usize,
    /// Where the runner writes the weights that the function leaves.
    pub(super) result: SharedMemory,
}

impl Desk {
    pub(super) fn new(work: &Work<'_>) -> io::Result<Self> {
        let forget = work.examples.set(Set::Forget);
        let probed = &forget[..forget.len().min(PROBED)];
        let said = logits(work.network, work.weights, work.examples, probed);
        Ok(Self {
            weights: SharedMemory::of("weights", &checkpoint::write_safetensors(&work.weights.state()))?,
            logits: SharedMemory::of("logits", &floats(&said))?,
            probed: probed.len(),
            result: SharedMemory::empty("result")?,
        })
    }
}

/// The bytes of a tensor as float32, little-endian.
fn floats(tensor: &Tensor) -> Vec<u8> {
    let flat = tensor.to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view([-1]);
    let numbers = Vec::<f32>::try_from(&flat).expect("a flat float32 tensor is a vector of f32");
    numbers.into_iter().flat_map(f32::to_le_bytes).collect()
}

/// The job of a call.
pub(super) fn job<'a>(
    python: &'a Python,
    (network, data): (&'a network::Network, &SharedExamples),
    desk: &Desk,
    seed: u64,
    work: &Work<'_>,
) -> io::Result<CallJob<'a>> {
    Ok(CallJob {
        file: whole(Path::new(&python.file))?,
        module: python.module.as_deref(),
        root: whole(python.root())?,
        own: whole(&python.own())?,
        function: &python.function,
        takes: python.takes,
        arguments: &python.arguments,
        batch_size: python.batch_size.0.get(),
        seed,
        cuda: work.weights.device() != Device::Cpu,
        network,
        preparation: work.examples.preparation(),
        weights: desk.weights.path(),
        result: desk.result.path(),
        data: Data {
            images: data.images.path(),
            labels: data.labels.path(),
            shape: data.shape,
            retain: data.retain,
            forget: data.forget,
            validation: work.examples.sizes().test.map(|_| data.validation),
        },
        probe: Probe { logits: desk.logits.path(), count: desk.probed },
    })
}

/// A path from the root of the file system; nothing stands for the working folder.
fn whole(path: &Path) -> io::Result<PathBuf> {
    std::path::absolute(if path.as_os_str().is_empty() { Path::new(".") } else { path })
}

/// The seed of everything random in a call: 53 bits, since it is drawn as a number in ±1.
pub(super) fn seed(phase: usize, work: &mut Work<'_>) -> Result<u64, Unrecorded> {
    let drawn = work.draws.uniform(&Purpose::Function { phase }, 1, 1.0)?;
    let share = drawn.first().map_or(0.0, |drawn| f64::midpoint(*drawn, 1.0));
    Ok((share * (1_u64 << 53) as f64) as u64)
}
