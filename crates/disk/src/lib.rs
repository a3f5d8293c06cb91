//! What results ask of a file system, small enough to be replaced by one that fails on purpose (`sweep-faults`), and the
//! operating system's. This package knows no results.

mod os;

pub use os::OsDisk;
pub use sweep_files::{Access, TEMPORARY};

use std::{ffi::OsString, fmt::Debug, io, path::Path, time::Duration};

use sweep_protocol::terms::ContentHash;

/// A file system. Nothing follows a symbolic link in the last component unless it says so; folders are private (0700),
/// files too (0600).
pub trait Disk: Debug + Send + Sync {
    /// Makes a folder; an existing one is fine.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes a file with this content; an existing one is an error.
    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Makes a file that takes up this much room; an existing one is fine.
    fn reserve(&self, path: &Path, bytes: u64) -> io::Result<()>;
    /// Appends to an existing file that is `at` bytes long; another length is an error: somebody else wrote.
    fn append(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts a file to this length.
    fn truncate(&self, path: &Path, length: u64) -> io::Result<()>;
    /// Returns once the content of a file is on the device.
    fn sync_data(&self, path: &Path) -> io::Result<()>;
    /// Returns once the names in a folder are on the device.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Moves a file or folder atomically.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name, or copies it where that can't be.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name, unless that is taken; of all who try at the same time, on whatever host, one gets it.
    fn link_new(&self, from: &Path, to: &Path) -> io::Result<bool>;
    /// Sets when a file was last modified.
    fn touch(&self, path: &Path, when: When) -> io::Result<()>;
    /// When a file was last modified: time since 1970 by the clock of the file system, not of this host.
    fn modified(&self, path: &Path) -> io::Result<Duration>;
    /// Removes a file, or a folder with everything in it; an absent one is fine.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// The content of a file of at most `limit` bytes.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;
    /// The hash of a file's content.
    fn hash(&self, path: &Path) -> io::Result<ContentHash>;
    /// The names in a folder, sorted.
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>>;
    /// Bytes that may still be written to the device of a folder.
    fn free(&self, path: &Path) -> io::Result<u64>;
    /// Who else may write to a folder; links are followed.
    fn access(&self, path: &Path) -> io::Result<Access>;
    /// Who else may write to a folder inside one of ours; a link to one is an error.
    fn inner_access(&self, path: &Path) -> io::Result<Access>;
    /// Who holds a lock, if anybody does, without taking it.
    fn holder(&self, path: &Path) -> io::Result<Option<String>>;
    /// Takes a lock that ends with the process, and writes who holds it.
    fn try_lock(&self, path: &Path, holder: &str, sharing: Sharing) -> io::Result<Lock>;
}

/// What a file may say about when it was last modified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At this moment.
    Now,
    /// Never: in 1970.
    Never,
}

/// Who may hold a lock beside us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Nobody.
    Sole,
    /// Others who share it.
    Shared,
}

/// An attempt to take a lock.
#[derive(Debug)]
pub enum Lock {
    /// It is ours until this is dropped.
    Held(Box<dyn Held>),
    /// Another process has it.
    Busy {
        /// What that process wrote about itself.
        holder: String,
    },
}

/// A lock that is ours, or was: a file system over the network may give it to another host as well.
pub trait Held: Debug + Send + Sync {
    /// What the process that took the lock from us wrote about itself, if one did; empty if the lock was removed.
    fn usurper(&self) -> io::Result<Option<String>>;
}

/// Writes a file as a whole: its readers see the old content or the new one, also after a power failure. `writer` tells
/// apart those who may do so at the same time.
pub fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8], writer: &str) -> io::Result<()> {
    let (folder, name) = (path.parent().unwrap_or(Path::new(".")), path.file_name().unwrap_or_default());
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(writer);
    temporary.push(TEMPORARY);
    let temporary = folder.join(temporary);
    disk.remove(&temporary)?;
    disk.create_new(&temporary, bytes)?;
    disk.sync_data(&temporary)?;
    disk.rename(&temporary, path)?;
    disk.sync_dir(folder)
}

/// Makes a folder and those above it; an existing one may be a link to one.
pub fn create_dirs(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    let above = if parent == Path::new("") { Path::new(".") } else { parent };
    if disk.access(path).is_ok() {
        // Who made it may have died before its name was on the device; those above were there before it was made.
        return match disk.sync_dir(above) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            synced => synced,
        };
    }
    create_dirs(disk, parent)?;
    disk.create_dir(path)?;
    disk.sync_dir(above)
}
