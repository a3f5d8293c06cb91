//! What expensive passes over the data have found, kept in files by content.
//!
//! Every run that starts from one original on one split would repeat the same importances, sums of gradients or outputs
//! of a teacher. A file is named by the hash of everything that decides its numbers, so it can't be stale; it is trusted
//! only as far as the checksum of its bytes and its name is right, in a folder that nobody else can write to. A cache that can't be read or written costs time, never a run.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;
use sweep_files::{Access, Staged, TEMPORARY, stamp};
use sweep_inputs::checkpoint;
use sweep_protocol::message::Inputs;
use tch::{Device, Kind, Tensor};

use crate::network::Weights;

/// Bytes of a hash, with which a file begins.
const HASH: usize = 32;

/// What a pass is asked.
#[derive(Debug)]
pub struct Question<'a, P> {
    /// What is computed, in a word.
    pub what: &'static str,
    /// How it is computed.
    pub plan: &'a P,
    /// The examples, in the order in which they are looked at.
    pub order: &'a [i64],
}

/// Numbers that were computed before.
#[derive(Debug, Default)]
pub struct PassCache(Option<Place>);

#[derive(Debug)]
struct Place {
    folder: PathBuf,
    /// Hash of the data, the network and the engine with its device.
    context: [u8; HASH],
}

impl PassCache {
    /// Knows nothing and keeps nothing.
    pub const NONE: Self = Self(None);

    /// Keeps its files in this folder, which need not exist; `device` is where passes are computed, in words.
    pub fn new(folder: &Path, inputs: &Inputs, device: &str) -> Self {
        let Inputs { data_hash, network, .. } = inputs;
        let context = serde_json::to_vec(&(crate::version(), device, data_hash, network));
        let context = context.expect("plain data serialises");
        Self(Some(Place { folder: folder.to_owned(), context: *blake3::hash(&context).as_bytes() }))
    }

    /// Where the answer to a question about these weights would be.
    pub fn look_up<P: Serialize>(&self, question: &Question<'_, P>, weights: &Weights) -> Entry {
        // Files hold float32.
        let place = self.0.as_ref().filter(|_| weights.kind() == Kind::Float);
        Entry { file: place.map(|place| place.file(question, weights)), device: weights.device() }
    }
}

impl Place {
    fn file<P: Serialize>(&self, question: &Question<'_, P>, weights: &Weights) -> PathBuf {
        let mut key = blake3::Hasher::new_derive_key("sweep-torch 1: a pass over the data");
        key.update(&self.context);
        key.update(blake3::hash(&checkpoint::write_safetensors(&weights.state())).as_bytes());
        let asked = serde_json::to_vec(&(question.what, question.plan, question.order));
        key.update(&asked.expect("plain data serialises"));
        self.folder.join(format!("{}.f32", key.finalize().to_hex()))
    }
}

/// An answer that may be there already.
#[derive(Debug)]
pub struct Entry {
    file: Option<PathBuf>,
    device: Device,
}

impl Entry {
    /// The answer, `count` numbers on one axis: from its file, or else computed and kept.
    pub fn or_compute<E>(
        self,
        count: usize,
        compute: impl FnOnce() -> Result<Tensor, E>,
    ) -> Result<Tensor, E> {
        let Some(file) = self.file else { return compute() };
        if let Some(values) = read(&file, count) {
            return Ok(Tensor::from_slice(&values).to_device(self.device));
        }
        let answer = compute()?;
        let host = answer.detach().to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view([-1]);
        let values = Vec::<f32>::try_from(host).expect("a flat float32 tensor is a vector of f32");
        // Without the file the next run computes the same again.
        let _ = write(&file, &values);
        Ok(answer)
    }
}

/// The numbers of a file, if it is ours, whole, and where it belongs, and there are so many.
fn read(file: &Path, count: usize) -> Option<Vec<f32>> {
    if sweep_files::inner_access(file.parent()?).ok()? != Access::Ours {
        return None;
    }
    let length = HASH + 4 * count;
    let bytes = sweep_files::read(file, length as u64).ok()?;
    let (found, numbers) = bytes.split_at_checked(HASH)?;
    if numbers.len() != 4 * count || stamp(place(file)?, numbers) != found {
        return None;
    }
    Some(numbers.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
}

/// Two workers may write the same file at once.
fn write(file: &Path, values: &[f32]) -> io::Result<()> {
    let numbers: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    if let Some(folder) = file.parent() {
        sweep_files::create_dirs(folder)?;
    }
    let place = place(file).ok_or(io::ErrorKind::InvalidInput)?;
    let mut staged = Staged::beside(file, TEMPORARY)?;
    staged.write_all(&stamp(place, &numbers))?;
    staged.write_all(&numbers)?;
    staged.settle()
}

/// What the numbers of a file belong to: the question, whose hash is its name.
fn place(file: &Path) -> Option<&str> {
    file.file_name()?.to_str()
}

#[cfg(test)]
mod tests;
