//! PyTorch checkpoints and safetensors files, read without executing anything.
//!
//! Owns: recognising a file by its content, the strict ZIP container, the restricted pickle machine,
//! gathering of strided tensors, and the strict comparison with what a network expects. A file is data here:
//! no name in it is ever looked up anywhere but in a short list of names, and nothing is called.
//! Must not know: networks, libtorch, where checkpoints are kept.
//! The format: <https://docs.pytorch.org/docs/stable/notes/serialization.html>.

mod element;
mod error;
mod state_dict;
mod mismatch;
mod layout;
mod archive;
mod pickle;
mod torch_file;
mod safetensors_file;
mod container;
mod torch_writer;
mod submission;

#[cfg(test)]
mod tests;

pub use archive::ArchiveProblem;
pub(crate) use archive::{Entries, Listing};
pub use error::CheckpointError;
pub use layout::LayoutProblem;
pub use mismatch::{Difference, Mismatch};
pub use pickle::PickleProblem;
pub use safetensors_file::write_safetensors;
pub use state_dict::{NotAStateDict, StateDict, Tensor, Values};
pub use submission::{ModelArchive, name as submission_name};
pub use torch_writer::{FloatWidth, TorchWriteError, write_torch};

use std::{
    io::{self, Read},
    path::Path,
};

use sweep_protocol::terms::ContentHash;

/// Largest file that is read, in bytes. Below it no ZIP entry needs 64-bit sizes.
const MAX_FILE: u64 = (4 << 30) - 1;

/// How a checkpoint of before PyTorch 1.6 starts: the magic number, pickled.
const LEGACY_MAGIC: [u8; 12] = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// What a checkpoint file holds, and the hash that names exactly these bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// BLAKE3 of the file.
    pub blake3: ContentHash,
    /// Its tensors.
    pub state: StateDict,
}

/// Reads the state dict in a `.pth` or `.safetensors` file, whichever its content says it is.
pub fn read(path: &Path) -> Result<Checkpoint, CheckpointError> {
    let bytes = read_bytes(path)?;
    let state = decode(path, &bytes)?;
    Ok(Checkpoint { blake3: hash(&bytes), state })
}

fn hash(bytes: &[u8]) -> ContentHash {
    ContentHash::from(*blake3::hash(bytes).as_bytes())
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, CheckpointError> {
    let unreadable = |source| CheckpointError::Unreadable { path: path.to_owned(), source };
    let file = sweep_files::given(path).map_err(|source| match source.kind() {
        io::ErrorKind::InvalidInput => CheckpointError::NotAFile { path: path.to_owned() },
        _ => unreadable(source),
    })?;
    let mut bytes = Vec::new();
    let size = file.metadata().map_err(unreadable)?.len();
    if size <= MAX_FILE {
        bytes.reserve_exact(size as usize);
        file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    let size = size.max(bytes.len() as u64);
    if size > MAX_FILE {
        return Err(CheckpointError::TooLarge { path: path.to_owned(), bytes: size });
    }
    Ok(bytes)
}

/// Reads the state dict that the bytes of a file hold; `path` is for messages alone.
pub fn decode(path: &Path, bytes: &[u8]) -> Result<StateDict, CheckpointError> {
    if bytes.starts_with(b"PK\x03\x04") {
        torch_file::decode(path, bytes)
    } else if safetensors_file::recognises(bytes) {
        safetensors_file::decode(path, bytes)
    } else if is_legacy(bytes) {
        Err(CheckpointError::Legacy { path: path.to_owned() })
    } else {
        Err(CheckpointError::Unrecognised { path: path.to_owned() })
    }
}

/// A protocol header, possibly a frame header, then the magic number.
fn is_legacy(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(32)];
    head.first() == Some(&0x80) && head.windows(LEGACY_MAGIC.len()).any(|window| window == LEGACY_MAGIC)
}
