use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use sweep_protocol::terms::RunId;

use super::{
    Disk, Folder, Notice, OsDisk, Share, Source, StoreError,
    folder::{CONFIDENCES, CURVES, EXAMPLES, PICTURES, RECONSTRUCTION, WEIGHTS},
    journal::{self, Entry, Event, Scan},
    request::read_plan,
    shared,
};
use crate::{outcome::Outcome, plan::Plan};

/// Longest journal or plan that is read, in bytes.
pub(super) const MAX_FILE: u64 = 4 << 30;

/// An outcome with its circumstances.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// How the run ended.
    pub outcome: Outcome,
    /// At which attempt, counted from 1; 0 where none was made.
    pub attempt: u32,
    /// Where the outcome comes from.
    pub source: Source,
    /// Which opening of the results recorded it, counted from 1.
    pub epoch: u64,
    /// Which of several schedulers recorded it.
    pub scheduler: Option<Share>,
}

/// The results of a sweep as they are, read without disturbing a scheduler that works on them.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Where they are.
    pub folder: Folder,
    /// What was asked for.
    pub plan: Plan,
    /// The outcomes of the plan's runs, as far as they are known.
    pub outcomes: BTreeMap<RunId, Record>,
    /// Runs that were handed to a worker and have no end yet.
    under_way: BTreeSet<RunId>,
    /// What the user should know.
    pub notices: Vec<Notice>,
    /// Folders of runs that lie elsewhere: in the results of another sweep.
    elsewhere: BTreeMap<RunId, PathBuf>,
}

/// A folder of results in a folder of several sweeps.
fn sweep_below(disk: &dyn Disk, dir: &Path) -> Option<PathBuf> {
    let folders = disk.list(dir).unwrap_or_default().into_iter().map(|name| dir.join(name));
    let mut folders = folders
        .filter(|folder| disk.list(folder).is_ok_and(|files| files.iter().any(|file| file == "plan.json")));
    folders.next()
}

impl Recorded {
    /// Reads `results/<sweep>/`.
    pub fn read(dir: &Path) -> Result<Self, StoreError> {
        Self::read_on(&OsDisk, dir)
    }

    /// Reads `results/<sweep>/` on this file system.
    pub fn read_on(disk: &dyn Disk, dir: &Path) -> Result<Self, StoreError> {
        let folder = Folder::new(dir);
        folder.refuse_foreign(disk)?;
        let Some(plan) = read_plan(disk, &folder)? else {
            let journals = Journals::read(disk, &folder)?;
            return Err(if journals.0.is_empty() {
                StoreError::NoResults { dir: dir.to_owned(), below: sweep_below(disk, dir) }
            } else {
                StoreError::Missing { path: folder.plan() }
            });
        };
        Self::read_with(disk, folder, plan)
    }

    /// Reads what the results at `dir` have for a plan of the caller, which may be more than was asked for so far.
    pub fn read_for(disk: &dyn Disk, dir: &Path, plan: &Plan) -> Result<Self, StoreError> {
        let folder = Folder::new(dir);
        folder.refuse_foreign(disk)?;
        Self::read_with(disk, folder, plan.clone())
    }

    fn read_with(disk: &dyn Disk, folder: Folder, plan: Plan) -> Result<Self, StoreError> {
        let journals = Journals::read(disk, &folder)?;
        journals.known()?;
        let notices = journals.notices();
        let history = History::read(disk, &folder, journals)?;
        let under_way = history.under_way;
        Ok(Self { under_way, notices, ..Self::of(folder, plan, history.records) })
    }

    pub(super) fn of(folder: Folder, plan: Plan, mut outcomes: BTreeMap<RunId, Record>) -> Self {
        let asked: BTreeSet<_> = plan.runs.iter().map(|run| &run.id).collect();
        outcomes.retain(|run, _| asked.contains(run));
        let (under_way, notices, elsewhere) = (BTreeSet::new(), Vec::new(), BTreeMap::new());
        Self { folder, plan, outcomes, under_way, notices, elsewhere }
    }

    /// What several sweeps have for a plan with runs of all of them. Of a run that several have, the finished one counts.
    pub fn together(plan: Plan, sweeps: &[Self]) -> Self {
        let mut together = Self::of(Folder::new(""), plan, BTreeMap::new());
        for run in &together.plan.runs {
            let mut have = sweeps.iter().filter_map(|sweep| Some((sweep, sweep.outcomes.get(&run.id)?)));
            let first = have.next();
            let finished = |(_, record): &(&Self, &Record)| record.outcome.measurement().is_some();
            let Some((sweep, record)) = first.filter(finished).or_else(|| have.find(finished)).or(first)
            else {
                continue;
            };
            together.elsewhere.insert(run.id.clone(), sweep.run_folder(&run.id));
            together.outcomes.insert(run.id.clone(), record.clone());
        }
        together
    }

    /// Whether a run has an outcome that stands.
    pub fn has_ended(&self, run: &RunId) -> bool {
        self.outcomes.get(run).is_some_and(|record| record.outcome.is_final())
    }

    /// Whether a run was handed to a worker and has no end yet; true also where that worker died with its scheduler.
    pub fn is_under_way(&self, run: &RunId) -> bool {
        self.under_way.contains(run)
    }

    /// The folder with the files of a run's outcome.
    pub fn run_folder(&self, run: &RunId) -> PathBuf {
        if let Some(folder) = self.elsewhere.get(run) {
            return folder.clone();
        }
        let record = self.outcomes.get(run);
        self.folder.run(run, record.and_then(|record| record.scheduler.as_ref()))
    }

    /// The confidences of a run.
    pub fn confidences(&self, run: &RunId) -> PathBuf {
        self.run_folder(run).join(CONFIDENCES)
    }

    /// The weights of a run, where they were kept.
    pub fn weights(&self, run: &RunId) -> PathBuf {
        self.run_folder(run).join(WEIGHTS)
    }

    /// What a run does on single examples, where that was measured.
    pub fn examples(&self, run: &RunId) -> PathBuf {
        self.run_folder(run).join(EXAMPLES)
    }

    /// What is found of the images in the weights of a run, where that was measured.
    pub fn reconstruction(&self, run: &RunId) -> PathBuf {
        self.run_folder(run).join(RECONSTRUCTION)
    }

    /// The training curves of a run, where it has left some.
    pub fn curves(&self, run: &RunId) -> PathBuf {
        self.run_folder(run).join(CURVES)
    }

    /// Pictures of what is found of the forget set, where they were asked for.
    pub fn pictures(&self, run: &RunId) -> PathBuf {
        self.run_folder(run).join(PICTURES)
    }
}

/// One journal of a sweep as it lies on the disk.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) share: Option<Share>,
    pub(super) bytes: Vec<u8>,
    pub(super) scan: Scan,
}

/// All journals of a sweep, in the order of their names: one for each scheduler that had a share in it.
#[derive(Debug)]
pub(super) struct Journals(pub(super) Vec<Part>);

impl Journals {
    pub(super) fn read(disk: &dyn Disk, folder: &Folder) -> Result<Self, StoreError> {
        let names = match disk.list(folder.path()) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(StoreError::Read { path: folder.path().to_owned(), source }),
        };
        let journals = names.into_iter().filter(|name: &OsString| Folder::is_journal(name));
        let parts = journals.map(|name| {
            let share = Folder::share_of_journal(&name);
            let path = folder.path().join(name);
            let bytes = read_if_there(disk, &path)?.unwrap_or_default();
            let scan = journal::scan(&bytes);
            Ok(Part { path, share, bytes, scan })
        });
        Ok(Self(parts.collect::<Result<_, StoreError>>()?))
    }

    /// Whether no line was ever written.
    pub(super) fn are_blank(&self) -> bool {
        self.0.iter().all(|part| part.scan.length == 0)
    }

    /// Refuses lines that only another version understands.
    pub(super) fn known(&self) -> Result<(), StoreError> {
        let foreign = self.0.iter().find_map(|part| Some((part.path.clone(), part.scan.foreign?)));
        foreign.map_or(Ok(()), |(path, line)| Err(StoreError::OtherVersion { path, line }))
    }

    pub(super) fn notices(&self) -> Vec<Notice> {
        self.0.iter().flat_map(|part| notices(&part.path, &part.scan)).collect()
    }

    /// The latest opening that any journal knows of; 0 for none.
    pub(super) fn epoch(&self) -> u64 {
        self.0.iter().filter_map(|part| Some(part.scan.entries.last()?.epoch)).max().unwrap_or(0)
    }

    /// The lines of all journals in one order, whoever reads them. An opening comes behind every opening that it could see,
    /// so what was known when a line was written stands in front of it.
    fn merged(self) -> Vec<(Option<Share>, Entry)> {
        let lines = |part: Part| part.scan.entries.into_iter().map(move |entry| (part.share.clone(), entry));
        let mut entries: Vec<_> = self.0.into_iter().flat_map(lines).collect();
        if !entries.is_sorted_by_key(|(_, entry)| entry.epoch) {
            // Stable: within an opening, by journal and line.
            entries.sort_by_key(|(_, entry)| entry.epoch);
        }
        entries
    }
}

/// What the lines of the journals amount to.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) records: BTreeMap<RunId, Record>,
    pub(super) attempts: BTreeMap<RunId, u32>,
    /// Runs whose latest attempt has no end.
    pub(super) under_way: BTreeSet<RunId>,
}

impl History {
    /// What the journals say, and `done/`: a scheduler may have died between the two.
    pub(super) fn read(disk: &dyn Disk, folder: &Folder, journals: Journals) -> Result<Self, StoreError> {
        let mut history = Self::of(journals);
        shared::add_ends(disk, folder, &mut history)?;
        Ok(history)
    }

    pub(super) fn of(journals: Journals) -> Self {
        let mut history = Self::default();
        for (share, entry) in journals.merged() {
            history.add(entry, share.as_ref());
        }
        history
    }

    /// The first final outcome of a run stands, unless the run was reopened.
    pub(super) fn add(&mut self, entry: Entry, share: Option<&Share>) {
        match entry.event {
            Event::Opened(_) => {}
            Event::Started { run, attempt, .. } => {
                self.under_way.insert(run.clone());
                let latest = self.attempts.entry(run).or_default();
                *latest = attempt.max(*latest);
            }
            Event::Ended { run, attempt, outcome, source } => {
                self.under_way.remove(&run);
                let decided = self.records.get(&run).is_some_and(|record| record.outcome.is_final());
                if !decided {
                    let (epoch, scheduler) = (entry.epoch, share.cloned());
                    self.records.insert(run, Record { outcome, attempt, source, epoch, scheduler });
                }
            }
            Event::Reopened { run } => {
                self.records.remove(&run);
            }
        }
    }
}

fn notices(path: &Path, scan: &Scan) -> Vec<Notice> {
    let path = path.to_owned();
    let lines: Vec<_> = scan.damaged.iter().map(|damaged| damaged.number).collect();
    let damaged = (!lines.is_empty()).then(|| Notice::DamagedLines { path: path.clone(), lines });
    let fenced = (scan.fenced > 0).then(|| Notice::FencedLines { path: path.clone(), lines: scan.fenced });
    let torn = (scan.torn > 0).then_some(Notice::TornTail { path, bytes: scan.torn });
    damaged.into_iter().chain(fenced).chain(torn).collect()
}

pub(super) fn read_if_there(disk: &dyn Disk, path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match disk.read(path, MAX_FILE) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::Read { path: path.to_owned(), source }),
    }
}
