//! How results are opened: by one scheduler at a time, never on other inputs unasked, never over damage unasked.

use std::{fmt, path::Path, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    ChangedInput, Disk, Folder, Lock, Notice, OsDisk, Store, StoreError,
    disk::replace,
    journal::{self, Event, Journal, Scan},
    recorded::{History, notices, read_if_there, read_plan},
    shared::add_others,
};
use crate::plan::{Plan, PlannedInputs, PlannedOriginal};

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
        if let Some(parent) = dir.parent() {
            std::fs::create_dir_all(parent)
                .map_err(|source| StoreError::Write { path: parent.to_owned(), source })?;
        }
        Self::open_on(Arc::new(OsDisk), dir, opening)
    }

    /// Opens results on this file system; the folder above them must exist.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        dir: &Path,
        opening: &Opening<'_>,
    ) -> Result<(Self, Vec<Notice>), StoreError> {
        let folder = Folder::new(dir);
        let writing = |source| StoreError::Write { path: dir.to_owned(), source };
        disk.create_dir(dir).map_err(writing)?;
        let lock = lock(&*disk, &folder, opening.holder)?;
        disk.sync_dir(dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
            .map_err(writing)?;

        let before = read_plan(&*disk, &folder)?;
        let bytes = existing_journal(&*disk, &folder, before.is_some())?;
        let scan = journal::scan(&bytes);
        let changed = changed_inputs(before.as_ref(), opening.plan);
        refuse(&folder, &scan, &changed, opening)?;

        let mut told = notices(&folder.journal(), &scan);
        write_request(&*disk, &folder, opening)?;
        let length = mend(&*disk, &folder, &bytes, &scan)?;
        let journal = Journal::behind(folder.journal(), length, &scan.entries);
        let mut history = History::of(scan.entries);
        told.extend(add_others(&*disk, &folder, &mut history)?);
        told.extend(changes(before.as_ref(), opening.plan, &history));
        if !changed.is_empty() {
            told.push(Notice::InputsAccepted { changed });
        }
        let mut store =
            Self { disk, folder, journal, history, late: 0, broken: false, claims: None, _lock: Some(lock) };
        store.append(Event::Opened(opening.holder.clone()))?;
        store.sync()?;
        Ok((store, told))
    }
}

fn lock(
    disk: &dyn Disk,
    folder: &Folder,
    holder: &Holder,
) -> Result<Box<dyn fmt::Debug + Send + Sync>, StoreError> {
    let path = folder.lock();
    let text = serde_json::to_string(holder).expect("plain data serialises");
    match disk.try_lock(&path, &text) {
        Ok(Lock::Held(lock)) => Ok(lock),
        Ok(Lock::Busy { holder }) => {
            let known = serde_json::from_str::<Holder>(&holder);
            let holder = known.map_or_else(|_| "another scheduler".to_owned(), |holder| holder.to_string());
            Err(StoreError::Locked { dir: folder.path().to_owned(), holder })
        }
        Err(source) => Err(StoreError::Write { path, source }),
    }
}

/// A journal or a plan that is gone while runs are there is never taken for a fresh start.
fn existing_journal(disk: &dyn Disk, folder: &Folder, planned: bool) -> Result<Vec<u8>, StoreError> {
    let journal = read_if_there(disk, &folder.journal())?;
    match journal {
        Some(_) if !planned => Err(StoreError::Missing { path: folder.plan() }),
        Some(bytes) => Ok(bytes),
        None => {
            let runs = disk.list(&folder.runs()).unwrap_or_default();
            if runs.is_empty() { Ok(Vec::new()) } else { Err(StoreError::Missing { path: folder.journal() }) }
        }
    }
}

fn refuse(
    folder: &Folder,
    scan: &Scan,
    changed: &[ChangedInput],
    opening: &Opening<'_>,
) -> Result<(), StoreError> {
    if !scan.damaged.is_empty() && opening.damage == Damage::Refuse {
        let lines = scan.damaged.iter().map(|damaged| damaged.number).collect();
        return Err(StoreError::Damaged { path: folder.journal(), lines });
    }
    if !changed.is_empty() && opening.changed_inputs == ChangedInputs::Refuse {
        return Err(StoreError::InputsChanged { dir: folder.path().to_owned(), changed: changed.to_vec() });
    }
    Ok(())
}

/// Writes what is asked for; the plan last, because it alone decides what readers see.
fn write_request(disk: &dyn Disk, folder: &Folder, opening: &Opening<'_>) -> Result<(), StoreError> {
    let provenance = serde_json::to_vec_pretty(opening.provenance).expect("a JSON value serialises");
    let plan = serde_json::to_vec(opening.plan).expect("plain data serialises");
    let files = [
        (folder.grid(), opening.grid.as_bytes()),
        (folder.provenance(), &provenance),
        (folder.plan(), &plan),
    ];
    for (path, bytes) in files {
        replace(disk, &path, bytes).map_err(|source| StoreError::Write { path, source })?;
    }
    Ok(())
}

/// Makes the journal end in a whole line, without damaged ones, and returns its length in bytes.
fn mend(disk: &dyn Disk, folder: &Folder, bytes: &[u8], scan: &Scan) -> Result<u64, StoreError> {
    let path = folder.journal();
    let writing = |source| StoreError::Write { path: path.clone(), source };
    if bytes.is_empty() {
        disk.create_dir(&folder.runs()).map_err(writing)?;
        return replace(disk, &path, &[]).map_err(writing).map(|()| 0);
    }
    if !scan.damaged.is_empty() {
        return set_aside(disk, folder, bytes, scan).map_err(writing);
    }
    if scan.torn > 0 {
        disk.truncate(&path, scan.length).map_err(writing)?;
        disk.sync_data(&path).map_err(writing)?;
    }
    Ok(scan.length)
}

fn set_aside(disk: &dyn Disk, folder: &Folder, bytes: &[u8], scan: &Scan) -> std::io::Result<u64> {
    let mut aside = disk.read(&folder.set_aside(), super::recorded::MAX_FILE).unwrap_or_default();
    let mut whole = Vec::new();
    let mut behind = 0;
    for damaged in &scan.damaged {
        whole.extend_from_slice(&bytes[behind..damaged.bytes.start]);
        aside.extend_from_slice(&bytes[damaged.bytes.clone()]);
        behind = damaged.bytes.end;
    }
    whole.extend_from_slice(&bytes[behind..scan.length as usize]);
    replace(disk, &folder.set_aside(), &aside)?;
    replace(disk, &folder.journal(), &whole)?;
    Ok(whole.len() as u64)
}

fn changed_inputs(before: Option<&Plan>, now: &Plan) -> Vec<ChangedInput> {
    let Some(before) = before else { return Vec::new() };
    let pairs = [
        ("data", data(before.inputs.as_ref()), data(now.inputs.as_ref())),
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

/// An original that the sweep trains itself is no input: other training gives other run ids.
fn original(inputs: Option<&PlannedInputs>) -> String {
    match inputs.map(|inputs| &inputs.original) {
        Some(PlannedOriginal::Checkpoint { blake3, .. }) => blake3.to_string(),
        Some(PlannedOriginal::Trained { .. }) | None => "none".to_owned(),
    }
}

fn changes(before: Option<&Plan>, now: &Plan, history: &History) -> Option<Notice> {
    let asked: std::collections::BTreeSet<_> = now.runs.iter().map(|run| &run.id).collect();
    let same = before.is_none_or(|before| {
        before.runs.len() == now.runs.len() && before.runs.iter().all(|run| asked.contains(&run.id))
    });
    let kept = history.records.keys().filter(|run| asked.contains(run)).count();
    (!same).then(|| Notice::PlanChanged { kept, ignored: history.records.len() - kept })
}
