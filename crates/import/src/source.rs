//! Files of a stranger with the hash of what was read of them.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::error::ImportError;

/// A file that images came from.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SourceFile {
    /// Its name in the folder that was imported.
    name: String,
    bytes: u64,
    /// BLAKE3 of its content.
    blake3: String,
}

/// A file that is hashed while it is read, from the first byte to the last.
pub(crate) struct HashedFile {
    file: std::fs::File,
    path: PathBuf,
    bytes: u64,
    hasher: blake3::Hasher,
}

impl HashedFile {
    /// Opens a regular file of at most `limit` bytes.
    pub(crate) fn open(path: &Path, limit: u64) -> Result<Self, ImportError> {
        let file = sweep_files::given(path).map_err(ImportError::unreadable(path))?;
        let bytes = file.metadata().map_err(ImportError::unreadable(path))?.len();
        if bytes > limit {
            let message = format!("it is longer than {limit} bytes");
            let source = io::Error::new(io::ErrorKind::FileTooLarge, message);
            return Err(ImportError::Unreadable { path: path.to_owned(), source });
        }
        Ok(Self { file, path: path.to_owned(), bytes, hasher: blake3::Hasher::new() })
    }

    /// How long it is.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Fills `room` with the next bytes.
    pub(crate) fn fill(&mut self, room: &mut [u8]) -> Result<(), ImportError> {
        self.file.read_exact(room).map_err(ImportError::unreadable(&self.path))?;
        self.hasher.update(room);
        Ok(())
    }

    /// All that is left of it, of a file that doesn't grow meanwhile.
    pub(crate) fn rest(&mut self) -> Result<Vec<u8>, ImportError> {
        let mut content = Vec::new();
        self.file
            .by_ref()
            .take(self.bytes)
            .read_to_end(&mut content)
            .map_err(ImportError::unreadable(&self.path))?;
        self.hasher.update(&content);
        Ok(content)
    }

    /// What the record says of it; `name` is its name in the folder that was imported.
    pub(crate) fn told(self, name: String) -> SourceFile {
        SourceFile { name, bytes: self.bytes, blake3: self.hasher.finalize().to_hex().to_string() }
    }
}

/// Reads a whole file of at most `limit` bytes, and what the record says of it.
pub(crate) fn whole(path: &Path, name: String, limit: u64) -> Result<(Vec<u8>, SourceFile), ImportError> {
    let mut source = HashedFile::open(path, limit)?;
    let content = source.rest()?;
    Ok((content, source.told(name)))
}
