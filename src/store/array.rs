//! Arrays that runs have left, given back only while they are what was measured.

use std::{io, path::Path};

use sweep_inputs::npy::{self, Array, NpyError};
use sweep_protocol::{
    curves::{self, Curves},
    measurement::{Artifact, MeasuredExamples, MeasuredReconstruction, Measurement},
    terms::ContentHash,
};
use thiserror::Error;

use super::{Access, Recorded, recorded::MAX_FILE};
use crate::plan::Run;

/// Why what a run measured can't be had.
#[derive(Debug, Error)]
pub enum ArrayError {
    /// It is no array, or one of another kind.
    #[error("run {run}: {source}")]
    Malformed {
        /// Short name of the run.
        run: String,
        /// Why.
        source: NpyError,
    },
    /// It can't be read.
    #[error(
        "run {run}: failed to read what it measured: {source}; if it is lost, `sweep fsck --repair` says so to the results, \
         and `sweep run` repeats this run alone"
    )]
    Unreadable {
        /// Short name of the run.
        run: String,
        /// Why.
        source: io::Error,
    },
    /// It has changed since.
    #[error(
        "run {run}: {file} is not what was measured; `sweep fsck --repair` sets it aside, and `sweep run` repeats this run alone"
    )]
    Damaged {
        /// Short name of the run.
        run: String,
        /// The file, in the run's folder.
        file: String,
    },
}

impl ArrayError {
    /// A file that does not say what its measurement says it says.
    pub fn damaged(run: &Run, artifact: &Artifact) -> Self {
        Self::Damaged { run: run.id.short().to_owned(), file: artifact.file.clone() }
    }
}

impl Recorded {
    /// The confidences of a run: one for each of the forget set's examples that the score looks at; \[S\].
    pub fn confidences_of(&self, run: &Run, measured: &Measurement) -> Result<Array, ArrayError> {
        read(run, &self.confidences(&run.id), &measured.confidences)
    }

    /// What a run does on single examples; \[examples, columns\].
    pub fn examples_of(&self, run: &Run, measured: &MeasuredExamples) -> Result<Array, ArrayError> {
        read(run, &self.examples(&run.id), &measured.array)
    }

    /// What is found of the images in the weights of a run; \[images, columns\].
    pub fn reconstruction_of(
        &self,
        run: &Run,
        measured: &MeasuredReconstruction,
    ) -> Result<Array, ArrayError> {
        read(run, &self.reconstruction(&run.id), &measured.array)
    }

    /// What the loops of a run read while they trained; nothing where it isn't what the run left, or isn't what it should be.
    pub fn curves_of(&self, run: &Run, left: &Artifact) -> Option<Curves> {
        let bytes = content(&self.curves(&run.id), curves::MOST_BYTES).ok()?;
        let is_whole = ContentHash::from(*blake3::hash(&bytes).as_bytes()) == left.blake3;
        is_whole.then(|| Curves::parse(&bytes).ok()).flatten()
    }

    /// Pictures of images of the forget set, each beside what is found of it; \[2 · images, pixels\].
    pub fn pictures_of(&self, run: &Run, pictures: &Artifact) -> Result<Array, ArrayError> {
        read(run, &self.pictures(&run.id), pictures)
    }
}

fn read(run: &Run, path: &Path, artifact: &Artifact) -> Result<Array, ArrayError> {
    let name = || run.id.short().to_owned();
    let bytes = content(path, MAX_FILE).map_err(|source| ArrayError::Unreadable { run: name(), source })?;
    if ContentHash::from(*blake3::hash(&bytes).as_bytes()) != artifact.blake3 {
        return Err(ArrayError::damaged(run, artifact));
    }
    npy::decode(path, &bytes).map_err(|source| ArrayError::Malformed { run: name(), source })
}

/// What a run has left in its folder, which must be one of ours.
fn content(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let folder = path.parent().unwrap_or(Path::new("."));
    match sweep_files::inner_access(folder)? {
        Access::Ours => sweep_files::read(path, most),
        access => Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("its folder {access}"))),
    }
}
