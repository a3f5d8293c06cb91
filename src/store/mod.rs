//! The append-only truth of a sweep: `results/<sweep>/`.
//!
//! ```text
//! grid.toml  plan.json  provenance.json     what was asked for, by whom, with what (replaced where they differ)
//! journal.jsonl                             what happened: the truth
//! runs/<run-id>/                            confidences.npy, model.safetensors, worker.log
//! sweep.lock                                held by the one scheduler
//! journal.<share>.jsonl  sweep.<share>.lock the same for each of several schedulers that share a sweep,
//! runs/<run-id>.<share>/                    and the folders that it gave its runs
//! done/<run-id>                             whose outcome of a run stands, where they claim runs ([`crate::cluster`])
//! quarantine/                               what a repair has set aside
//! .sweep.ballast                            room for the last records of a sweep that fills the disk
//! ```
//!
//! An outcome is *recorded* once its line is on the disk and the lock is still ours; only then may it be shown, counted or
//! plotted. The first failed write is final for the process: nothing after it is acknowledged. (A full disk is given the
//! ballast first; then what is in hand is recorded and nothing more is started.) This module knows no worker and no
//! schedule, reads no clock and no environment.

mod array;
mod cache;

mod error;
mod files;
mod folder;
mod fsck;
mod fsck_cache;
mod journal;
mod log;
mod opening;
mod outlay;
mod provenance;
mod recorded;
mod request;
mod shared;
#[cfg(test)]
mod tests;

pub use array::ArrayError;
pub use cache::{Cache, CacheEntry, CacheError, Fetched};

pub use error::{ChangedInput, Notice, StoreError};
pub use files::described;
pub use folder::{Folder, Share};
pub use fsck::{Checked, Fault, Finding, Remedy, fsck, repair};
pub use fsck_cache::{fsck_cache, repair_cache};
pub use journal::Source;
pub use log::RunLog;
pub use opening::{ChangedInputs, Damage, Holder, Opening};
pub use outlay::Outlay;
pub use recorded::{Record, Recorded};
pub use shared::{Claim, Elsewhere};

use std::{collections::BTreeMap, io, path::PathBuf, sync::Arc};

use sweep_disk::{Access, Disk, Held, Lock, OsDisk, Sharing, replace};
use sweep_protocol::{
    measurement::{Measurement, NamedFile},
    terms::RunId,
};

use crate::{cluster::Claims, outcome::Outcome, plan::Plan};
use files::{artifacts, curves};
use journal::{Event, Journal, Line};
use opening::introduced;
use request::plan_bytes;

/// The open results of one sweep; while it lives, no other scheduler can open them, unless both have a share.
#[derive(Debug)]
pub struct Store {
    disk: Arc<dyn Disk>,
    folder: Folder,
    journal: Journal,
    ballast: PathBuf,
    history: recorded::History,
    late: u64,
    state: State,
    locks: Vec<Box<dyn Held>>,
    /// Our part among several schedulers.
    share: Option<Share>,
    /// How we agree with the others on who carries out which run.
    claims: Option<Claims>,
}

/// What a store still does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Everything.
    Whole,
    /// It records what is in hand and starts nothing: the disk is full, the ballast is spent.
    Full,
    /// Nothing.
    Broken,
}

/// Room that is set aside for the last records, in bytes.
const BALLAST: u64 = 1 << 20;
/// A disk with less room than this, in bytes, is full.
const LEAST_ROOM: u64 = 4 << 20;

/// What became of an outcome that was to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// It is on the disk.
    Recorded,
    /// The run had a final outcome already, which stands.
    Late,
}

impl Store {
    /// Where the results are.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The outcome of a run, once it is recorded.
    pub fn outcome(&self, run: &RunId) -> Option<&Outcome> {
        self.record(run).map(|record| &record.outcome)
    }

    /// The outcome of a run with its circumstances.
    pub fn record(&self, run: &RunId) -> Option<&Record> {
        self.history.records.get(run)
    }

    /// Every recorded outcome, by run; runs of earlier plans included.
    pub fn records(&self) -> &BTreeMap<RunId, Record> {
        &self.history.records
    }

    /// Number of the latest attempt that was started at a run, in this process or an earlier one; 0 for none.
    pub fn attempts(&self, run: &RunId) -> u32 {
        self.history.attempts.get(run).copied().unwrap_or(0)
    }

    /// Number of outcomes that came after a final one and were dropped.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Notes that an attempt starts and returns the emptied folder of the run, log excepted. A full disk is said here:
    /// nothing is started that could not be recorded.
    pub fn begin(&mut self, run: &RunId, attempt: u32, slot: usize) -> Result<PathBuf, StoreError> {
        self.has_room()?;
        let folder = self.make_run_folder(run)?;
        self.append(Event::Started { run: run.clone(), attempt, slot })?;
        Ok(folder)
    }

    /// Makes the folder of a run, or empties it of everything but the log.
    pub fn make_run_folder(&mut self, run: &RunId) -> Result<PathBuf, StoreError> {
        self.whole()?;
        let folder = self.own_folder(run);
        self.guard(|disk| {
            disk.create_dir(&folder)?;
            let left_over = disk.list(&folder)?.into_iter().filter(|name| name != folder::LOG);
            left_over.into_iter().try_for_each(|name| disk.remove(&folder.join(name)))
        })
        .map_err(|source| StoreError::Write { path: folder.clone(), source })?;
        Ok(folder)
    }

    /// Opens the log of a run, into which its worker's standard error goes.
    pub fn log(&self, run: &RunId, attempt: u32) -> Result<RunLog, StoreError> {
        let path = self.own_folder(run).join(folder::LOG);
        RunLog::open(&path, attempt).map_err(|source| StoreError::Write { path, source })
    }

    /// A measurement with the hashes of the files that its worker names, or nothing where one is not in the run's folder,
    /// isn't what the worker says that it is or is none that a run leaves. Curves of which that is so are left out of it.
    pub fn described(&self, run: &RunId, measurement: Measurement<NamedFile>) -> Option<Measurement> {
        described(&*self.disk, &self.own_folder(run), measurement)
    }

    /// Replaces what is asked for: the next stage of a staged sweep.
    pub fn ask(&mut self, plan: &Plan) -> Result<(), StoreError> {
        self.whole()?;
        let (path, bytes) = (self.folder.plan(), plan_bytes(plan));
        self.guard(|disk| replace(disk, &path, &bytes, ""))
            .map_err(|source| StoreError::Write { path: path.clone(), source })
    }

    /// The results as a reader with this plan sees them.
    pub fn recorded(&self, plan: &Plan) -> Recorded {
        Recorded::of(self.folder.clone(), plan.clone(), self.history.records.clone())
    }

    /// Records the end of an attempt. When this returns, the outcome and the files that it names are on the disk.
    pub fn commit(
        &mut self,
        run: &RunId,
        attempt: u32,
        outcome: &Outcome,
        source: Source,
    ) -> Result<Committed, StoreError> {
        self.whole()?;
        if self.outcome(run).is_some_and(Outcome::is_final) {
            self.late += 1;
            return Ok(Committed::Late);
        }
        match outcome {
            Outcome::Finished(measurement) => self.sync_artifacts(run, measurement)?,
            // Where there is no room, a run fails through no fault of its own.
            Outcome::Failed { .. } => self.has_room()?,
            _ => {}
        }
        let end = Event::Ended { run: run.clone(), attempt, outcome: outcome.clone(), source };
        if !self.wins(run, &end)? {
            self.late += 1;
            return Ok(Committed::Late);
        }
        self.append(end)?;
        Ok(Committed::Recorded)
    }

    /// Forgets the outcome of a run on request, so that it is carried out again.
    pub fn reopen(&mut self, run: &RunId) -> Result<(), StoreError> {
        self.whole()?;
        if !self.take_back(run)? {
            // Another scheduler does the same.
            return Ok(());
        }
        // In this order: as long as the end of a shared run is there, it stands, whatever the journals say.
        self.append(Event::Reopened { run: run.clone() })?;
        self.remove_end(run)
    }

    fn sync_artifacts(&mut self, run: &RunId, measurement: &Measurement) -> Result<(), StoreError> {
        let folder = self.own_folder(run);
        let Some(named) = artifacts(measurement) else {
            return Err(StoreError::ForeignArtifact { run: run.clone() });
        };
        let runs = self.folder.runs();
        if let Some(curves) = curves(measurement) {
            // Curves that a power failure takes are found missing or damaged: no result goes with them.
            let _ = self.disk.sync_data(&folder.join(&curves.file));
        }
        self.guard(|disk| {
            named.iter().try_for_each(|artifact| disk.sync_data(&folder.join(&artifact.file)))?;
            disk.sync_dir(&folder)?;
            disk.sync_dir(&runs)
        })
        .map_err(|source| StoreError::Write { path: folder.clone(), source })
    }

    /// Writes a line and returns once it is on the disk. What is remembered is what was written, read back: no reader ever
    /// sees another value.
    fn append(&mut self, event: Event) -> Result<(), StoreError> {
        self.still_ours()?;
        let line = self.journal.line(event);
        let written = self.write(&line);
        written.map_err(|source| StoreError::Write { path: line.path.clone(), source })?;
        // Who takes over reads the journal after changing the lock: if the lock is still ours, they read this line.
        self.still_ours()?;
        let entry = self.journal.wrote(&line).ok_or(StoreError::Unwritable { path: line.path })?;
        self.history.add(entry, self.share.as_ref());
        Ok(())
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        let ballast = (self.state == State::Whole).then(|| self.ballast.clone());
        let mut spent = false;
        let written = self.guard(|disk| {
            let appended = disk.append(&line.path, line.at, &line.bytes);
            if let (Err(error), Some(ballast)) = (&appended, ballast)
                && is_full(error)
            {
                spent = true;
                disk.remove(&ballast)?;
                disk.truncate(&line.path, line.at)?;
                disk.append(&line.path, line.at, &line.bytes)?;
            } else {
                appended?;
            }
            disk.sync_data(&line.path)
        });
        if spent && self.state == State::Whole {
            self.state = State::Full;
        }
        written
    }

    fn take_ballast(&mut self) -> Result<(), StoreError> {
        let path = self.ballast.clone();
        self.guard(|disk| disk.reserve(&path, BALLAST)).map_err(|source| StoreError::Write { path, source })
    }

    fn has_room(&mut self) -> Result<(), StoreError> {
        self.whole()?;
        let path = self.folder.path().to_owned();
        let free = self.disk.free(&path).map_err(|source| StoreError::Read { path: path.clone(), source })?;
        if self.state == State::Full || free < LEAST_ROOM {
            return Err(StoreError::Full { dir: path });
        }
        Ok(())
    }

    /// Whether nobody took over meanwhile.
    fn still_ours(&mut self) -> Result<(), StoreError> {
        let dir = self.folder.path().to_owned();
        for lock in &self.locks {
            let error = match lock.usurper() {
                Ok(None) => continue,
                Ok(Some(holder)) => StoreError::Fenced { dir, holder: introduced(&holder) },
                Err(source) => StoreError::Read { path: self.folder.lock(None), source },
            };
            self.state = State::Broken;
            return Err(error);
        }
        Ok(())
    }

    fn whole(&self) -> Result<(), StoreError> {
        if self.state == State::Broken {
            return Err(StoreError::Stopped { dir: self.folder.path().to_owned() });
        }
        Ok(())
    }

    /// Carries out writes; the first failure is the last thing this store does. (After a failed fsync the kernel may
    /// have dropped the pages, and a second fsync would claim success.)
    fn guard(&mut self, writes: impl FnOnce(&dyn Disk) -> io::Result<()>) -> io::Result<()> {
        let result = writes(&*self.disk);
        if result.is_err() {
            self.state = State::Broken;
        }
        result
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl Drop for Store {
    fn drop(&mut self) {
        // A broken store may not be ours any more. A ballast that is left behind is used by the next opening.
        if self.state != State::Broken {
            let _ = self.disk.remove(&self.ballast);
        }
    }
}
