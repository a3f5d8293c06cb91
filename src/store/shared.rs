//! Results that several schedulers work on: each writes its own journal and run folders, all read each other's.

use std::{collections::BTreeSet, io, path::Path, sync::Arc};

use sweep_protocol::terms::RunId;

use super::{
    Disk, Folder, Holder, Notice, OsDisk, Record, Store, StoreError,
    folder::WEIGHTS,
    journal::{self, Entry, Event, Journal, decode},
    recorded::{History, MAX_FILE, notices, read_if_there, read_plan},
};
use crate::{
    cluster::{Change, Claims, Committed, Taken},
    outcome::Status,
    plan::Plan,
};

/// An attempt to claim a run for this scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is ours; the number of the attempt that is next.
    Ours(u32),
    /// It is ours, and has cost so many schedulers that it had better not be tried again.
    Doomed(u32),
    /// Another scheduler works on it.
    Theirs,
    /// Another scheduler has recorded its end.
    Ended(Status),
}

/// What other schedulers have done about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// Recorded its end.
    Ended(RunId, Status),
    /// Given it up, or died.
    Free(RunId),
}

impl Store {
    /// Opens a shared results folder beside others, and returns its plan. Nothing in it is changed but our own part.
    pub fn join(
        dir: &Path,
        claims: Claims,
        holder: &Holder,
    ) -> Result<(Self, Plan, Vec<Notice>), StoreError> {
        let disk = Arc::new(OsDisk);
        let folder = Folder::new(dir);
        let plan = read_plan(&*disk, &folder)?.ok_or_else(|| StoreError::Missing { path: folder.plan() })?;
        let bytes = read_if_there(&*disk, &folder.journal())?.unwrap_or_default();
        let scan = journal::scan(&bytes);
        let mut told = notices(&folder.journal(), &scan);
        let mut history = History::of(scan.entries);
        told.extend(add_others(&*disk, &folder, &mut history)?);
        let path = folder.journal_of(claims.name());
        let made = disk.create_new(&path, &[]).and_then(|()| disk.sync_dir(dir));
        made.map_err(|source| StoreError::Write { path: path.clone(), source })?;
        let journal = Journal::behind(path, 0, &[]);
        let mut store = Self {
            disk,
            folder,
            journal,
            history,
            late: 0,
            broken: false,
            claims: Some(claims),
            _lock: None,
        };
        store.append(Event::Opened(holder.clone()))?;
        store.sync()?;
        Ok((store, plan, told))
    }

    /// Whether other schedulers may work on these results.
    pub fn is_shared(&self) -> bool {
        self.claims.is_some()
    }

    /// Time between two signs of life of a run, where other schedulers wait for them.
    pub fn beat_every(&self) -> Option<std::time::Duration> {
        self.claims.as_ref().map(Claims::beat_every)
    }

    /// Claims a run, so that no other scheduler carries it out.
    pub fn claim(&mut self, run: &RunId) -> Result<Claim, StoreError> {
        self.whole()?;
        let next = self.attempts(run) + 1;
        let Some(claims) = &mut self.claims else { return Ok(Claim::Ours(next)) };
        match claims.take(run) {
            Ok(Taken::Ours(attempt)) => Ok(Claim::Ours(attempt.max(next))),
            Ok(Taken::Doomed(attempt)) => Ok(Claim::Doomed(attempt.max(next))),
            Ok(Taken::Theirs) => Ok(Claim::Theirs),
            Ok(Taken::Decided) => self.learn(run).map(Claim::Ended),
            Err(source) => Err(self.lost_touch(source)),
        }
    }

    /// Shows the other schedulers that a run of ours is alive.
    pub fn beat(&mut self, run: &RunId) -> Result<(), StoreError> {
        let Some(claims) = &self.claims else { return Ok(()) };
        claims.beat(run).map_err(|source| self.lost_touch(source))
    }

    /// The runs that this scheduler has claimed.
    pub fn claimed(&self) -> Vec<RunId> {
        self.claims.as_ref().map(Claims::ours).unwrap_or_default()
    }

    /// Gives up the claims on all runs without an end.
    pub fn release(&mut self) -> Result<(), StoreError> {
        let Some(claims) = &mut self.claims else { return Ok(()) };
        let released = claims.ours().iter().try_for_each(|run| claims.release(run));
        released.map_err(|source| self.lost_touch(source))
    }

    /// Looks at what other schedulers have done about the runs that we could not claim.
    pub fn look(&mut self) -> Result<Vec<Elsewhere>, StoreError> {
        let Some(claims) = &mut self.claims else { return Ok(Vec::new()) };
        let changes = claims.look().map_err(|source| self.lost_touch(source))?;
        let told = changes.into_iter().map(|change| match change {
            Change::Decided(run) => self.learn(&run).map(|status| Elsewhere::Ended(run, status)),
            Change::Free(run) => Ok(Elsewhere::Free(run)),
        });
        told.collect()
    }

    /// The folder with the files of a run's outcome.
    pub fn run_folder(&self, run: &RunId) -> std::path::PathBuf {
        match self.record(run) {
            Some(record) => self.folder.run_of(run, record.scheduler.as_deref()),
            None => self.own_folder(run),
        }
    }

    /// The weights that a run kept.
    pub fn weights(&self, run: &RunId) -> std::path::PathBuf {
        self.run_folder(run).join(WEIGHTS)
    }

    /// The folder into which our worker writes.
    pub(super) fn own_folder(&self, run: &RunId) -> std::path::PathBuf {
        self.folder.run_of(run, self.claims.as_ref().map(Claims::name))
    }

    /// Whether this end of a run is the one that stands. What it names must be on the disk.
    pub(super) fn wins(&mut self, run: &RunId, end: &Event) -> Result<bool, StoreError> {
        let Some(claims) = &mut self.claims else { return Ok(true) };
        let end = End {
            scheduler: claims.name().to_owned(),
            entry: Entry { seq: 1, epoch: 1, event: end.clone() },
        };
        match claims.commit(run, &end.encode()) {
            Ok(Committed::Recorded) => Ok(true),
            Ok(Committed::Late) => {
                let folder = self.own_folder(run);
                self.guard(|disk| disk.remove(&folder))
                    .map_err(|source| StoreError::Write { path: folder, source })?;
                if self.folder.done().join(run.as_str()).exists() {
                    self.learn(run)?;
                }
                Ok(false)
            }
            Err(source) => Err(self.lost_touch(source)),
        }
    }

    /// Takes over what another scheduler has recorded about a run.
    fn learn(&mut self, run: &RunId) -> Result<Status, StoreError> {
        if let Some(record) = self.record(run) {
            return Ok(record.outcome.status());
        }
        let record = read_end(&*self.disk, &self.folder, run)?;
        let status = record.outcome.status();
        self.history.records.insert(run.clone(), record);
        Ok(status)
    }

    /// A scheduler that can't see the others must not go on.
    fn lost_touch(&mut self, source: io::Error) -> StoreError {
        self.broken = true;
        StoreError::Write { path: self.folder.path().to_owned(), source }
    }
}

/// `done/<run>`: the name of a scheduler, then a line as in its journal.
struct End {
    scheduler: String,
    entry: Entry,
}

impl End {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = format!("{}\n", self.scheduler).into_bytes();
        bytes.extend(journal::encode(&self.entry));
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let split = bytes.iter().position(|&byte| byte == b'\n')?;
        let scheduler = std::str::from_utf8(&bytes[..split]).ok()?;
        let safe = scheduler.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let entry = decode(bytes[split + 1..].strip_suffix(b"\n")?)?;
        safe.then(|| Self { scheduler: scheduler.to_owned(), entry })
    }
}

fn read_end(disk: &dyn Disk, folder: &Folder, run: &RunId) -> Result<Record, StoreError> {
    let path = folder.done().join(run.as_str());
    let bytes =
        disk.read(&path, MAX_FILE).map_err(|source| StoreError::Read { path: path.clone(), source })?;
    match End::decode(&bytes).map(|end| (end.scheduler, end.entry.event)) {
        Some((scheduler, Event::Ended { run: of, attempt, outcome, source })) if of == *run => {
            Ok(Record { outcome, attempt, source, epoch: 1, scheduler: Some(scheduler) })
        }
        _ => Err(StoreError::Damaged { path, lines: vec![1] }),
    }
}

/// Adds what the journals of other schedulers and `done/` say: a scheduler may have died between the two.
pub(super) fn add_others(
    disk: &dyn Disk,
    folder: &Folder,
    history: &mut History,
) -> Result<Vec<Notice>, StoreError> {
    let mut told = Vec::new();
    for name in list_if_there(disk, folder.path())? {
        let scheduler = name.strip_prefix("journal.").and_then(|rest| rest.strip_suffix(".jsonl"));
        let Some(scheduler) = scheduler else { continue };
        let path = folder.journal_of(scheduler);
        let scan = journal::scan(&read_if_there(disk, &path)?.unwrap_or_default());
        told.extend(notices(&path, &scan));
        for entry in scan.entries {
            history.add(entry, Some(scheduler));
        }
    }
    let known: BTreeSet<RunId> = history.records.keys().cloned().collect();
    let ended =
        list_if_there(disk, &folder.done())?.into_iter().filter_map(|name| name.parse::<RunId>().ok());
    for run in ended.filter(|run| !known.contains(run)) {
        let record = read_end(disk, folder, &run)?;
        history.records.insert(run, record);
    }
    Ok(told)
}

fn list_if_there(disk: &dyn Disk, folder: &Path) -> Result<Vec<String>, StoreError> {
    match disk.list(folder) {
        Ok(names) => Ok(names.into_iter().filter_map(|name| name.into_string().ok()).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(StoreError::Read { path: folder.to_owned(), source }),
    }
}
