//! Looks results over for damage, and repairs what can be repaired without throwing a result away.

use std::{
    ffi::OsStr,
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use sweep_disk::TEMPORARY;
use sweep_protocol::{measurement::Measurement, terms::RunId};

use super::{
    Access, Disk, Folder, Holder, Share, StoreError,
    files::{artifacts, curves},
    opening::{introduced, open_to_repair},
    recorded::{History, Journals, Part, read_if_there},
    request::read_plan,
    shared::{ends, read_end},
};

/// Something in results that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Others could replace what is written there.
    Exposed(Access),
    /// It is not there.
    Missing,
    /// It can't be read, or not as what it should be.
    Unreadable(String),
    /// A line that another version of `sweep` wrote.
    OtherVersion {
        /// Its number, counted from 1.
        line: u64,
    },
    /// Damaged lines of a journal.
    DamagedLines(Vec<u64>),
    /// Lines of a scheduler that had lost its lock.
    FencedLines(u64),
    /// A last record, of so many bytes, that was never completed.
    TornTail(u64),
    /// A recorded run whose files are not, byte for byte, what was measured.
    NotAsRecorded(RunId),
    /// Training curves that are not, byte for byte, what a run left, or not there.
    CurvesLost(RunId),
    /// Something in the cache that is not, byte for byte, what was put there for its place.
    NotAsKept,
    /// What a process left that ended early.
    LeftOver,
}

/// What is to be done about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing is lost, and the next opening sees to it.
    None,
    /// A repair sets it aside, and the next sweep repeats the runs that it concerns.
    Repair,
    /// Only the user can.
    User,
}

impl Fault {
    /// What is to be done.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::FencedLines(_) | Self::TornTail(_) | Self::CurvesLost(_) | Self::LeftOver => Remedy::None,
            Self::DamagedLines(_) | Self::NotAsRecorded(_) | Self::NotAsKept => Remedy::Repair,
            Self::Exposed(_) | Self::Missing | Self::Unreadable(_) | Self::OtherVersion { .. } => {
                Remedy::User
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exposed(access) => write!(formatter, "{access}"),
            Self::Missing => formatter.write_str("is missing: restore it"),
            Self::Unreadable(why) => write!(formatter, "can't be read: {why}; restore it"),
            Self::OtherVersion { line } => {
                write!(formatter, "has a line ({line}) of another version of sweep: use that version")
            }
            Self::DamagedLines(lines) => write!(
                formatter,
                "has {} damaged lines, the first is line {}; a repair sets them aside and their runs are repeated",
                lines.len(),
                lines.first().copied().unwrap_or(0)
            ),
            Self::FencedLines(lines) => {
                write!(
                    formatter,
                    "has {lines} lines of a scheduler that had lost its lock; they count for nothing"
                )
            }
            Self::TornTail(bytes) => {
                write!(
                    formatter,
                    "ends in {bytes} bytes of a record that was never completed; they count for nothing"
                )
            }
            Self::NotAsKept => formatter.write_str(
                "is not what was kept there; a repair sets it aside, and it is made again when it is needed",
            ),
            Self::NotAsRecorded(run) => write!(
                formatter,
                "is not what run {} measured; a repair sets it aside and the run is repeated",
                run.short()
            ),
            Self::CurvesLost(run) => write!(
                formatter,
                "is not what run {} left: its training curves are lost; its result stands",
                run.short()
            ),
            Self::LeftOver => formatter.write_str("was left by a process that ended early; nothing needs it"),
        }
    }
}

/// Results that were looked over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What was found, the results as a whole first.
    pub findings: Vec<Finding>,
    /// Runs with an outcome.
    pub recorded: usize,
    /// Who works on them at the moment.
    pub holder: Option<String>,
}

impl Checked {
    /// Whether nothing is lost or in danger.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.fault.remedy() == Remedy::None)
    }
}

/// Looks results over and changes nothing.
pub fn fsck(disk: &dyn Disk, dir: &Path) -> Result<Checked, StoreError> {
    let folder = Folder::new(dir);
    let reading = |source| StoreError::Read { path: dir.to_owned(), source };
    let access = disk.access(dir).map_err(reading)?;
    let lock = folder.lock(None);
    let holder = disk.holder(&lock).map_err(|source| StoreError::Read { path: lock.clone(), source })?;
    let mut found = Found { disk, folder: &folder, findings: Vec::new() };
    if access != Access::Ours {
        found.add(dir, Fault::Exposed(access));
    }
    found.inner_folders();
    found.request();
    let journals = Journals::read(disk, &folder)?;
    if journals.0.is_empty() {
        found.add(&folder.journal(None), Fault::Missing);
    }
    journals.0.iter().for_each(|part| found.journal(part));
    found.left_over(dir);
    found.left_over(&folder.claims());
    let mut history = History::of(journals);
    found.ends(&mut history)?;
    for (run, record) in &history.records {
        if let Some(measurement) = record.outcome.measurement() {
            found.run(run, &folder.run(run, record.scheduler.as_ref()), measurement);
        }
    }
    for name in disk.list(&folder.runs()).unwrap_or_default() {
        found.left_over(&folder.runs().join(name));
    }
    let holder = holder.map(|text| introduced(&text));
    Ok(Checked { findings: found.findings, recorded: history.records.len(), holder })
}

struct Found<'a> {
    disk: &'a dyn Disk,
    folder: &'a Folder,
    findings: Vec<Finding>,
}

impl Found<'_> {
    fn add(&mut self, path: &Path, fault: Fault) {
        self.findings.push(Finding { path: path.to_owned(), fault });
    }

    /// Folders that lead elsewhere, or that others can write to.
    fn inner_folders(&mut self) {
        for path in self.folder.inner() {
            self.inner_folder(&path);
        }
    }

    fn inner_folder(&mut self, path: &Path) {
        match self.disk.inner_access(path) {
            Ok(Access::Ours) => {}
            Ok(access) => self.add(path, Fault::Exposed(access)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.add(path, Fault::Unreadable(error.to_string())),
        }
    }

    /// What was asked for: the plan, and what belongs to it.
    fn request(&mut self) {
        let plan = self.folder.plan();
        match read_plan(self.disk, self.folder) {
            Ok(Some(_)) => {}
            Ok(None) => self.add(&plan, Fault::Missing),
            Err(error) => self.add(&plan, Fault::Unreadable(why(error))),
        }
        let provenance = self.folder.provenance();
        match read_if_there(self.disk, &provenance) {
            Ok(None) => {}
            Ok(Some(bytes)) => {
                if let Err(error) = serde_json::from_slice::<serde_json::Value>(&bytes) {
                    self.add(&provenance, Fault::Unreadable(error.to_string()));
                }
            }
            Err(error) => self.add(&provenance, Fault::Unreadable(why(error))),
        }
    }

    fn journal(&mut self, part: &Part) {
        let scan = &part.scan;
        if let Some(line) = scan.foreign {
            self.add(&part.path, Fault::OtherVersion { line });
        }
        if !scan.damaged.is_empty() {
            let lines = scan.damaged.iter().map(|damaged| damaged.number).collect();
            self.add(&part.path, Fault::DamagedLines(lines));
        }
        if scan.fenced > 0 {
            self.add(&part.path, Fault::FencedLines(scan.fenced));
        }
        if scan.torn > 0 {
            self.add(&part.path, Fault::TornTail(scan.torn));
        }
    }

    /// The ends of runs that several schedulers claim; they count where no journal has them.
    fn ends(&mut self, history: &mut History) -> Result<(), StoreError> {
        for run in ends(self.disk, self.folder)? {
            let path = self.folder.done(&run);
            match read_end(self.disk, self.folder, &run) {
                Ok(end) => history.records.entry(run).or_insert(end),
                Err(StoreError::Damaged { lines, .. }) => {
                    self.add(&path, Fault::DamagedLines(lines));
                    continue;
                }
                Err(error) => {
                    self.add(&path, Fault::Unreadable(why(error)));
                    continue;
                }
            };
        }
        Ok(())
    }

    fn run(&mut self, run: &RunId, folder: &Path, measurement: &Measurement) {
        let is_folder = self.disk.inner_access(folder).is_ok();
        let Some(named) = artifacts(measurement).filter(|_| is_folder) else {
            return self.add(folder, Fault::NotAsRecorded(run.clone()));
        };
        self.inner_folder(folder);
        for artifact in named {
            let path = folder.join(&artifact.file);
            if self.disk.hash(&path).ok().as_ref() != Some(&artifact.blake3) {
                self.add(&path, Fault::NotAsRecorded(run.clone()));
            }
        }
        if let Some(curves) = curves(measurement) {
            let path = folder.join(&curves.file);
            if self.disk.hash(&path).ok().as_ref() != Some(&curves.blake3) {
                self.add(&path, Fault::CurvesLost(run.clone()));
            }
        }
    }

    /// Whether this is the ballast of a scheduler that lives, or in `claims/` what it writes there.
    fn is_held(&self, name: &OsStr) -> bool {
        let in_claims = || {
            let name = name.to_str()?.strip_prefix('.')?;
            Share::known(name.strip_suffix(TEMPORARY).or_else(|| name.strip_suffix(".clock"))?)
        };
        let share = Folder::share_of_ballast(name).or_else(in_claims);
        if share.is_none() && !name.to_string_lossy().ends_with(".ballast") {
            return false;
        }
        matches!(self.disk.holder(&self.folder.lock(share.as_ref())), Ok(Some(_)))
    }

    fn left_over(&mut self, dir: &Path) {
        for name in self.disk.list(dir).unwrap_or_default() {
            if is_left_over(&name) && !self.is_held(&name) {
                self.add(&dir.join(name), Fault::LeftOver);
            }
        }
    }
}

/// Files that are being written, ballast, and what tells a scheduler the time, have names of their own.
pub(super) fn is_left_over(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') && [TEMPORARY, ".ballast", ".clock"].iter().any(|ending| name.ends_with(ending))
}

fn why(error: StoreError) -> String {
    match error {
        StoreError::Unreadable { source, .. } => source.to_string(),
        StoreError::Read { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}

/// Sets aside, in `quarantine/`, what fsck found damaged and what was left over; the runs concerned have no outcome any more.
/// Nothing is deleted. Refused while a scheduler works on the results.
pub fn repair(disk: &Arc<dyn Disk>, dir: &Path, holder: &Holder) -> Result<Checked, StoreError> {
    let mut store = open_to_repair(disk.clone(), dir, holder)?;
    let checked = fsck(&**disk, dir)?;
    for Finding { path, fault } in &checked.findings {
        match fault {
            Fault::NotAsRecorded(run) => {
                let folder = store.run_folder(run);
                // Moved first: a crash in between is found again by the next fsck.
                set_aside(&**disk, store.folder(), &folder)?;
                set_aside(&**disk, store.folder(), &store.folder().done(run))?;
                if store.outcome(run).is_some() {
                    store.reopen(run)?;
                }
            }
            Fault::LeftOver => set_aside(&**disk, store.folder(), path)?,
            _ => {}
        }
    }
    drop(store);
    fsck(&**disk, dir)
}

/// Moves a file or folder, if it is there, into the quarantine, under a name that is free.
pub(super) fn set_aside(disk: &dyn Disk, folder: &Folder, path: &Path) -> Result<(), StoreError> {
    let quarantine = folder.quarantine();
    let writing = |source: io::Error| StoreError::Write { path: quarantine.clone(), source };
    disk.create_dir(&quarantine).map_err(writing)?;
    let taken = disk.list(&quarantine).map_err(writing)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut free =
        (0_u64..).map(|number| if number == 0 { name.clone() } else { format!("{name}.{number}") });
    let free = free.find(|name| !taken.iter().any(|taken| taken == name.as_str())).unwrap_or_default();
    match disk.rename(path, &quarantine.join(free)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        moved => {
            let parent = path.parent().unwrap_or(Path::new("."));
            moved
                .and_then(|()| disk.sync_dir(&quarantine))
                .and_then(|()| disk.sync_dir(parent))
                .and_then(|()| disk.sync_dir(folder.path()))
                .map_err(writing)
        }
    }
}
