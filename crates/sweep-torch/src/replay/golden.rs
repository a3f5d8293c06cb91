//! Reads a golden file and its neighbours.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use safetensors::{Dtype, SafeTensorError, SafeTensors, tensor::TensorView};
use serde::Deserialize;
use sweep_inputs::checkpoint::{self, CheckpointError, Mismatch, StateDict, Values};
use sweep_protocol::{
    network::{Network, NetworkError},
    terms::Set,
};
use thiserror::Error;

use super::SETS;
use crate::examples::HostExamples;

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 30;

/// A recording can't be read, or makes no sense.
#[derive(Debug, Error)]
pub enum GoldenError {
    /// A file can't be read.
    #[error("failed to read `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The JSON is not a golden file.
    #[error("`{}` is no golden file: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A neighbour is not a safetensors file.
    #[error("`{}` is no safetensors file: {source}", path.display())]
    Tensors {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SafeTensorError,
    },
    /// A tensor is missing or of another type or shape.
    #[error("`{}` holds no {wanted} tensor `{name}`", path.display())]
    NoTensor {
        /// The file.
        path: PathBuf,
        /// Its key.
        name: String,
        /// Type and shape that were expected.
        wanted: &'static str,
    },
    /// An index or a label points nowhere.
    #[error("{what} {value} is out of range; it must be from 0 to {end}, exclusive")]
    OutOfRange {
        /// What it is.
        what: &'static str,
        /// Its value.
        value: i64,
        /// One above the largest that makes sense.
        end: i64,
    },
    /// The method can't be written as a recipe.
    #[error("no recipe reproduces the recorded method `{}`; there are {}", method.escape_debug(), known)]
    Method {
        /// The method.
        method: String,
        /// Methods that can be replayed.
        known: String,
    },
    /// A hyper-parameter is missing or out of range.
    #[error("hyper-parameter `{name}` is missing or not {wanted}")]
    Hyper {
        /// Its name.
        name: String,
        /// What it should be.
        wanted: String,
    },
    /// A list of batches is missing, or is cut into batches otherwise than a recipe cuts.
    #[error("list `{name}` {problem}")]
    List {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The recorded original can't be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The recorded network is not one of ours.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The recorded weights don't fit it.
    #[error(transparent)]
    Weights(#[from] Mismatch),
}

/// Largest absolute differences that count as agreement.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) struct Tolerance {
    /// Of weights; in float64 of sums and sums of squares per parameter.
    pub(super) weights: f64,
    /// Of running means and variances; in float64 of sums per tensor.
    pub(super) running_stats: f64,
    /// Of logits.
    pub(super) logits: f64,
    /// Of the loss of each step.
    pub(super) loss: f64,
}

#[derive(Debug, Deserialize)]
struct Text {
    method: String,
    hyper: BTreeMap<String, serde_json::Value>,
    lists: BTreeMap<String, serde_json::Value>,
    tolerance: Tolerance,
    tolerance_float64: Tolerance,
}

/// A recorded trajectory with everything that it needs.
#[derive(Debug)]
pub struct Golden {
    /// The method's name.
    pub method: String,
    /// Its hyper-parameters.
    pub(super) hyper: BTreeMap<String, serde_json::Value>,
    /// Recorded choices: epochs of batches of examples, of labels, names of tensors.
    pub(super) lists: BTreeMap<String, serde_json::Value>,
    pub(super) tolerance: (Tolerance, Tolerance),
    /// The network that `original` is the state dict of.
    pub(super) network: Network,
    pub(super) original: StateDict,
    pub(super) host: HostExamples,
    /// What was recorded and reached.
    pub(super) recorded: Tensors,
}

impl Golden {
    /// Reads `METHOD.json`, `METHOD.safetensors`, `data.safetensors` and `original.safetensors` in one folder.
    pub fn read(path: &Path) -> Result<Self, GoldenError> {
        let text: Text = serde_json::from_slice(&bytes(path)?)
            .map_err(|source| GoldenError::Json { path: path.to_owned(), source })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let path_of_original = folder.join("original.safetensors");
        let original = checkpoint::read(&path_of_original)?.state;
        let axis = |name: &str| {
            let axis = original.get(name).and_then(|tensor| tensor.shape.first().copied());
            axis.and_then(|axis| u32::try_from(axis).ok()).ok_or_else(|| GoldenError::NoTensor {
                path: path_of_original.clone(),
                name: name.to_owned(),
                wanted: "float32",
            })
        };
        let network = Network::new("resnet18", axis("fc.weight")?, &[("width", axis("conv1.weight")?)]);
        let host = host(&Tensors::read(&folder.join("data.safetensors"))?, network.classes)?;
        Ok(Self {
            method: text.method,
            hyper: text.hyper,
            lists: text.lists,
            tolerance: (text.tolerance, text.tolerance_float64),
            network,
            original,
            host,
            recorded: Tensors::read(&path.with_extension("safetensors"))?,
        })
    }
}

/// A safetensors file in memory.
#[derive(Debug)]
pub(super) struct Tensors {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Tensors {
    pub(super) fn read(path: &Path) -> Result<Self, GoldenError> {
        let bytes = bytes(path)?;
        SafeTensors::deserialize(&bytes)
            .map_err(|source| GoldenError::Tensors { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), bytes })
    }

    fn open(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes).expect("it was read before")
    }

    pub(super) fn missing(&self, name: &str, wanted: &'static str) -> GoldenError {
        GoldenError::NoTensor { path: self.path.clone(), name: name.to_owned(), wanted }
    }

    fn get(&self, name: &str, dtype: Dtype, wanted: &'static str) -> Result<TensorView<'_>, GoldenError> {
        self.open()
            .tensor(name)
            .ok()
            .filter(|view| view.dtype() == dtype)
            .ok_or_else(|| self.missing(name, wanted))
    }

    pub(super) fn f32(&self, name: &str) -> Result<Vec<f32>, GoldenError> {
        let view = self.get(name, Dtype::F32, "float32")?;
        Ok(view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    }

    pub(super) fn f64(&self, name: &str) -> Result<Vec<f64>, GoldenError> {
        let view = self.get(name, Dtype::F64, "float64")?;
        let value = |b: &[u8]| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]);
        Ok(view.data().chunks_exact(8).map(value).collect())
    }

    /// Bytes, one a value.
    pub(super) fn u8(&self, name: &str) -> Result<Vec<u8>, GoldenError> {
        Ok(self.get(name, Dtype::U8, "uint8")?.data().to_vec())
    }

    pub(super) fn i8(&self, name: &str) -> Result<Vec<i8>, GoldenError> {
        let view = self.get(name, Dtype::I8, "int8")?;
        Ok(view.data().iter().map(|&byte| byte as i8).collect())
    }

    fn i64(&self, name: &str) -> Result<Vec<i64>, GoldenError> {
        let view = self.get(name, Dtype::I64, "int64")?;
        let value = |b: &[u8]| i64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]);
        Ok(view.data().chunks_exact(8).map(value).collect())
    }

    /// The values of a float32 or int64 tensor.
    pub(super) fn values(&self, name: &str) -> Result<Values, GoldenError> {
        self.f32(name).map(Values::F32).or_else(|_| self.i64(name).map(Values::I64))
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, GoldenError> {
    let unreadable = |source| GoldenError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(unreadable)?.take(MAX_FILE + 1);
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(unreadable(io::Error::other("it is larger than 1 GiB")));
    }
    Ok(bytes)
}

fn host(data: &Tensors, classes: u32) -> Result<HostExamples, GoldenError> {
    let images = data.get("images", Dtype::U8, "uint8 [N, H, W, 3]")?;
    let labels = data.i64("labels")?;
    let &[count, height, width, 3] = images.shape() else {
        return Err(data.missing("images", "uint8 [N, H, W, 3]"));
    };
    if count != labels.len() {
        return Err(data.missing("labels", "int64 [N]"));
    }
    let mut sets = BTreeMap::new();
    for (set, name) in SETS {
        let positions = data.i64(name)?;
        inside("index", &positions, count as i64)?;
        sets.insert(set, positions);
    }
    // A recording judges nothing, so its validation set may be learnt from: it is not the one that stands for a test set.
    sets.insert(Set::Test, Vec::new());
    inside("label", &labels, i64::from(classes))?;
    let mut class_counts = vec![0; classes as usize];
    for position in sets[&Set::Retain].iter().chain(&sets[&Set::Forget]) {
        class_counts[labels[*position as usize] as usize] += 1;
    }
    Ok(HostExamples {
        images: planes(images.data(), height * width),
        shape: [count as i64, 3, height as i64, width as i64],
        labels,
        sets,
        class_counts,
        truths: Vec::new(),
    })
}

pub(super) fn inside(what: &'static str, values: &[i64], end: i64) -> Result<(), GoldenError> {
    match values.iter().find(|value| !(0..end).contains(*value)) {
        Some(&value) => Err(GoldenError::OutOfRange { what, value, end }),
        None => Ok(()),
    }
}

/// Colours from the last axis to the one before the pixels.
fn planes(interleaved: &[u8], pixels: usize) -> Vec<u8> {
    let mut planes = Vec::with_capacity(interleaved.len());
    for image in interleaved.chunks_exact(3 * pixels) {
        for colour in 0..3 {
            planes.extend(image.iter().skip(colour).step_by(3));
        }
    }
    planes
}
