//! Files that are there as a whole or not at all.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::reading::{open, private};

/// How the names of files end that are still being written; they begin with a dot.
pub const TEMPORARY: &str = ".tmp";

/// A file that is being written beside its place; dropped before it is settled, it is gone.
#[derive(Debug)]
pub struct Staged {
    file: File,
    path: PathBuf,
    place: PathBuf,
    settled: bool,
}

impl Staged {
    /// Starts a file whose name ends in `ending` until it is settled. What a process of our number left there is removed.
    pub fn beside(place: &Path, ending: &str) -> io::Result<Self> {
        let mut name = OsString::from(".");
        name.push(place.file_name().ok_or(io::ErrorKind::InvalidInput)?);
        name.push(format!(".{}{ending}", std::process::id()));
        let path = place.with_file_name(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let file = open(private().write(true).create_new(true), &path)?;
        Ok(Self { file, path, place: place.to_owned(), settled: false })
    }

    /// Where it is until it is settled.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves it to its place, once its content is on the device; then its name is, too.
    pub fn settle(mut self) -> io::Result<()> {
        self.file.sync_data()?;
        fs::rename(&self.path, &self.place)?;
        self.settled = true;
        let folder = self.place.parent().filter(|folder| *folder != Path::new(""));
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.settled {
            // What can't be removed is found by who looks over the results.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes a file as a whole: its readers see the old content or the new one, also after a power failure.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut staged = Staged::beside(path, TEMPORARY)?;
    staged.write_all(bytes)?;
    staged.settle()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::{Staged, TEMPORARY, replace};

    #[test]
    fn a_file_is_there_as_a_whole_and_its_owners_alone_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("x.npy");
        let left = folder.path().join(format!(".x.npy.{}{TEMPORARY}", std::process::id()));
        fs::write(&left, b"left by a process of our number").expect("writable");
        replace(&path, b"old").expect("writable");
        drop(Staged::beside(&path, TEMPORARY).expect("writable"));
        replace(&path, b"new").expect("writable");
        assert_eq!(fs::read(&path).expect("just written"), b"new");
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1, "nothing else is left");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    }
}
