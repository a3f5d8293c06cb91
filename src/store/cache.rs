use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use sweep_disk::{create_dirs, replace};
use sweep_files::{sealed, unsealed};
use sweep_protocol::{
    measurement::{Artifact, Measurement},
    terms::RunId,
};
use thiserror::Error;

use super::{
    Access, Disk, Notice, OsDisk,
    files::{artifacts, curves},
};

pub(super) const MEASUREMENT: &str = "measurement.json";
/// Longest measurement that is read, in bytes.
pub(super) const MAX_MEASUREMENT: u64 = 1 << 20;

/// Finished runs that all sweeps share: those whose result depends on their content alone (the original, the oracle,
/// the held-out group).
///
/// An entry is a folder `<run-id>/` with the measurement and the files that it names. It appears as a whole or not at
/// all. Its measurement is sealed for its run, so that neither a changed digit nor another run's entry is believed; its files
/// are what their hashes say.
#[derive(Debug, Clone)]
pub struct Cache {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

/// Failed to open the cache.
#[derive(Debug, Error)]
#[error(
    "failed to open the cache of finished runs `{}`: {source}; name another one with --cache, or go on with --no-cache",
    dir.display()
)]
pub struct CacheError {
    dir: PathBuf,
    source: io::Error,
}

/// One run that a cache holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// The run.
    pub run: RunId,
    /// What its files take.
    pub bytes: u64,
}

/// What the cache has for a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetched {
    /// Its files are in the run's folder.
    Hit(Box<Measurement>),
    /// Nothing.
    Miss,
    /// Something damaged, which was removed.
    Damaged(Notice),
}

impl Cache {
    /// Opens a cache, and makes it where it isn't.
    pub fn open(dir: &Path) -> Result<Self, CacheError> {
        Self::open_on(Arc::new(OsDisk), dir)
    }

    /// Opens a cache on this file system.
    pub fn open_on(disk: Arc<dyn Disk>, dir: &Path) -> Result<Self, CacheError> {
        let opened = create_dirs(&*disk, dir).and_then(|()| is_ours(disk.access(dir)?));
        opened.map_err(|source| CacheError { dir: dir.to_owned(), source })?;
        Ok(Self { disk, dir: dir.to_owned() })
    }

    /// Where it lies; files are linked into it, so they must be on the same file system.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether there is an entry for a run, without checking its files.
    pub fn has(&self, run: &RunId) -> bool {
        self.measurement(run).is_some()
    }

    /// What the entry for a run says was measured, without checking its files.
    pub fn measurement(&self, run: &RunId) -> Option<Measurement> {
        opened(run, self.read(run).ok()?)
    }

    fn read(&self, run: &RunId) -> io::Result<Vec<u8>> {
        let entry = self.dir.join(run.as_str());
        is_ours(self.disk.inner_access(&entry)?)?;
        self.disk.read(&entry.join(MEASUREMENT), MAX_MEASUREMENT)
    }

    /// Brings the files of a run into its (empty) folder and checks them there.
    pub fn fetch(&self, run: &RunId, into: &Path) -> Fetched {
        let entry = self.dir.join(run.as_str());
        let bytes = match self.read(run) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.disk.list(&entry).is_err() => {
                return Fetched::Miss;
            }
            Err(_) => return self.damaged(entry),
        };
        match opened(run, bytes) {
            Some(mut measurement) if self.bring(&entry, into, &measurement) => {
                measurement.curves = self.bring_curves(&entry, into, &measurement);
                Fetched::Hit(Box::new(measurement))
            }
            Some(_) | None => self.damaged(entry),
        }
    }

    /// Puts a finished run into the cache. Somebody else may have been faster, which is fine; an entry that was measured
    /// for other audits gives way.
    pub fn keep(&self, run: &RunId, run_folder: &Path, measurement: &Measurement) -> Result<(), Notice> {
        let entry = self.dir.join(run.as_str());
        let temporary = self.dir.join(format!(".{run}-{}.tmp", std::process::id()));
        if self.measurement(run).is_some_and(|known| !is_poorer(&known, measurement)) {
            return Ok(());
        }
        let put = self.put(run, (&temporary, run_folder), measurement).and_then(|()| {
            // Also one that can't be believed.
            if self.disk.list(&entry).is_ok() {
                self.disk.remove(&entry)?;
            }
            match self.disk.rename(&temporary, &entry) {
                Err(_) if self.has(run) => Ok(()),
                result => result,
            }
        });
        let cleared = self.disk.remove(&temporary).and_then(|()| self.disk.sync_dir(&self.dir));
        put.and(cleared).map_err(|error| Notice::NotCached { path: entry, kind: error.kind() })
    }

    /// What it holds, in the order of ids.
    pub fn entries(&self) -> Result<Vec<CacheEntry>, CacheError> {
        let failed = |source| CacheError { dir: self.dir.clone(), source };
        let mut entries = Vec::new();
        for name in self.disk.list(&self.dir).map_err(failed)? {
            let Some(run) = name.to_str().and_then(|name| name.parse::<RunId>().ok()) else { continue };
            let files = self.disk.list(&self.dir.join(&name)).map_err(failed)?;
            let size = |file| fs::metadata(self.dir.join(&name).join(file)).map_or(0, |file| file.len());
            entries.push(CacheEntry { run, bytes: files.iter().map(size).sum() });
        }
        Ok(entries)
    }

    /// Removes what it holds of a run; whoever needs it carries the run out again.
    pub fn remove(&self, run: &RunId) -> Result<(), CacheError> {
        let removed =
            self.disk.remove(&self.dir.join(run.as_str())).and_then(|()| self.disk.sync_dir(&self.dir));
        removed.map_err(|source| CacheError { dir: self.dir.clone(), source })
    }

    fn put(
        &self,
        run: &RunId,
        (temporary, run_folder): (&Path, &Path),
        measurement: &Measurement,
    ) -> io::Result<()> {
        let named = artifacts(measurement).ok_or(io::ErrorKind::InvalidInput)?;
        self.disk.remove(temporary)?;
        self.disk.create_dir(temporary)?;
        for artifact in named {
            let copy = temporary.join(&artifact.file);
            self.disk.link(&run_folder.join(&artifact.file), &copy)?;
            self.disk.sync_data(&copy)?;
        }
        if let Some(curves) = curves(measurement) {
            let copy = temporary.join(&curves.file);
            // What can't be had here is found missing when it is fetched.
            let _ = self
                .disk
                .link(&run_folder.join(&curves.file), &copy)
                .and_then(|()| self.disk.sync_data(&copy));
        }
        let bytes = sealed(run.as_str(), serde_json::to_vec(measurement).expect("plain data serialises"));
        replace(&*self.disk, &temporary.join(MEASUREMENT), &bytes, "")
    }

    fn bring(&self, entry: &Path, into: &Path, measurement: &Measurement) -> bool {
        let Some(named) = artifacts(measurement) else { return false };
        named.iter().all(|artifact| self.bring_one(entry, into, artifact))
    }

    fn bring_one(&self, entry: &Path, into: &Path, artifact: &Artifact) -> bool {
        let copy = into.join(&artifact.file);
        let hash = self.disk.link(&entry.join(&artifact.file), &copy).and_then(|()| self.disk.hash(&copy));
        hash.is_ok_and(|hash| hash == artifact.blake3)
    }

    /// Brings the curves of a run, if they are what it left.
    fn bring_curves(&self, entry: &Path, into: &Path, measurement: &Measurement) -> Option<Artifact> {
        let curves = curves(measurement)?;
        if self.bring_one(entry, into, curves) {
            return Some(curves.clone());
        }
        // What lies there instead is nothing that the run has left.
        let _ = self.disk.remove(&into.join(&curves.file));
        None
    }

    fn damaged(&self, entry: PathBuf) -> Fetched {
        // An entry that can't be removed is found damaged again next time, no worse.
        let _ = self.disk.remove(&entry);
        Fetched::Damaged(Notice::DamagedCacheEntry { path: entry })
    }
}

/// What others can write to is theirs: whoever sets the hashes sets the numbers.
fn is_ours(access: Access) -> io::Result<()> {
    match access {
        Access::Ours => Ok(()),
        access => Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("it {access}"))),
    }
}

/// The measurement of a run, if the bytes are what was written for it.
pub(super) fn opened(run: &RunId, bytes: Vec<u8>) -> Option<Measurement> {
    serde_json::from_slice(&unsealed(run.as_str(), bytes)?).ok()
}

/// Whether an older measurement of a run lacks what a newer one has.
fn is_poorer(old: &Measurement, new: &Measurement) -> bool {
    let sample = |measured: &Measurement| measured.examples.as_ref().map(|examples| examples.retain_sample);
    let asked = |measured: &Measurement| measured.reconstruction.as_ref().map(|found| found.asked);
    (sample(new).is_some() && sample(old) != sample(new))
        || (asked(new).is_some() && asked(old) != asked(new))
}
