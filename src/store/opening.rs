//! How results are opened: by one scheduler at a time, never on other inputs unasked, never over damage unasked.

use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use sweep_disk::{create_dirs, replace};

use super::{
    Access, ChangedInput, Disk, Folder, Held, Lock, Notice, OsDisk, Share, Sharing, State, Store, StoreError,
    journal::{Event, Journal},
    recorded::{History, Journals, MAX_FILE, Part, read_if_there},
    request::{plan_before, plan_bytes, read_plan},
    shared::{confirm, give_back_room, set_damaged_aside},
};
use crate::{
    grid::Included,
    plan::{Plan, PlannedInputs, PlannedOriginal},
};

/// The scheduler that opens results, as other processes should see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// Host.
    pub host: String,
    /// Process id on that host.
    pub pid: u32,
    /// When it started, for people.
    pub since: String,
    /// Version of `sweep`.
    pub version: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "process {} on {} since {}", self.pid, self.host, self.since)
    }
}

/// What to do about damaged lines in the middle of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Damage {
    /// Refuse to open the results.
    #[default]
    Refuse,
    /// Set them aside; their runs are repeated.
    Repair,
}

/// What to do if the data or the original's checkpoint are other than last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChangedInputs {
    /// Refuse to open the results.
    #[default]
    Refuse,
    /// Go on; outcomes on the old inputs are no longer asked for.
    Accept,
}

/// What a scheduler brings along when it opens results.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// What is asked for.
    pub plan: &'a Plan,
    /// The grid, verbatim.
    pub grid: &'a str,
    /// The files that it includes, verbatim.
    pub included: &'a [Included],
    /// Versions, commit, device, host; no secrets.
    pub provenance: &'a serde_json::Value,
    /// Who opens them.
    pub holder: &'a Holder,
    /// What to do about damage.
    pub damage: Damage,
    /// What to do about changed inputs.
    pub changed_inputs: ChangedInputs,
}

impl Store {
    /// Opens `results/<sweep>/` for the one scheduler that may write there, and makes it where it isn't.
    pub fn open(dir: &Path, opening: &Opening<'_>) -> Result<(Self, Vec<Notice>), StoreError> {
        Self::open_on(Arc::new(OsDisk), dir, opening)
    }

    /// Opens results on this file system.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        dir: &Path,
        opening: &Opening<'_>,
    ) -> Result<(Self, Vec<Notice>), StoreError> {
        open(disk, dir, opening, None)
    }

    /// Opens results for one of several schedulers that work on them at the same time, each with a share of its own. They
    /// must agree on who carries out which run; what the others have recorded by now is known, what they record later isn't.
    pub fn open_share(
        disk: Arc<dyn Disk>,
        dir: &Path,
        opening: &Opening<'_>,
        share: &Share,
    ) -> Result<(Self, Vec<Notice>), StoreError> {
        open(disk, dir, opening, Some(share))
    }
}

fn open(
    disk: Arc<dyn Disk>,
    dir: &Path,
    opening: &Opening<'_>,
    share: Option<&Share>,
) -> Result<(Store, Vec<Notice>), StoreError> {
    let folder = Folder::new(dir);
    make_private(&*disk, dir)?;
    let locks = lock(&*disk, &folder, opening.holder, share)?;
    let journals = existing(&*disk, &folder)?;
    let bytes = plan_bytes(opening.plan);
    let before = plan_before(&*disk, &folder, (opening, &bytes), &journals)?;
    let changed = changed_inputs(before.as_ref(), opening.plan);
    refuse(&folder, &journals, &changed, opening)?;

    let mut told = journals.notices();
    write_request(&*disk, &folder, (opening, &bytes), share)?;
    let store = settle(disk, folder, journals, locks, (opening.holder, share))?;
    told.extend(changes(before.as_ref(), opening.plan, &store.history));
    if !changed.is_empty() {
        told.push(Notice::InputsAccepted { changed });
    }
    Ok((store, told))
}

/// Opens results as they are, for one of several schedulers: what is asked for stays.
pub(super) fn open_to_work(
    disk: Arc<dyn Disk>,
    dir: &Path,
    holder: &Holder,
    share: &Share,
) -> Result<(Store, Plan, Vec<Notice>), StoreError> {
    let folder = Folder::new(dir);
    let locks = lock(&*disk, &folder, holder, Some(share))?;
    let plan = read_plan(&*disk, &folder)?.ok_or_else(|| StoreError::Missing { path: folder.plan() })?;
    let journals = existing(&*disk, &folder)?;
    refuse_damage(&journals)?;
    let told = journals.notices();
    Ok((settle(disk, folder, journals, locks, (holder, Some(share)))?, plan, told))
}

/// Opens results as they are, to repair them: damage is set aside, what is asked for stays.
pub(super) fn open_to_repair(disk: Arc<dyn Disk>, dir: &Path, holder: &Holder) -> Result<Store, StoreError> {
    let folder = Folder::new(dir);
    let locks = lock(&*disk, &folder, holder, None)?;
    let journals = existing(&*disk, &folder)?;
    read_plan(&*disk, &folder)?.ok_or_else(|| StoreError::Missing { path: folder.plan() })?;
    set_damaged_aside(&*disk, &folder)?;
    settle(disk, folder, journals, locks, (holder, None))
}

/// Puts the journals in order, reads them, and writes that they are open.
fn settle(
    disk: Arc<dyn Disk>,
    folder: Folder,
    journals: Journals,
    locks: Vec<Box<dyn Held>>,
    (holder, share): (&Holder, Option<&Share>),
) -> Result<Store, StoreError> {
    make_runs(&*disk, &folder)?;
    let journal = mend(&*disk, &folder, &journals, share)?;
    confirm(&*disk, &folder, &journals, &folder.journal(share))?;
    give_back_room(&*disk, &folder)?;
    let history = History::read(&*disk, &folder, journals)?;
    let ballast = folder.ballast(share);
    let mut store = Store {
        disk,
        folder,
        journal,
        ballast,
        history,
        late: 0,
        state: State::Whole,
        locks,
        share: share.cloned(),
        claims: None,
    };
    store.take_ballast()?;
    store.append(Event::Opened(holder.clone()))?;
    Ok(store)
}

/// Makes the folder where it isn't, and refuses one in which others could replace what is written.
fn make_private(disk: &dyn Disk, dir: &Path) -> Result<(), StoreError> {
    let writing = |source| StoreError::Write { path: dir.to_owned(), source };
    create_dirs(disk, dir).map_err(writing)?;
    match disk.access(dir).map_err(writing)? {
        Access::Ours => Ok(()),
        access => Err(StoreError::Exposed { dir: dir.to_owned(), access }),
    }
}

/// The sole scheduler excludes all others; those with a share exclude it together, and each of them its own double.
fn lock(
    disk: &dyn Disk,
    folder: &Folder,
    holder: &Holder,
    share: Option<&Share>,
) -> Result<Vec<Box<dyn Held>>, StoreError> {
    let text = serde_json::to_string(holder).expect("plain data serialises");
    let wanted = match share {
        None => vec![(folder.lock(None), Sharing::Sole)],
        Some(_) => vec![(folder.lock(None), Sharing::Shared), (folder.lock(share), Sharing::Sole)],
    };
    let take = |(path, sharing): (PathBuf, Sharing)| match disk.try_lock(&path, &text, sharing) {
        Ok(Lock::Held(lock)) => Ok(lock),
        Ok(Lock::Busy { holder }) => {
            Err(StoreError::Locked { dir: folder.path().to_owned(), holder: introduced(&holder) })
        }
        Err(source) => Err(StoreError::Write { path, source }),
    };
    wanted.into_iter().map(take).collect()
}

/// A holder in words, from what it wrote about itself.
pub(super) fn introduced(text: &str) -> String {
    serde_json::from_str::<Holder>(text)
        .map_or_else(|_| "another scheduler".to_owned(), |holder| holder.to_string())
}

/// The journals that are there. Nothing in them while runs are there is never taken for a fresh start: the first line of a
/// journal is on the disk before the first run begins.
fn existing(disk: &dyn Disk, folder: &Folder) -> Result<Journals, StoreError> {
    folder.refuse_foreign(disk)?;
    // In this order, because another scheduler may be making them, in the other.
    let runs = disk.list(&folder.runs()).unwrap_or_default();
    let journals = Journals::read(disk, folder)?;
    if journals.are_blank() && !runs.is_empty() {
        return Err(StoreError::Missing { path: folder.journal(None) });
    }
    journals.known()?;
    Ok(journals)
}

fn refuse(
    folder: &Folder,
    journals: &Journals,
    changed: &[ChangedInput],
    opening: &Opening<'_>,
) -> Result<(), StoreError> {
    if opening.damage == Damage::Refuse {
        refuse_damage(journals)?;
    }
    if !changed.is_empty() && opening.changed_inputs == ChangedInputs::Refuse {
        return Err(StoreError::InputsChanged { dir: folder.path().to_owned(), changed: changed.to_vec() });
    }
    Ok(())
}

fn refuse_damage(journals: &Journals) -> Result<(), StoreError> {
    let Some(part) = journals.0.iter().find(|part| !part.scan.damaged.is_empty()) else { return Ok(()) };
    let lines = part.scan.damaged.iter().map(|damaged| damaged.number).collect();
    Err(StoreError::Damaged { path: part.path.clone(), lines })
}

/// Writes what is asked for, unless it lies there already; the plan last, because it alone decides what readers see.
fn write_request(
    disk: &dyn Disk,
    folder: &Folder,
    (opening, plan): (&Opening<'_>, &[u8]),
    share: Option<&Share>,
) -> Result<(), StoreError> {
    let provenance = serde_json::to_vec_pretty(opening.provenance).expect("a JSON value serialises");
    let included = opening.included.iter().map(|file| (folder.included(&file.name), file.text.as_bytes()));
    let rest = [
        (folder.grid(), opening.grid.as_bytes()),
        (folder.provenance(), &provenance[..]),
        (folder.plan(), plan),
    ];
    let files: Vec<(PathBuf, &[u8])> = included.chain(rest).collect();
    for (path, bytes) in files {
        if read_if_there(disk, &path)?.is_none_or(|there| there != bytes) {
            replace(disk, &path, bytes, &writer(share))
                .map_err(|source| StoreError::Write { path, source })?;
        }
    }
    Ok(())
}

fn make_runs(disk: &dyn Disk, folder: &Folder) -> Result<(), StoreError> {
    let path = folder.runs();
    let made = disk.create_dir(&path).and_then(|()| disk.sync_dir(folder.path()));
    made.map_err(|source| StoreError::Write { path, source })
}

/// Makes the journals that are ours alone end in a whole line, without damaged ones, and returns the one that is written to.
fn mend(
    disk: &dyn Disk,
    folder: &Folder,
    journals: &Journals,
    share: Option<&Share>,
) -> Result<Journal, StoreError> {
    let path = folder.journal(share);
    let mut end = None;
    for part in journals.0.iter().filter(|part| share.is_none() || part.path == path) {
        let writing = |source| StoreError::Write { path: part.path.clone(), source };
        let length = mend_one(disk, folder, part, &writer(share)).map_err(writing)?;
        if part.path == path {
            let seq = part.scan.entries.last().map_or(0, |last| last.seq);
            end = Some(Journal::new(path.clone(), length, seq, journals.epoch()));
        }
    }
    if let Some(journal) = end {
        return Ok(journal);
    }
    let writing = |source| StoreError::Write { path: path.clone(), source };
    replace(disk, &path, &[], &writer(share)).map_err(writing)?;
    Ok(Journal::new(path.clone(), 0, 0, journals.epoch()))
}

fn mend_one(disk: &dyn Disk, folder: &Folder, part: &Part, writer: &str) -> std::io::Result<u64> {
    if !part.scan.damaged.is_empty() {
        return set_aside(disk, folder, part, writer);
    }
    if part.scan.torn > 0 {
        disk.truncate(&part.path, part.scan.length)?;
        disk.sync_data(&part.path)?;
    }
    Ok(part.scan.length)
}

fn set_aside(disk: &dyn Disk, folder: &Folder, part: &Part, writer: &str) -> std::io::Result<u64> {
    let quarantine = folder.quarantine();
    disk.create_dir(&quarantine)?;
    disk.sync_dir(folder.path())?;
    let damaged = quarantine.join(part.path.file_name().unwrap_or_default());
    let mut aside = disk.read(&damaged, MAX_FILE).unwrap_or_default();
    let mut whole = Vec::new();
    let mut behind = 0;
    for damaged in &part.scan.damaged {
        whole.extend_from_slice(&part.bytes[behind..damaged.bytes.start]);
        aside.extend_from_slice(&part.bytes[damaged.bytes.clone()]);
        behind = damaged.bytes.end;
    }
    whole.extend_from_slice(&part.bytes[behind..part.scan.length as usize]);
    replace(disk, &damaged, &aside, writer)?;
    replace(disk, &part.path, &whole, writer)?;
    Ok(whole.len() as u64)
}

pub(super) fn writer(share: Option<&Share>) -> String {
    share.map_or_else(String::new, |share| format!(".{share}"))
}

fn changed_inputs(before: Option<&Plan>, now: &Plan) -> Vec<ChangedInput> {
    let Some(before) = before else { return Vec::new() };
    let pairs = [
        ("data", data(before.inputs.as_ref()), data(now.inputs.as_ref())),
        ("data of the originals", learned(before.inputs.as_ref()), learned(now.inputs.as_ref())),
        ("original", original(before.inputs.as_ref()), original(now.inputs.as_ref())),
    ];
    pairs
        .into_iter()
        .filter(|(_, was, now)| was != now)
        .map(|(what, was, now)| ChangedInput { what, was, now })
        .collect()
}

fn data(inputs: Option<&PlannedInputs>) -> String {
    inputs.map_or_else(|| "none".to_owned(), |inputs| inputs.data_hash.to_string())
}

fn learned(inputs: Option<&PlannedInputs>) -> String {
    let split = inputs.and_then(|inputs| inputs.original_split.as_ref());
    split.map_or_else(|| "none".to_owned(), |split| split.data_hash.to_string())
}

/// An original that the sweep trains itself is no input: other training gives other run ids.
fn original(inputs: Option<&PlannedInputs>) -> String {
    let originals = inputs.into_iter().flat_map(|inputs| &inputs.originals);
    let hashes = originals.filter_map(|original| match original {
        PlannedOriginal::Checkpoint { blake3, .. } => Some(blake3.as_str()),
        PlannedOriginal::Trained { .. } => None,
    });
    let hashes: Vec<&str> = hashes.collect();
    if hashes.is_empty() { "none".to_owned() } else { hashes.join(", ") }
}

fn changes(before: Option<&Plan>, now: &Plan, history: &History) -> Option<Notice> {
    let before = before.filter(|before| before.runs != now.runs)?;
    let asked: BTreeSet<_> = now.runs.iter().map(|run| &run.id).collect();
    let same = before.runs.len() == now.runs.len() && before.runs.iter().all(|run| asked.contains(&run.id));
    let kept = history.records.keys().filter(|run| asked.contains(run)).count();
    (!same).then(|| Notice::PlanChanged { kept, ignored: history.records.len() - kept })
}
