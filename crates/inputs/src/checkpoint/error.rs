//! Why a checkpoint was refused, and what to do about it.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::{ArchiveProblem, LayoutProblem, NotAStateDict, PickleProblem};

/// Characters of a stranger's text that a message shows.
const MAX_SHOWN: usize = 120;

/// Failed to read a checkpoint.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The file can't be read.
    #[error("failed to read the checkpoint `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("`{}` is not a regular file", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// It is larger than anything that is read here.
    #[error("`{}` has {bytes} bytes; checkpoints of 4 GiB and more are not read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// Its content is none of the known formats.
    #[error(
        "`{}` is neither a PyTorch checkpoint nor a safetensors file; \
         save one with `torch.save(model.state_dict(), path)`",
        path.display()
    )]
    Unrecognised {
        /// The file.
        path: PathBuf,
    },
    /// It is in the format of before PyTorch 1.6.
    #[error(
        "`{}` is in the format of before PyTorch 1.6; convert it with `{}`",
        path.display(),
        conversion(path)
    )]
    Legacy {
        /// The file.
        path: PathBuf,
    },
    /// It is a TorchScript archive or a package.
    #[error(
        "`{}` is a TorchScript program, not a state dict (it holds `{}`); nothing of it was run; \
         save the weights alone with `torch.save(model.state_dict(), path)`",
        path.display(),
        Shown(entry)
    )]
    Program {
        /// The file.
        path: PathBuf,
        /// The entry that gives it away.
        entry: String,
    },
    /// Its ZIP container is damaged or not one that PyTorch writes.
    #[error("`{}` is damaged or was not written by `torch.save`: {problem}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: ArchiveProblem,
    },
    /// Its pickle is not that of a state dict.
    #[error("`{}` holds no plain state dict: {problem}", path.display())]
    Pickle {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: PickleProblem,
    },
    /// A tensor doesn't fit its storage.
    #[error("tensor `{}` of `{}` {problem}", Shown(tensor), path.display())]
    Layout {
        /// The file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// What is wrong.
        problem: LayoutProblem,
    },
    /// Its safetensors header is wrong.
    #[error("`{}` is a damaged safetensors file: {}", path.display(), Shown(&source.to_string()))]
    Safetensors {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: safetensors::SafeTensorError,
    },
    /// Its tensors don't make a state dict.
    #[error("the tensors of `{}` make no state dict: {problem}", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: NotAStateDict,
    },
}

/// The shell command that re-writes a legacy checkpoint; PyTorch's own restricted loader reads it.
fn conversion(path: &Path) -> String {
    let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    format!(
        "python3 -c \"import sys, torch; torch.save(torch.load(sys.argv[1], map_location='cpu', \
         weights_only=True), sys.argv[2])\" {} {}",
        quoted(path),
        quoted(&path.with_extension("converted.pth"))
    )
}

/// Text from a file, made fit for a message: control characters escaped, and not too long.
pub(super) struct Shown<'a>(pub(super) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(MAX_SHOWN) {
            write!(formatter, "{}", character.escape_debug())?;
        }
        if characters.next().is_some() { formatter.write_str("…") } else { Ok(()) }
    }
}
