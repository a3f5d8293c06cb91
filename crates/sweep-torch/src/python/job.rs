//! What every process is told: whose code it runs, and where the data lie.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use serde::Serialize;
use sweep_protocol::{
    recipe::{Python, Takes},
    terms::{Set, Value},
};

use crate::examples::{Examples, SharedExamples};

/// Forget images on which two computations of one network are compared.
const PROBED: usize = 64;

/// How many forget images two computations of one network are compared on.
pub(crate) fn probed(examples: &Examples) -> usize {
    examples.set(Set::Forget).len().min(PROBED)
}

/// A function or class of the user's own, with whole paths.
#[derive(Debug, Serialize)]
pub(crate) struct OwnCode<'a> {
    file: PathBuf,
    module: Option<&'a str>,
    root: PathBuf,
    own: PathBuf,
    function: &'a str,
    arguments: &'a BTreeMap<String, Value>,
}

impl<'a> OwnCode<'a> {
    pub(crate) fn of(python: &'a Python) -> io::Result<Self> {
        Ok(Self {
            file: whole(Path::new(&python.file))?,
            module: python.module.as_deref(),
            root: whole(python.root())?,
            own: whole(&python.own())?,
            function: &python.function,
            arguments: &python.arguments,
        })
    }
}

/// A path from the root of the file system; nothing stands for the working folder.
fn whole(path: &Path) -> io::Result<PathBuf> {
    std::path::absolute(if path.as_os_str().is_empty() { Path::new(".") } else { path })
}

/// Where the examples lie, and which are whose.
#[derive(Debug, Serialize)]
pub(crate) struct Data {
    images: String,
    labels: String,
    shape: [i64; 4],
    retain: [i64; 2],
    forget: [i64; 2],
    /// What a training function trains on.
    train: Option<[i64; 2]>,
    /// None where results are judged on the validation set.
    validation: Option<[i64; 2]>,
}

impl Data {
    /// The sets that a function may see; the validation set is `withheld` where results are judged on it.
    pub(crate) fn of(data: &SharedExamples, takes: Option<Takes>, withheld: bool) -> Self {
        Self {
            images: data.images.path(),
            labels: data.labels.path(),
            shape: data.shape,
            retain: data.retain,
            forget: data.forget,
            train: match takes {
                Some(Takes::Training(Set::Retain)) => Some(data.retain),
                Some(Takes::Training(_)) => Some([data.retain[0], data.forget[1]]),
                Some(Takes::Loaders | Takes::Tensors | Takes::Nothing) | None => None,
            },
            validation: (!withheld).then_some(data.validation),
        }
    }
}
