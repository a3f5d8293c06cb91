//! Writes a `.pth` file as `torch.save(net.state_dict(), path)` does: a pickle of protocol 2 and a storage for each tensor
//! in a stored ZIP archive, contents aligned to 64 bytes. Owns the files of the archive; the same tensors give the same bytes on every host and day.
//!
//! Source: torch/serialization.py of `PyTorch` 2.11.

mod half;
mod pickler;

use std::io::{self, Write};

use thiserror::Error;

use super::{StateDict, Values, container::Container};

/// How real numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatWidth {
    /// float32, as they are.
    Single,
    /// float16, rounded to the nearest, ties to even, as `.half()` does.
    Half,
}

/// Failed to write a checkpoint.
#[derive(Debug, Error)]
pub enum TorchWriteError {
    /// The file can't be written.
    #[error("can't write the checkpoint: {0}")]
    Unwritable(#[from] io::Error),
    /// A number is beyond float16.
    #[error("tensor `{name}` holds {value}, beyond the 65504 of float16; write it without --half")]
    BeyondHalf {
        /// Its name.
        name: String,
        /// The number.
        value: f32,
    },
}

/// The folder that all entries are in; `PyTorch` takes whichever there is.
const FOLDER: &str = "model";

/// Writes the tensors in their order.
pub fn write_torch(
    state: &StateDict,
    precision: FloatWidth,
    out: &mut impl Write,
) -> Result<(), TorchWriteError> {
    let mut container = Container::new(out);
    let mut entry = |name: &str, content: &[u8]| container.entry(&format!("{FOLDER}/{name}"), content);
    entry("data.pkl", &pickler::pickled(state, precision))?;
    entry(".format_version", b"1")?;
    entry(".storage_alignment", b"64")?;
    entry("byteorder", b"little")?;
    for (number, (name, tensor)) in state.iter().enumerate() {
        let bytes = storage(name, &tensor.values, precision)?;
        entry(&format!("data/{number}"), &bytes)?;
    }
    entry("version", b"3\n")?;
    container.finish()?;
    Ok(())
}

fn storage(name: &str, values: &Values, precision: FloatWidth) -> Result<Vec<u8>, TorchWriteError> {
    match (values, precision) {
        (Values::I64(values), _) => Ok(values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        (Values::F32(values), FloatWidth::Single) => {
            Ok(values.iter().flat_map(|value| value.to_le_bytes()).collect())
        }
        (Values::F32(values), FloatWidth::Half) => {
            let mut bytes = Vec::with_capacity(2 * values.len());
            for &value in values {
                let bits = half::of(value).ok_or_else(|| {
                    let name = name.to_owned();
                    TorchWriteError::BeyondHalf { name, value }
                })?;
                bytes.extend_from_slice(&bits.to_le_bytes());
            }
            Ok(bytes)
        }
    }
}
