//! A `.pth` file: the container, the pickle in it, and the storages that the pickle refers to.

use std::path::Path;

use super::{
    ArchiveProblem, CheckpointError, LayoutProblem, StateDict, Tensor,
    archive::{Entries, Listing},
    element::ByteOrder,
    layout::{Budget, Storage},
    pickle::{self, StoredTensor},
    state_dict::check_names,
};

/// Newest format version that PyTorch has written so far.
pub(super) const MAX_VERSION: u8 = 10;

const PICKLE: &str = "data.pkl";
/// What `DataParallel` puts before every name.
const DATA_PARALLEL: &str = "module.";

/// A checked archive, read as a checkpoint.
struct Contents<'a> {
    entries: Entries<'a>,
    folder: &'a str,
    order: ByteOrder,
}

/// Reads the state dict of a ZIP checkpoint.
pub(super) fn decode(path: &Path, bytes: &[u8]) -> Result<StateDict, CheckpointError> {
    let damaged = |problem| CheckpointError::Archive { path: path.to_owned(), problem };
    let listing = Listing::read(bytes).map_err(damaged)?;
    // Before the checks: TorchScript's code is compressed, but that is not what is wrong with it.
    if let Some(entry) = listing.names().find(|name| is_program(name)) {
        return Err(CheckpointError::Program { path: path.to_owned(), entry: entry.to_owned() });
    }
    let contents = Contents::of(listing.check().map_err(damaged)?).map_err(damaged)?;
    let stored = pickle::tensors(contents.pickle())
        .map_err(|problem| CheckpointError::Pickle { path: path.to_owned(), problem })?;
    let unfit = |problem| CheckpointError::Unfit { path: path.to_owned(), problem };
    check_names(stored.iter().map(|(name, _)| *name)).map_err(unfit)?;
    let mut budget = Budget::of_file(bytes);
    let mut entries = Vec::with_capacity(stored.len());
    for (name, tensor) in stored {
        let tensor = contents.gather(tensor, &mut budget).map_err(|problem| CheckpointError::Layout {
            path: path.to_owned(),
            tensor: name.to_owned(),
            problem,
        })?;
        entries.push((name.to_owned(), tensor));
    }
    let state = StateDict::new(entries).map_err(unfit)?;
    Ok(state.without_prefix(DATA_PARALLEL))
}

/// Whether an entry is one that only TorchScript archives and packages have.
fn is_program(name: &str) -> bool {
    let inside = name.split_once('/').map_or(name, |(_, inside)| inside);
    [name, inside]
        .iter()
        .any(|name| name.starts_with("code/") || *name == "constants.pkl" || *name == ".data/extern_modules")
}

impl<'a> Contents<'a> {
    fn of(entries: Entries<'a>) -> Result<Self, ArchiveProblem> {
        let folder = folder(&entries).ok_or(ArchiveProblem::NoPickle)?;
        let mut contents = Self { entries, folder, order: ByteOrder::Little };
        contents.order = match contents.get("byteorder") {
            None | Some(b"little") => ByteOrder::Little,
            Some(b"big") => ByteOrder::Big,
            Some(_) => return Err(ArchiveProblem::ByteOrder),
        };
        let version = contents.get("version").map(|text| {
            std::str::from_utf8(text).ok().and_then(|text| text.trim_ascii_end().parse::<u8>().ok())
        });
        match version {
            None | Some(Some(1..=MAX_VERSION)) => Ok(contents),
            Some(_) => Err(ArchiveProblem::Version),
        }
    }

    fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.entries.get(format!("{}{name}", self.folder).as_str()).copied()
    }

    fn pickle(&self) -> &'a [u8] {
        self.get(PICKLE).expect("the folder was found by its pickle")
    }

    fn gather(&self, tensor: StoredTensor<'_>, budget: &mut Budget) -> Result<Tensor, LayoutProblem> {
        let StoredTensor { storage, layout } = tensor;
        let bytes = self.get(&format!("data/{}", storage.key)).ok_or(LayoutProblem::NoStorage)?;
        let width = storage.element.width();
        if storage.elements.checked_mul(width) != Some(bytes.len()) {
            let (claimed, bytes) = (storage.elements, bytes.len());
            return Err(LayoutProblem::StorageLength { claimed, width, bytes });
        }
        layout.gather(Storage { element: storage.element, order: self.order, bytes }, budget)
    }
}

/// The folder of the only `data.pkl`, with its slash, if every entry is in it.
fn folder<'a>(entries: &Entries<'a>) -> Option<&'a str> {
    let mut folders = entries.keys().filter_map(|name| {
        let folder = name.strip_suffix(PICKLE)?;
        (folder.is_empty() || folder.find('/') == Some(folder.len() - 1)).then_some(folder)
    });
    let folder = folders.next().filter(|_| folders.next().is_none())?;
    entries.keys().all(|name| name.starts_with(folder)).then_some(folder)
}
