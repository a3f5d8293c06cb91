use std::{
    ffi::OsStr,
    fmt, io,
    path::{Path, PathBuf},
};

use sweep_protocol::terms::RunId;

use super::{Access, Disk, StoreError};

pub(super) const CONFIDENCES: &str = "confidences.npy";
pub(super) const EXAMPLES: &str = "examples.npy";
pub(super) const RECONSTRUCTION: &str = "reconstruction.npy";
pub(super) const PICTURES: &str = "pictures.npy";
pub(super) const CURVES: &str = "curves.csv";
pub(super) const WEIGHTS: &str = "model.safetensors";
pub(super) const LOG: &str = "worker.log";

/// The part that one of several schedulers has in a sweep, most often named after its host. Each part has a journal and a
/// lock of its own, because no two hosts can safely append to one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(String);

impl Share {
    /// Names a part; what can't be in a file name becomes a dash.
    pub fn named(text: &str) -> Self {
        let safe = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '-' };
        let name: String = text.chars().take(64).map(safe).collect();
        Self(if name.is_empty() { "-".to_owned() } else { name })
    }

    /// A name that was given by [`Share::named`].
    pub(super) fn known(text: &str) -> Option<Self> {
        let share = Self::named(text);
        (share.0 == text).then_some(share)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The layout of `results/<sweep>/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// The layout below this folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The grid as the user wrote it.
    pub fn grid(&self) -> PathBuf {
        self.0.join("grid.toml")
    }

    /// A file that the grid includes, under the name that it has beside it.
    pub fn included(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The plan.
    pub fn plan(&self) -> PathBuf {
        self.0.join("plan.json")
    }

    /// What a scheduler has spent.
    pub fn cost(&self, share: Option<&Share>) -> PathBuf {
        self.of_share("cost", share, "json")
    }

    /// Versions, commit, device, host.
    pub fn provenance(&self) -> PathBuf {
        self.0.join("provenance.json")
    }

    /// What happened.
    pub fn journal(&self, share: Option<&Share>) -> PathBuf {
        self.of_share("journal", share, "jsonl")
    }

    /// The lock of a scheduler.
    pub fn lock(&self, share: Option<&Share>) -> PathBuf {
        self.of_share("sweep", share, "lock")
    }

    fn of_share(&self, stem: &str, share: Option<&Share>, ending: &str) -> PathBuf {
        self.0.join(
            share.map_or_else(|| format!("{stem}.{ending}"), |share| format!("{stem}.{share}.{ending}")),
        )
    }

    /// Whether a file of this name is a journal.
    pub(super) fn is_journal(name: &OsStr) -> bool {
        name == "journal.jsonl" || Self::share_of_journal(name).is_some()
    }

    /// Whose journal a file of this name is, unless it is no journal or that of a sole scheduler.
    pub(super) fn share_of_journal(name: &OsStr) -> Option<Share> {
        Share::known(name.to_str()?.strip_prefix("journal.")?.strip_suffix(".jsonl")?)
    }

    /// Room that is given back when the disk is full, so that what is in hand can still be recorded.
    pub fn ballast(&self, share: Option<&Share>) -> PathBuf {
        self.of_share(".sweep", share, "ballast")
    }

    /// Whose ballast a file of this name is, unless it is none or that of a sole scheduler.
    pub(super) fn share_of_ballast(name: &OsStr) -> Option<Share> {
        Share::known(name.to_str()?.strip_prefix(".sweep.")?.strip_suffix(".ballast")?)
    }

    /// What a repair has set aside.
    pub fn quarantine(&self) -> PathBuf {
        self.0.join("quarantine")
    }

    /// The figures of the report.
    fn figures(&self) -> PathBuf {
        self.0.join("figures")
    }

    /// What was handed to a cluster; see [`crate::cluster`].
    fn submissions(&self) -> PathBuf {
        self.0.join("slurm")
    }

    /// Refuses results that others can write to, and a folder inside them that others can write to or that is a link: nobody
    /// is led out of the results.
    pub(super) fn refuse_foreign(&self, disk: &dyn Disk) -> Result<(), StoreError> {
        match disk.access(&self.0) {
            Ok(Access::Ours) => {}
            Ok(access) => return Err(StoreError::Exposed { dir: self.0.clone(), access }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(StoreError::Read { path: self.0.clone(), source }),
        }
        for dir in self.inner() {
            match disk.inner_access(&dir) {
                Ok(Access::Ours) => {}
                Ok(access) => return Err(StoreError::Exposed { dir, access }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(StoreError::Read { path: dir, source }),
            }
        }
        Ok(())
    }

    /// The folders inside, whether they are there or not.
    pub(super) fn inner(&self) -> [PathBuf; 6] {
        [self.runs(), self.claims(), self.ends(), self.quarantine(), self.figures(), self.submissions()]
    }

    /// The parent of the runs' folders.
    pub fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }

    /// The folder that a scheduler gives a run: no two ever write into one.
    pub fn run(&self, run: &RunId, share: Option<&Share>) -> PathBuf {
        self.runs().join(share.map_or_else(|| run.to_string(), |share| format!("{run}.{share}")))
    }

    /// Who works on which run, where several schedulers do; see [`crate::cluster`].
    pub(super) fn claims(&self) -> PathBuf {
        self.0.join("claims")
    }

    /// The ends of runs that several schedulers work on; see [`crate::cluster`].
    pub(super) fn ends(&self) -> PathBuf {
        self.0.join("done")
    }

    /// The end of one such run.
    pub(super) fn done(&self, run: &RunId) -> PathBuf {
        self.ends().join(run.as_str())
    }
}
