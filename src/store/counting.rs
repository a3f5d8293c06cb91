use std::{
    ffi::OsString,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rustix::io::Errno;
use sweep_protocol::terms::ContentHash;

use super::{Access, Disk, Lock, disk::Sharing};

/// A file system that dies at its nth change, to try what a crash leaves behind.
#[derive(Debug)]
pub struct Counting {
    inner: Arc<dyn Disk>,
    at: u64,
    death: Death,
    error: Errno,
    changes: AtomicU64,
}

/// How [`Counting`] dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// The process kills itself by `SIGKILL` in the middle of the change.
    Kill,
    /// The change and all later ones fail, as if the process were gone.
    FailFromThen,
    /// The change alone fails.
    FailOnce,
}

impl Counting {
    /// Lets `at - 1` changes through.
    pub fn new(inner: Arc<dyn Disk>, at: u64, death: Death) -> Self {
        Self { inner, at, death, error: Errno::IO, changes: AtomicU64::new(0) }
    }

    /// Fails as a full disk does, instead of as a broken one.
    #[must_use]
    pub fn full(self) -> Self {
        Self { error: Errno::NOSPC, ..self }
    }

    /// Number of changes that were asked for so far.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Lets a change through, or makes it fail after `half` of it.
    fn change<T>(&self, half: impl FnOnce(), whole: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let number = self.changes.fetch_add(1, Ordering::Relaxed) + 1;
        let dies = number == self.at || (number > self.at && self.death == Death::FailFromThen);
        if !dies {
            return whole();
        }
        if number == self.at {
            half();
        }
        if self.death == Death::Kill {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)?;
        }
        Err(self.error.into())
    }
}

impl Disk for Counting {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.change(|| (), || self.inner.create_dir(path))
    }

    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let half = || drop(self.inner.create_new(path, &bytes[..bytes.len() / 2]));
        self.change(half, || self.inner.create_new(path, bytes))
    }

    fn reserve(&self, path: &Path, bytes: u64) -> io::Result<()> {
        self.change(|| (), || self.inner.reserve(path, bytes))
    }

    fn append(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        let half = || drop(self.inner.append(path, at, &bytes[..bytes.len() / 2]));
        self.change(half, || self.inner.append(path, at, bytes))
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.change(|| (), || self.inner.truncate(path, length))
    }

    fn sync_data(&self, path: &Path) -> io::Result<()> {
        self.change(|| (), || self.inner.sync_data(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.change(|| (), || self.inner.sync_dir(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|| (), || self.inner.rename(from, to))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|| (), || self.inner.link(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(|| (), || self.inner.remove(path))
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        self.inner.read(path, limit)
    }

    fn hash(&self, path: &Path) -> io::Result<ContentHash> {
        self.inner.hash(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.inner.list(path)
    }

    fn free(&self, path: &Path) -> io::Result<u64> {
        self.inner.free(path)
    }

    fn access(&self, path: &Path) -> io::Result<Access> {
        self.inner.access(path)
    }

    fn holder(&self, path: &Path) -> io::Result<Option<String>> {
        self.inner.holder(path)
    }

    fn try_lock(&self, path: &Path, holder: &str, sharing: Sharing) -> io::Result<Lock> {
        self.change(|| (), || self.inner.try_lock(path, holder, sharing))
    }
}
