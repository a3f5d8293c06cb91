//! What a function's process is told, and what lies in memory for it.

use std::io;

use serde::Serialize;
use sweep_inputs::checkpoint;
use sweep_protocol::{
    network,
    recipe::{Python, Takes},
    terms::Set,
};
use tch::{Device, Kind, Tensor};

use super::super::work::Work;
use crate::{
    draws::{Draws, Purpose, Unrecorded},
    examples::{PreparationNumbers, SharedExamples},
    measure::logits,
    memory::SharedMemory,
    python::{Data, OwnCode, probed},
};

/// One call, as the runner reads it.
#[derive(Debug, Serialize)]
pub(super) struct CallJob<'a> {
    /// Whether the network is the user's own.
    own: bool,
    call: OwnCode<'a>,
    takes: Takes,
    batch_size: u32,
    seed: u64,
    cuda: bool,
    network: &'a network::Network,
    preparation: Option<PreparationNumbers>,
    weights: String,
    result: String,
    data: Data,
    probe: Probe,
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
        let probed = probed(work.examples);
        let said = logits(work.network, work.weights, work.examples, &forget[..probed]);
        Ok(Self {
            weights: SharedMemory::of("weights", &checkpoint::write_safetensors(&work.weights.state()))?,
            logits: SharedMemory::of("logits", &floats(&said))?,
            probed,
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
        own: false,
        call: OwnCode::of(python)?,
        takes: python.takes,
        batch_size: python.batch_size.0.get(),
        seed,
        cuda: work.weights.device() != Device::Cpu,
        network,
        preparation: work.examples.preparation(),
        weights: desk.weights.path(),
        result: desk.result.path(),
        data: Data::of(data, Some(python.takes), work.examples.sizes().test.is_none()),
        probe: Probe { logits: desk.logits.path(), count: desk.probed },
    })
}

/// The seed of everything random in a call: 53 bits, since it is drawn as a number in ±1.
pub fn seed(phase: usize, draws: &mut dyn Draws) -> Result<u64, Unrecorded> {
    let drawn = draws.uniform(&Purpose::Function { phase }, 1, 1.0)?;
    let share = drawn.first().map_or(0.0, |drawn| f64::midpoint(*drawn, 1.0));
    Ok((share * (1_u64 << 53) as f64) as u64)
}
