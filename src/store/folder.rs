use std::path::{Path, PathBuf};

use sweep_protocol::terms::RunId;

pub(super) const CONFIDENCES: &str = "confidences.npy";
pub(super) const EXAMPLES: &str = "examples.npy";
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

    /// The folder of one run.
    pub fn run(&self, run: &RunId) -> PathBuf {
        self.runs().join(run.as_str())
    }

    /// The confidences of one run.
    pub fn confidences(&self, run: &RunId) -> PathBuf {
        self.run(run).join(CONFIDENCES)
    }

    /// What one run does on single examples, where that was measured.
    pub fn examples(&self, run: &RunId) -> PathBuf {
        self.run(run).join(EXAMPLES)
    }

    /// The weights that one run kept.
    pub fn weights(&self, run: &RunId) -> PathBuf {
        self.run(run).join(WEIGHTS)
    }
}
