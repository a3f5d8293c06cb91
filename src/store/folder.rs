use std::path::{Path, PathBuf};

use sweep_protocol::terms::RunId;

pub(super) const CONFIDENCES: &str = "confidences.npy";
pub(super) const WEIGHTS: &str = "model.safetensors";
pub(super) const LOG: &str = "worker.log";

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

    /// The plan.
    pub fn plan(&self) -> PathBuf {
        self.0.join("plan.json")
    }

    /// Versions, commit, device, host.
    pub fn provenance(&self) -> PathBuf {
        self.0.join("provenance.json")
    }

    /// What happened.
    pub fn journal(&self) -> PathBuf {
        self.0.join("journal.jsonl")
    }

    /// Damaged lines of the journal that a repair has set aside.
    pub fn set_aside(&self) -> PathBuf {
        self.0.join("journal.damaged")
    }

    /// The lock of the scheduler.
    pub fn lock(&self) -> PathBuf {
        self.0.join("sweep.lock")
    }

    /// The parent of the runs' folders.
    pub fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }

    /// The folder that one of several schedulers gives a run: no two ever write into one.
    pub fn run_of(&self, run: &RunId, scheduler: Option<&str>) -> PathBuf {
        scheduler.map_or_else(|| self.run(run), |name| self.runs().join(format!("{run}.{name}")))
    }

    /// The journal of one of several schedulers.
    pub fn journal_of(&self, scheduler: &str) -> PathBuf {
        self.0.join(format!("journal.{scheduler}.jsonl"))
    }

    /// The ends of runs that several schedulers work on; see [`crate::cluster`].
    pub fn done(&self) -> PathBuf {
        self.0.join("done")
    }

    /// The folder of one run.
    pub fn run(&self, run: &RunId) -> PathBuf {
        self.runs().join(run.as_str())
    }

    /// The confidences of one run that a scheduler alone carried out.
    pub fn confidences(&self, run: &RunId) -> PathBuf {
        self.run(run).join(CONFIDENCES)
    }
}
