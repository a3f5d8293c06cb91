//! What an engine leaves in the folder of a run: files that are complete under their name, or not there.

use std::{
    io,
    path::{Path, PathBuf},
};

use sweep_protocol::{
    behaviour::Rows,
    measurement::{Artifact, MeasuredExamples},
    message::Job,
    terms::ContentHash,
};
use thiserror::Error;

use crate::npy::{matrix_bytes, vector_bytes};

/// A file could not be written.
#[derive(Debug, Error)]
#[error("failed to write `{}`: {source}", path.display())]
pub struct NotWritten {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Writes a file whole, its owner's alone.
pub fn write(folder: &Path, file: &str, bytes: &[u8]) -> Result<Artifact, NotWritten> {
    let path = folder.join(file);
    sweep_files::replace(&path, bytes).map_err(|source| NotWritten { path, source })?;
    Ok(Artifact { file: file.to_owned(), blake3: ContentHash::from(*blake3::hash(bytes).as_bytes()) })
}

/// Writes the arrays of a measured run: the confidences, and what it does on single examples where the job asks for that.
pub fn write_arrays(
    job: &Job,
    confidences: &[f64],
    rows: Option<&Rows>,
) -> Result<(Artifact, Option<MeasuredExamples>), NotWritten> {
    let confidences = write(&job.folder, "confidences.npy", &vector_bytes(confidences))?;
    let examples = rows.zip(job.retain_sample).map(|(rows, sample)| {
        let array = write(&job.folder, "examples.npy", &matrix_bytes(&rows.all()))?;
        Ok(rows.described(array, sample))
    });
    Ok((confidences, examples.transpose()?))
}

#[cfg(test)]
mod tests {
    use sweep_protocol::terms::ContentHash;

    use super::{vector_bytes, write};

    #[test]
    fn a_file_is_complete_and_named_with_its_hash() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bytes = vector_bytes(&[1.5, -2.0]);
        let artifact = write(folder.path(), "x.npy", &bytes).expect("writable");
        assert_eq!(artifact.blake3, ContentHash::from(*blake3::hash(&bytes).as_bytes()));
        assert_eq!(std::fs::read(folder.path().join("x.npy")).expect("just written"), bytes);
        assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 1, "nothing else is left");
    }
}
