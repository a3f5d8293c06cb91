//! `EasyDUB`'s layout of margins: a folder of one set of one kind of models, an array for each model, `id_7_epoch_23.npy`, of a
//! margin for each example. Its margin, the logit of the true class less the log of the sum of the others' exponentials, is our
//! confidence. Owns the names of the files and that together they are a matrix.
//!
//! Source: `easydub/data.py` of easydub/EasyDUB-code.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use sweep_inputs::npy::{self, Array, NpyError};
use thiserror::Error;

/// Why a folder of margins is no matrix.
#[derive(Debug, Error)]
pub(in crate::cli) enum MarginsError {
    /// The folder can't be listed.
    #[error("failed to list `{}`: {source}", dir.display())]
    Unlistable {
        /// The folder.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The whole data set was named.
    #[error(
        "`{}` is all of EasyDUB: name the folder of one set, such as margins/cifar10/oracle/forget_2/forget/resnet9 in it",
        dir.display()
    )]
    Everything {
        /// The folder.
        dir: PathBuf,
    },
    /// An array that is no model's.
    #[error("`{}` is among margins, whose names are id_MODEL_epoch_EPOCH.npy; move it elsewhere", path.display())]
    Stranger {
        /// The file.
        path: PathBuf,
    },
    /// Models after different epochs.
    #[error("`{}` is of epoch {have}, the models before it of epoch {want}; name a folder of one epoch", path.display())]
    OtherEpoch {
        /// The file.
        path: PathBuf,
        /// Its epoch.
        have: u64,
        /// That of the others.
        want: u64,
    },
    /// Two files of one model.
    #[error("`{}` is the second file of model {model}", path.display())]
    Repeated {
        /// The file.
        path: PathBuf,
        /// The model.
        model: u64,
    },
    /// A model is not there.
    #[error("`{}` has no model {model}, and some beyond it: it was not copied as a whole", dir.display())]
    Missing {
        /// The folder.
        dir: PathBuf,
        /// The model.
        model: u64,
    },
    /// An array can't be read.
    #[error(transparent)]
    Array(#[from] NpyError),
    /// An array of another shape.
    #[error("`{}` has the shape {have:?}, the models before it {want} margins each", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// Its shape.
        have: Vec<usize>,
        /// Margins of the others.
        want: usize,
    },
}

/// Reads the margins of a folder, [N, S], in the order of the models' numbers; nothing where it is no such folder.
pub(super) fn read(dir: &Path) -> Result<Option<Array>, MarginsError> {
    if dir.join("margins").is_dir() {
        return Err(MarginsError::Everything { dir: dir.to_owned() });
    }
    let arrays = arrays(dir)?;
    if arrays.iter().all(|path| parts(path).is_none()) {
        return Ok(None);
    }
    let mut models = BTreeMap::new();
    let mut of_all = None;
    for path in arrays {
        let (model, epoch) = parts(&path).ok_or_else(|| MarginsError::Stranger { path: path.clone() })?;
        let want = *of_all.get_or_insert(epoch);
        if epoch != want {
            return Err(MarginsError::OtherEpoch { path, have: epoch, want });
        }
        if let Some(path) = models.insert(model, path) {
            return Err(MarginsError::Repeated { path, model });
        }
    }
    let mut all = Array { shape: vec![models.len(), 0], values: Vec::new() };
    for (want, (model, path)) in (0..).zip(models) {
        if model != want {
            return Err(MarginsError::Missing { dir: dir.to_owned(), model: want });
        }
        let Array { shape, values } = npy::read(&path)?;
        let width = if want == 0 { values.len() } else { all.shape[1] };
        if shape != [width] {
            return Err(MarginsError::Shape { path, have: shape, want: width });
        }
        all.shape[1] = width;
        all.values.extend(values);
    }
    Ok(Some(all))
}

/// The arrays of a folder, by name.
fn arrays(dir: &Path) -> Result<Vec<PathBuf>, MarginsError> {
    let unlistable = |source| MarginsError::Unlistable { dir: dir.to_owned(), source };
    let entries = fs::read_dir(dir).map_err(unlistable)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    let mut paths = paths.map_err(unlistable)?;
    paths.retain(|path| path.extension().is_some_and(|end| end == "npy"));
    paths.sort();
    Ok(paths)
}

/// Model and epoch of a file.
fn parts(path: &Path) -> Option<(u64, u64)> {
    let name = path.file_name()?.to_str()?.strip_prefix("id_")?.strip_suffix(".npy")?;
    let (model, epoch) = name.split_once("_epoch_")?;
    Some((model.parse().ok()?, epoch.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use sweep_inputs::npy::vector_bytes;

    use super::{MarginsError, read};

    fn folder(files: &[(&str, &[f64])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, margins) in files {
            fs::write(folder.path().join(name), vector_bytes(margins)).expect("writable");
        }
        folder
    }

    fn refused(files: &[(&str, &[f64])]) -> MarginsError {
        read(folder(files).path()).expect_err("it doesn't fit")
    }

    #[test]
    fn models_stand_in_the_order_of_their_numbers() {
        // By name, 10 would come before 2.
        let names: Vec<String> = (0..11).map(|model| format!("id_{model}_epoch_23.npy")).collect();
        let margins: Vec<[f64; 2]> = (0..11).map(|model| [f64::from(model), -0.5]).collect();
        let files: Vec<(&str, &[f64])> =
            names.iter().zip(&margins).map(|(name, margins)| (name.as_str(), margins.as_slice())).collect();
        let folder = folder(&files);
        fs::write(folder.path().join("README.md"), "other files are nobody's business").expect("writable");
        let array = read(folder.path()).expect("sound").expect("margins");
        assert_eq!(array.shape, [11, 2]);
        assert_eq!(array.values, margins.concat());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        const TWO: &[f64] = &[1.0, 2.0];
        let other_epoch = refused(&[("id_0_epoch_23.npy", TWO), ("id_1_epoch_9.npy", TWO)]);
        assert!(matches!(other_epoch, MarginsError::OtherEpoch { have: 9, want: 23, .. }), "{other_epoch}");
        let missing = refused(&[("id_0_epoch_23.npy", TWO), ("id_2_epoch_23.npy", TWO)]);
        assert!(matches!(missing, MarginsError::Missing { model: 1, .. }), "{missing}");
        let repeated = refused(&[("id_0_epoch_23.npy", TWO), ("id_00_epoch_23.npy", TWO)]);
        assert!(matches!(repeated, MarginsError::Repeated { model: 0, .. }), "{repeated}");
        let longer = refused(&[("id_0_epoch_23.npy", TWO), ("id_1_epoch_23.npy", &[1.0, 2.0, 3.0])]);
        assert!(matches!(longer, MarginsError::Shape { want: 2, .. }), "{longer}");
        let stranger = refused(&[("id_0_epoch_23.npy", TWO), ("labels.npy", TWO)]);
        assert!(matches!(stranger, MarginsError::Stranger { .. }), "{stranger}");
        let whole = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir_all(whole.path().join("margins/cifar10")).expect("writable");
        assert!(matches!(read(whole.path()), Err(MarginsError::Everything { .. })));
        assert!(matches!(read(Path::new("/nowhere")), Err(MarginsError::Unlistable { .. })));
    }

    #[test]
    fn a_folder_of_other_things_holds_no_margins() {
        assert!(read(folder(&[("confidences.npy", &[1.0])]).path()).expect("sound").is_none());
    }
}
