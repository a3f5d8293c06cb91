//! A disk that dies at its nth change.

use std::{
    ffi::OsString,
    fmt, io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rustix::io::Errno;
use sweep_disk::{Access, Disk, Lock, Sharing, When};
use sweep_protocol::terms::ContentHash;

/// A file system that dies at its nth change, to try what a crash leaves behind.
#[derive(Debug)]
pub struct Counting {
    inner: Arc<dyn Disk>,
    at: u64,
    death: Death,
    error: Errno,
    changes: AtomicU64,
    calls: AtomicU64,
    interlude: Option<Interlude>,
}

/// What happens before each call; it is told the call's number.
struct Interlude(Box<dyn Fn(u64) + Send + Sync>);

impl fmt::Debug for Interlude {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Interlude")
    }
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
    /// The change is made and yet said to have failed, as where a network loses the answer.
    FailBehind,
}

impl Counting {
    /// Lets `at - 1` changes through.
    pub fn new(inner: Arc<dyn Disk>, at: u64, death: Death) -> Self {
        let (changes, calls) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { inner, at, death, error: Errno::IO, changes, calls, interlude: None }
    }

    /// Fails as a full disk does, instead of as a broken one.
    #[must_use]
    pub fn full(self) -> Self {
        Self { error: Errno::NOSPC, ..self }
    }

    /// Lets this happen before each call, those that only look included; it is told the call's number, counted from 1.
    #[must_use]
    pub fn before_each(self, interlude: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self { interlude: Some(Interlude(Box::new(interlude))), ..self }
    }

    /// Number of calls so far, those that only looked included.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Number of changes that were asked for so far.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// What is beneath, once everything has happened that happens before a call.
    fn call(&self) -> &dyn Disk {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(Interlude(interlude)) = &self.interlude {
            interlude(number);
        }
        &*self.inner
    }

    /// Lets a change through, or makes it fail after `half` of it.
    fn change<T>(
        &self,
        half: impl FnOnce(&dyn Disk),
        whole: impl FnOnce(&dyn Disk) -> io::Result<T>,
    ) -> io::Result<T> {
        let disk = self.call();
        let number = self.changes.fetch_add(1, Ordering::Relaxed) + 1;
        let dies = number == self.at || (number > self.at && self.death == Death::FailFromThen);
        if !dies {
            return whole(disk);
        }
        if self.death == Death::FailBehind {
            // Whatever came of it, nobody hears.
            let _ = whole(disk);
            return Err(self.error.into());
        }
        if number == self.at {
            half(disk);
        }
        if self.death == Death::Kill {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)?;
        }
        Err(self.error.into())
    }
}

impl Disk for Counting {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.change(|_| (), |disk| disk.create_dir(path))
    }

    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let half = |disk: &dyn Disk| drop(disk.create_new(path, &bytes[..bytes.len() / 2]));
        self.change(half, |disk| disk.create_new(path, bytes))
    }

    fn reserve(&self, path: &Path, bytes: u64) -> io::Result<()> {
        self.change(|_| (), |disk| disk.reserve(path, bytes))
    }

    fn append(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        let half = |disk: &dyn Disk| drop(disk.append(path, at, &bytes[..bytes.len() / 2]));
        self.change(half, |disk| disk.append(path, at, bytes))
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.change(|_| (), |disk| disk.truncate(path, length))
    }

    fn sync_data(&self, path: &Path) -> io::Result<()> {
        self.change(|_| (), |disk| disk.sync_data(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.change(|_| (), |disk| disk.sync_dir(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|_| (), |disk| disk.rename(from, to))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|_| (), |disk| disk.link(from, to))
    }

    fn link_new(&self, from: &Path, to: &Path) -> io::Result<bool> {
        self.change(|_| (), |disk| disk.link_new(from, to))
    }

    fn touch(&self, path: &Path, when: When) -> io::Result<()> {
        self.change(|_| (), |disk| disk.touch(path, when))
    }

    fn modified(&self, path: &Path) -> io::Result<Duration> {
        self.call().modified(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(|_| (), |disk| disk.remove(path))
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        self.call().read(path, limit)
    }

    fn hash(&self, path: &Path) -> io::Result<ContentHash> {
        self.call().hash(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.call().list(path)
    }

    fn free(&self, path: &Path) -> io::Result<u64> {
        self.call().free(path)
    }

    fn access(&self, path: &Path) -> io::Result<Access> {
        self.call().access(path)
    }

    fn inner_access(&self, path: &Path) -> io::Result<Access> {
        self.call().inner_access(path)
    }

    fn holder(&self, path: &Path) -> io::Result<Option<String>> {
        self.call().holder(path)
    }

    fn try_lock(&self, path: &Path, holder: &str, sharing: Sharing) -> io::Result<Lock> {
        self.change(|_| (), |disk| disk.try_lock(path, holder, sharing))
    }
}
