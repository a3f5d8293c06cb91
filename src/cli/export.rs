//! `sweep export`: the original of a sweep as a file that `PyTorch` loads.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use sweep_files::{Staged, TEMPORARY};
use sweep_inputs::checkpoint::{self, CheckpointError, FloatWidth, StateDict, TorchWriteError, write_torch};
use sweep_protocol::network::Network;
use thiserror::Error;

use super::{CommandError, Exit, terminal};
use crate::{appraisal::read_asked, outcome::Outcome, plan::PlannedOriginal, store::Recorded};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep
    dir: PathBuf,
    /// File to write: the state dict of the original, as `torch.save` writes it
    #[arg(long, value_name = "OUT.pth")]
    original: PathBuf,
    /// Write float16, rounded as `.half()` does
    #[arg(long)]
    half: bool,
}

/// Failed to export.
#[derive(Debug, Error)]
pub(super) enum ExportError {
    /// The engine trains nothing.
    #[error("`{}` holds no network: its engine trains none", dir.display())]
    NoNetwork {
        /// The results.
        dir: PathBuf,
    },
    /// The original isn't there yet, or no more.
    #[error("`{}` holds no finished original; `sweep run` trains it", dir.display())]
    NoOriginal {
        /// The results.
        dir: PathBuf,
    },
    /// The weights are not those that were recorded.
    #[error("`{}` is not what the journal recorded; `sweep fsck` says more", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// It can't be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// There is something already.
    #[error("`{}` exists; choose another name or remove it", path.display())]
    Occupied {
        /// The file.
        path: PathBuf,
    },
    /// The file can't be written.
    #[error("can't write `{}`: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: TorchWriteError,
    },
}

pub(super) fn export(arguments: &Arguments) -> Result<Exit, CommandError> {
    let Arguments { dir, original: out, half } = arguments;
    let recorded = read_asked(dir)?;
    if out.symlink_metadata().is_ok() {
        return Err(ExportError::Occupied { path: out.clone() }.into());
    }
    let (network, state) = original(dir, &recorded)?;
    let precision = if *half { FloatWidth::Half } else { FloatWidth::Single };
    write(out, &state, precision).map_err(|source| ExportError::Unwritable { path: out.clone(), source })?;
    terminal::talk(&format!(
        "{}: {} tensors of {}; it sees pixels of 0 to 255 as the grid's [training] network says",
        out.display(),
        state.iter().len(),
        network.name,
    ));
    Ok(Exit::Done)
}

/// The original's network, and its tensors in the order of `PyTorch`.
fn original<'r>(dir: &Path, recorded: &'r Recorded) -> Result<(&'r Network, StateDict), ExportError> {
    let inputs =
        recorded.plan.inputs.as_ref().ok_or_else(|| ExportError::NoNetwork { dir: dir.to_owned() })?;
    let (path, hash) = match &inputs.original {
        PlannedOriginal::Checkpoint { path, blake3 } => (PathBuf::from(path), blake3),
        PlannedOriginal::Trained { run } => {
            let measured = match recorded.outcomes.get(run).map(|record| &record.outcome) {
                Some(Outcome::Finished(measured)) => measured.weights.as_ref(),
                _ => None,
            };
            let weights = measured.ok_or_else(|| ExportError::NoOriginal { dir: dir.to_owned() })?;
            (recorded.run_folder(run).join(&weights.file), &weights.blake3)
        }
    };
    let found = checkpoint::read(&path)?;
    if found.blake3 != *hash {
        return Err(ExportError::Changed { path });
    }
    let layout = inputs.network.layout().ok();
    let keys = layout.ok_or_else(|| ExportError::NoNetwork { dir: dir.to_owned() })?.keys_and_shapes();
    let mut tensors = std::collections::BTreeMap::from_iter(found.state.into_entries());
    let ordered =
        keys.into_iter().filter_map(|(key, _)| Some((key.clone(), tensors.remove(&key)?))).collect();
    let state = StateDict::new(ordered).map_err(|_| ExportError::Changed { path })?;
    Ok((&inputs.network, state))
}

fn write(out: &Path, state: &StateDict, precision: FloatWidth) -> Result<(), TorchWriteError> {
    let mut file = BufWriter::new(Staged::beside(out, TEMPORARY)?);
    write_torch(state, precision, &mut file)?;
    file.flush()?;
    file.into_inner().map_err(io::Error::from)?.settle()?;
    Ok(())
}
