//! The original as a file that `PyTorch` loads.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use sweep_files::{Staged, TEMPORARY};
use sweep_inputs::checkpoint::{self, FloatWidth, StateDict, TorchWriteError, write_torch};

use super::{ExportError, in_order, network};
use crate::{cli::terminal, outcome::Outcome, plan::PlannedOriginal, store::Recorded};

pub(super) fn write(
    dir: &Path,
    recorded: &Recorded,
    (number, out): (Option<usize>, &Path),
    width: FloatWidth,
) -> Result<(), ExportError> {
    let network = network(dir, recorded)?;
    let (path, found) = read(dir, recorded, number)?;
    let state = in_order(network, found).ok_or(ExportError::Changed { path })?;
    save(out, &state, width).map_err(|source| ExportError::Unwritable { path: out.to_owned(), source })?;
    terminal::talk(&format!(
        "{}: {} tensors of {}; it sees pixels of 0 to 255 as the grid's [training] network says",
        out.display(),
        state.iter().len(),
        network.name,
    ));
    Ok(())
}

/// The file that the original with this number lies in, and its tensors. The number can be left out where there is one alone.
fn read(dir: &Path, recorded: &Recorded, number: Option<usize>) -> Result<(PathBuf, StateDict), ExportError> {
    let inputs = recorded.plan.inputs.as_ref();
    let inputs = inputs.ok_or_else(|| ExportError::NoNetwork { dir: dir.to_owned() })?;
    let originals = inputs.originals.len();
    let number = number.or((originals == 1).then_some(0));
    let original = number.and_then(|number| inputs.originals.get(number));
    let original = original.ok_or_else(|| ExportError::WhichOriginal { dir: dir.to_owned(), originals })?;
    let (path, hash) = match original {
        PlannedOriginal::Checkpoint { path, blake3 } => (PathBuf::from(path), blake3),
        PlannedOriginal::Trained { run } => {
            let outcome = recorded.outcomes.get(run).map(|record| &record.outcome);
            let weights = outcome.and_then(Outcome::measurement).and_then(|own| own.weights.as_ref());
            let weights = weights.ok_or_else(|| ExportError::NoOriginal { dir: dir.to_owned() })?;
            (recorded.run_folder(run).join(&weights.file), &weights.blake3)
        }
    };
    let found = checkpoint::read(&path)?;
    if found.blake3 != *hash {
        return Err(ExportError::Changed { path });
    }
    Ok((path, found.state))
}

fn save(out: &Path, state: &StateDict, width: FloatWidth) -> Result<(), TorchWriteError> {
    let mut file = BufWriter::new(Staged::beside(out, TEMPORARY)?);
    write_torch(state, width, &mut file)?;
    file.flush()?;
    file.into_inner().map_err(io::Error::from)?.settle()?;
    Ok(())
}
