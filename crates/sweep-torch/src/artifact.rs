//! Files in the folder of a run: complete under their name, or not there.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use npyz::WriterBuilder;
use sweep_protocol::{measurement::Artifact, terms::ContentHash};
use thiserror::Error;

/// A file could not be written.
#[derive(Debug, Error)]
#[error("failed to write `{}`: {source}", path.display())]
pub struct NotWritten {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Writes a file: temporary name, fsync, rename, fsync of the folder.
pub fn write(folder: &Path, file: &str, bytes: &[u8]) -> Result<Artifact, NotWritten> {
    let temporary = folder.join(format!("{file}.tmp"));
    let place = |path: &Path| {
        let path = path.to_owned();
        move |source| NotWritten { path, source }
    };
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(place(&temporary)(error)),
        Ok(()) | Err(_) => {}
    }
    let mut staged =
        OpenOptions::new().write(true).create_new(true).open(&temporary).map_err(place(&temporary))?;
    staged.write_all(bytes).and_then(|()| staged.sync_all()).map_err(place(&temporary))?;
    fs::rename(&temporary, folder.join(file)).map_err(place(&folder.join(file)))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(place(folder))?;
    Ok(Artifact { file: file.to_owned(), blake3: hash(bytes) })
}

/// Hash of some bytes.
pub fn hash(bytes: &[u8]) -> ContentHash {
    blake3::hash(bytes).to_hex().parse().expect("BLAKE3 in hexadecimal is a content hash")
}

/// The bytes of a one-dimensional float64 NumPy file.
pub fn npy(values: &[f64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&[values.len() as u64])
        .writer(&mut bytes)
        .begin_nd()
        .expect("a vector accepts any header");
    writer.extend(values.iter().copied()).expect("a vector accepts any element");
    writer.finish().expect("as many elements as the shape says");
    bytes
}

#[cfg(test)]
mod tests {
    use super::{hash, npy, write};

    #[test]
    fn a_file_is_complete_and_named_with_its_hash() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("x.npy.tmp"), b"left by a killed worker").expect("writable");
        let bytes = npy(&[1.5, -2.0]);
        let artifact = write(folder.path(), "x.npy", &bytes).expect("writable");
        assert_eq!(artifact.blake3, hash(&bytes));
        assert_eq!(std::fs::read(folder.path().join("x.npy")).expect("just written"), bytes);
        assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 1, "nothing else is left");
    }
}
