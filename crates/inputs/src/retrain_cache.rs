//! `retrain_confs.npz`, in which the organisers of the NeurIPS 2023 unlearning challenge keep what their retrained models
//! measured: read from strangers, and written so that `numpy.load` and their evaluation take it.
//!
//! It knows four arrays and their shapes, not what is computed from them.
//! After `main.py` of <https://github.com/google-deepmind/unlearning_evaluation>.

use std::{
    io::{self, Cursor, Write},
    iter,
    path::{Path, PathBuf},
};

use thiserror::Error;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    checkpoint::{ArchiveProblem, Entries, Listing},
    npy::{self, Array, NpyError},
};

const CONFIDENCES: &str = "retrained_confs";
const RETAIN: &str = "retrain_retain_accs";
const TEST: &str = "retrain_test_accs";
const FORGET: &str = "retrain_forget_accs";
const KEYS: [&str; 4] = [CONFIDENCES, RETAIN, TEST, FORGET];

/// What retrained models measured.
#[derive(Debug, Clone, PartialEq)]
pub struct RetrainCache {
    /// Logit-scaled confidences on the forget set; \[N, S\].
    pub confidences: Array,
    /// Accuracy on the retain set, in percent; \[N\].
    pub retain: Vec<f64>,
    /// Accuracy on the test set, in percent; \[N\].
    pub test: Vec<f64>,
    /// Accuracy on the forget set, in percent; \[N\].
    pub forget: Vec<f64>,
}

/// Failed to read a cache of retrained models.
#[derive(Debug, Error)]
pub enum RetrainCacheError {
    /// The file, or an array in it.
    #[error(transparent)]
    Array(#[from] NpyError),
    /// The container.
    #[error(
        "`{}` can't be read as an `.npz` file: {problem}; save it with `np.savez`, not `np.savez_compressed`",
        path.display()
    )]
    Container {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: ArchiveProblem,
    },
    /// An array is not there.
    #[error("`{}` has no array `{key}`; it needs {}", path.display(), KEYS.join(", "))]
    Missing {
        /// The file.
        path: PathBuf,
        /// Which.
        key: &'static str,
    },
    /// An array has no place in a cache.
    #[error("`{}` has an array `{key}`; it may have {} alone", path.display(), KEYS.join(", "))]
    Unknown {
        /// The file.
        path: PathBuf,
        /// Its name, escaped.
        key: String,
    },
    /// An array has the wrong axes.
    #[error("`{key}` in `{}` has shape {have:?}, not {want}; save the arrays of one set of models", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// Which array.
        key: &'static str,
        /// Its axes.
        have: Vec<usize>,
        /// What they should be.
        want: String,
    },
    /// An accuracy is none.
    #[error("`{key}` in `{}` has {value} for model {model}; accuracies are in percent, from 0 to 100", path.display())]
    NoPercentage {
        /// The file.
        path: PathBuf,
        /// Which array.
        key: &'static str,
        /// Position of the model.
        model: usize,
        /// What is there.
        value: f64,
    },
}

impl RetrainCache {
    /// Reads a cache; entries are stored, as `numpy.savez` does it.
    pub fn read(path: &Path) -> Result<Self, RetrainCacheError> {
        Self::decode(path, &npy::content(path)?)
    }

    /// Reads the cache that the bytes of a file hold; `path` is for messages alone.
    pub fn decode(path: &Path, content: &[u8]) -> Result<Self, RetrainCacheError> {
        let container = |problem| RetrainCacheError::Container { path: path.to_owned(), problem };
        let entries = Listing::read(content).and_then(Listing::stored).map_err(container)?;
        let key = |name: &'_ str| name.strip_suffix(".npy").unwrap_or(name).to_owned();
        if let Some(unknown) = entries.keys().map(|name| key(name)).find(|key| !KEYS.contains(&key.as_str()))
        {
            let key = unknown.escape_debug().to_string();
            return Err(RetrainCacheError::Unknown { path: path.to_owned(), key });
        }
        let confidences = array(path, &entries, CONFIDENCES)?;
        let &[models, _] = confidences.shape.as_slice() else {
            let want = "[models, examples]".to_owned();
            let have = confidences.shape;
            return Err(RetrainCacheError::Shape { path: path.to_owned(), key: CONFIDENCES, have, want });
        };
        let accuracies = |key| accuracies(path, key, array(path, &entries, key)?, models);
        let (retain, test, forget) = (accuracies(RETAIN)?, accuracies(TEST)?, accuracies(FORGET)?);
        Ok(Self { confidences, retain, test, forget })
    }

    /// The bytes of the file; the same cache gives the same bytes. A cache of 4 GiB is an error: none is read either.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let axes: Vec<u64> = self.confidences.shape.iter().map(|&axis| axis as u64).collect();
        let vectors = [(RETAIN, &self.retain), (TEST, &self.test), (FORGET, &self.forget)];
        let vectors = vectors.map(|(key, values)| (key, npy::vector_bytes(values)));
        let matrix = (CONFIDENCES, npy::array_bytes(&axes, &self.confidences.values));
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for (key, bytes) in iter::once(matrix).chain(vectors) {
            archive.start_file(format!("{key}.npy"), stored)?;
            archive.write_all(&bytes)?;
        }
        Ok(archive.finish()?.into_inner())
    }
}

fn array(path: &Path, entries: &Entries<'_>, key: &'static str) -> Result<Array, RetrainCacheError> {
    let name = format!("{key}.npy");
    let missing = || RetrainCacheError::Missing { path: path.to_owned(), key };
    let content = entries.get(name.as_str()).ok_or_else(missing)?;
    Ok(npy::decode(&path.join(name), content)?)
}

fn accuracies(
    path: &Path,
    key: &'static str,
    array: Array,
    models: usize,
) -> Result<Vec<f64>, RetrainCacheError> {
    let path = || path.to_owned();
    if array.shape != [models] {
        return Err(RetrainCacheError::Shape {
            path: path(),
            key,
            have: array.shape,
            want: format!("[{models}]"),
        });
    }
    match array.values.iter().position(|value| !(0.0..=100.0).contains(value)) {
        Some(model) => {
            Err(RetrainCacheError::NoPercentage { path: path(), key, model, value: array.values[model] })
        }
        None => Ok(array.values),
    }
}

#[cfg(test)]
mod tests;
