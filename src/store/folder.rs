use std::{
    ffi::OsStr,
    fmt,
    path::{Path, PathBuf},
};

use sweep_protocol::terms::RunId;

pub(super) const CONFIDENCES: &str = "confidences.npy";
pub(super) const EXAMPLES: &str = "examples.npy";
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

    /// The plan.
    pub fn plan(&self) -> PathBuf {
        self.0.join("plan.json")
    }

    /// Versions, commit, device, host.
    pub fn provenance(&self, share: Option<&Share>) -> PathBuf {
        self.of_share("provenance", share, "json")
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
    pub fn is_journal(name: &OsStr) -> bool {
        name.to_str().is_some_and(|name| {
            let share = name.strip_prefix("journal.").and_then(|rest| rest.strip_suffix("jsonl"));
            share.is_some_and(|share| share.is_empty() || share.ends_with('.'))
        })
    }

    /// Room that is given back when the disk is full, so that what is in hand can still be recorded.
    pub fn ballast(&self, share: Option<&Share>) -> PathBuf {
        self.of_share(".sweep", share, "ballast")
    }

    /// What a repair has set aside.
    pub fn quarantine(&self) -> PathBuf {
        self.0.join("quarantine")
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
