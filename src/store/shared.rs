//! Results that several schedulers work on: each writes its own journal and run folders, all read each other's.

use std::{
    collections::btree_map::Entry,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sweep_protocol::terms::RunId;

use super::{
    Disk, Folder, Holder, Notice, Record, Share, State, Store, StoreError,
    folder::WEIGHTS,
    fsck::set_aside,
    is_full,
    journal::{Event, only_line},
    opening::open_to_work,
    recorded::{History, Journals, MAX_FILE},
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
    /// Opens a shared results folder beside others, and returns its plan. Nothing in it is changed but our own share.
    pub fn join(
        disk: Arc<dyn Disk>,
        dir: &Path,
        claims: Claims,
        holder: &Holder,
    ) -> Result<(Self, Plan, Vec<Notice>), StoreError> {
        let (mut store, plan, told) = open_to_work(disk, dir, holder, &Share::named(claims.name()))?;
        store.claims = Some(claims);
        Ok((store, plan, told))
    }

    /// Whether other schedulers may work on these results.
    pub fn is_shared(&self) -> bool {
        self.claims.is_some()
    }

    /// Time between two signs of life of a run, where other schedulers wait for them.
    pub fn beat_every(&self) -> Option<Duration> {
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

    /// Claims a run whose end is to be taken back.
    pub(super) fn take_back(&mut self, run: &RunId) -> Result<bool, StoreError> {
        let Some(claims) = &mut self.claims else { return Ok(true) };
        claims.take_back(run).map_err(|source| self.lost_touch(source))
    }

    /// Removes the end of a run that was taken back, and leaves the run to whoever claims it.
    pub(super) fn remove_end(&mut self, run: &RunId) -> Result<(), StoreError> {
        let Some(claims) = &mut self.claims else { return Ok(()) };
        claims.remove_end(run).map_err(|source| self.lost_touch(source))
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
    pub fn run_folder(&self, run: &RunId) -> PathBuf {
        match self.record(run) {
            Some(record) => self.folder.run(run, record.scheduler.as_ref()),
            None => self.own_folder(run),
        }
    }

    /// The weights that a run kept.
    pub fn weights(&self, run: &RunId) -> PathBuf {
        self.run_folder(run).join(WEIGHTS)
    }

    /// The folder into which our worker writes.
    pub(super) fn own_folder(&self, run: &RunId) -> PathBuf {
        self.folder.run(run, self.share.as_ref())
    }

    /// Whether this end of a run, which is written next, is the one that stands. What it names must be on the disk.
    pub(super) fn wins(&mut self, run: &RunId, end: &Event) -> Result<bool, StoreError> {
        let (Some(_), Some(share)) = (&self.claims, &self.share) else { return Ok(true) };
        let end = End::encode(share, &self.journal.line(end.clone()).bytes);
        self.still_ours()?;
        match self.commit_claim(run, &end) {
            Ok(Committed::Recorded) => Ok(true),
            Ok(Committed::Late) => self.came_late(run).map(|()| false),
            Err(source) => Err(self.lost_touch(source)),
        }
    }

    /// Takes over what stands instead of our end of a run, and clears away ours.
    fn came_late(&mut self, run: &RunId) -> Result<(), StoreError> {
        if self.has_ended(run)? {
            self.learn(run)?;
        }
        let ours = self.own_folder(run);
        let stands = self.record(run).is_some_and(|record| record.scheduler == self.share);
        if stands {
            return Ok(());
        }
        self.guard(|disk| disk.remove(&ours)).map_err(|source| StoreError::Write { path: ours, source })
    }

    fn commit_claim(&mut self, run: &RunId, end: &[u8]) -> io::Result<Committed> {
        let Some(claims) = &mut self.claims else { return Ok(Committed::Recorded) };
        match claims.commit(run, end) {
            Err(error) if is_full(&error) && self.state == State::Whole => {
                self.disk.remove(&self.ballast)?;
                self.state = State::Full;
                claims.commit(run, end)
            }
            committed => committed,
        }
    }

    fn has_ended(&self, run: &RunId) -> Result<bool, StoreError> {
        ends(&*self.disk, &self.folder).map(|ends| ends.contains(run))
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
        self.state = State::Broken;
        let meeting_places = [self.folder.claims(), self.folder.ends()];
        let missing = meeting_places
            .into_iter()
            .find(|path| self.disk.list(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound));
        StoreError::Write { path: missing.unwrap_or_else(|| self.folder.path().to_owned()), source }
    }
}

/// `done/<run>`: the share of a scheduler, then a line as in its journal.
struct End;

impl End {
    fn encode(share: &Share, line: &[u8]) -> Vec<u8> {
        let mut bytes = format!("{share}\n").into_bytes();
        bytes.extend_from_slice(line);
        bytes
    }

    fn decode(bytes: &[u8], of: &RunId) -> Option<Record> {
        let split = bytes.iter().position(|&byte| byte == b'\n')?;
        let share = Share::known(std::str::from_utf8(&bytes[..split]).ok()?)?;
        let entry = only_line(&bytes[split + 1..])?;
        match entry.event {
            Event::Ended { run, attempt, outcome, source } if run == *of => {
                Some(Record { outcome, attempt, source, epoch: entry.epoch, scheduler: Some(share) })
            }
            _ => None,
        }
    }
}

pub(super) fn read_end(disk: &dyn Disk, folder: &Folder, run: &RunId) -> Result<Record, StoreError> {
    let path = folder.done(run);
    let bytes =
        disk.read(&path, MAX_FILE).map_err(|source| StoreError::Read { path: path.clone(), source })?;
    End::decode(&bytes, run).ok_or(StoreError::Damaged { path, lines: vec![1] })
}

/// Adds the ends of runs that no journal has.
pub(super) fn add_ends(disk: &dyn Disk, folder: &Folder, history: &mut History) -> Result<(), StoreError> {
    for run in ends(disk, folder)? {
        if let Entry::Vacant(place) = history.records.entry(run) {
            let record = read_end(disk, folder, place.key())?;
            place.insert(record);
        }
    }
    Ok(())
}

/// Sets the damaged ends aside, so that their runs are repeated unless a journal has them.
pub(super) fn set_damaged_aside(disk: &dyn Disk, folder: &Folder) -> Result<(), StoreError> {
    for run in ends(disk, folder)? {
        if matches!(read_end(disk, folder, &run), Err(StoreError::Damaged { .. })) {
            set_aside(disk, folder, &folder.done(&run))?;
        }
    }
    Ok(())
}

/// Brings what other schedulers have left to the disk: they may have died before they did, and who opens the results counts
/// on it.
pub(super) fn confirm(
    disk: &dyn Disk,
    folder: &Folder,
    journals: &Journals,
    own: &Path,
) -> Result<(), StoreError> {
    for part in journals.0.iter().filter(|part| part.path != own) {
        disk.sync_data(&part.path).map_err(|source| StoreError::Write { path: part.path.clone(), source })?;
    }
    if ends(disk, folder)?.is_empty() {
        return Ok(());
    }
    disk.sync_dir(&folder.ends()).map_err(|source| StoreError::Write { path: folder.ends(), source })
}

/// Gives back the room that schedulers had set aside who died: nobody has their locks any more. What can't be told is left.
pub(super) fn give_back_room(disk: &dyn Disk, folder: &Folder) -> Result<(), StoreError> {
    let writing = |source| StoreError::Write { path: folder.path().to_owned(), source };
    for name in disk.list(folder.path()).map_err(writing)? {
        let Some(share) = Folder::share_of_ballast(&name) else { continue };
        if matches!(disk.holder(&folder.lock(Some(&share))), Ok(None)) {
            disk.remove(&folder.path().join(name)).map_err(writing)?;
        }
    }
    Ok(())
}

/// The runs that have an end which stands.
pub(super) fn ends(disk: &dyn Disk, folder: &Folder) -> Result<Vec<RunId>, StoreError> {
    let path = folder.ends();
    match disk.list(&path) {
        Ok(names) => Ok(names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(StoreError::Read { path, source }),
    }
}
