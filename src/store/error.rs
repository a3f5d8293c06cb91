use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use sweep_protocol::terms::RunId;
use thiserror::Error;

use super::Access;
use crate::plan::PlanFault;

/// What may help after a failed write.
fn way_out(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "put back what was moved or removed meanwhile",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "see to it that you may write there"
        }
        _ => "make room or fix the disk",
    }
}

/// Failed to open, read or write the results of a sweep.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A file can't be read.
    #[error("failed to read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file can't be written; nothing after it is recorded.
    #[error(
        "failed to write `{}`: {source}; what was recorded before is safe, {} and run again", path.display(), way_out(source)
    )]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A record doesn't read back as what it was.
    #[error("failed to write `{}`: the record doesn't read back; this is a mistake in sweep", path.display())]
    Unwritable {
        /// The journal.
        path: PathBuf,
    },
    /// An earlier write failed, which is final.
    #[error("`{}` takes no more records after a failed write; run again to resume", dir.display())]
    Stopped {
        /// The results.
        dir: PathBuf,
    },
    /// Another scheduler works on these results.
    #[error("`{}` is in use by {holder}; wait for it or stop it", dir.display())]
    Locked {
        /// The results.
        dir: PathBuf,
        /// What the lock file says about who holds it.
        holder: String,
    },
    /// Lines in the middle of the journal are damaged.
    #[error(
        "`{}` is damaged in {} of its lines, the first is line {}; the rest is whole: `sweep fsck --repair` sets the \
         damaged lines aside, so that their runs are repeated",
        path.display(), lines.len(), lines.first().copied().unwrap_or(0)
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Line numbers, counted from 1.
        lines: Vec<u64>,
    },
    /// Another scheduler has taken these results from us, most likely because its host doesn't see our lock.
    #[error("`{}` was taken over by {holder}; what was recorded before is safe, one of the two must stay away", dir.display())]
    Fenced {
        /// The results.
        dir: PathBuf,
        /// What the lock file says about who holds it now.
        holder: String,
    },
    /// The disk is full: nothing more is started, what is in hand is still recorded.
    #[error("no room is left in `{}`; what was recorded is safe, make room and run again", dir.display())]
    Full {
        /// The results.
        dir: PathBuf,
    },
    /// Others could replace what is written there.
    #[error("`{}` {access}; make results private, or use another folder", dir.display())]
    Exposed {
        /// The results.
        dir: PathBuf,
        /// Who could.
        access: Access,
    },
    /// A record that is whole, but says what this version doesn't know.
    #[error(
        "line {line} of `{}` was written by another version of sweep than {}; use the one that `provenance.json` names",
        path.display(), env!("CARGO_PKG_VERSION")
    )]
    OtherVersion {
        /// The journal.
        path: PathBuf,
        /// Its number, counted from 1.
        line: u64,
    },
    /// A file of the results is no JSON, or of another version.
    #[error("`{}` doesn't read as what sweep writes there: {source}; restore it, or use another results folder", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The plan is not, byte for byte, what was written.
    #[error(
        "`{}` is damaged: its checksum is not that of its content; restore it, or write it anew from its grid with \
         `sweep run GRID.toml --accept-changed-inputs`, which repeats nothing",
        path.display()
    )]
    PlanDamaged {
        /// The file.
        path: PathBuf,
    },
    /// The plan asks for what no grid can ask for.
    #[error(
        "`{}` is no plan of sweep: {source}; restore it, or write it anew from its grid with \
         `sweep run GRID.toml --accept-changed-inputs`, which repeats nothing",
        path.display()
    )]
    PlanAbsurd {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PlanFault,
    },
    /// The folder is not one of results.
    #[error(
        "`{}` holds no results: it has no plan.json; name the folder of a sweep, such as {}",
        dir.display(), below.as_deref().unwrap_or(Path::new("results/NAME")).display()
    )]
    NoResults {
        /// The folder.
        dir: PathBuf,
        /// One that holds results, in it.
        below: Option<PathBuf>,
    },
    /// A file that must be there is missing, though runs are.
    #[error("`{}` is missing beside recorded runs; restore it, or use another results folder", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The data or the original are other than those that the results were made with.
    #[error(
        "the inputs of `{}` have changed: {}; use another sweep name, or accept the change",
        dir.display(), Listed(changed)
    )]
    InputsChanged {
        /// The results.
        dir: PathBuf,
        /// What differs.
        changed: Vec<ChangedInput>,
    },
    /// A measurement names a file that a run may not leave.
    #[error("run {} names a file other than confidences.npy and model.safetensors", run.short())]
    ForeignArtifact {
        /// The run.
        run: RunId,
    },
}

/// An input whose content differs from what the results were made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedInput {
    /// `data`, `data of the originals` or `original`.
    pub what: &'static str,
    /// Its hash when the results were made, or `none`.
    pub was: String,
    /// Its hash now, or `none`.
    pub now: String,
}

impl fmt::Display for ChangedInput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |hash: &str| hash.chars().take(12).collect::<String>();
        write!(formatter, "{} was {} and is {}", self.what, short(&self.was), short(&self.now))
    }
}

struct Listed<'a>(&'a [ChangedInput]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, input) in self.0.iter().enumerate() {
            write!(formatter, "{}{input}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// Something about the results that the user should know and that stops nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The last record was not written completely: it was never acknowledged.
    TornTail {
        /// The journal.
        path: PathBuf,
        /// Bytes that are ignored (by a reader) or were cut off (by the scheduler).
        bytes: u64,
    },
    /// Damaged lines are ignored (by a reader) or were set aside (by a repair).
    DamagedLines {
        /// The journal.
        path: PathBuf,
        /// Line numbers, counted from 1.
        lines: Vec<u64>,
    },
    /// Lines are ignored that a scheduler wrote after another one had taken over; none was acknowledged.
    FencedLines {
        /// The journal.
        path: PathBuf,
        /// How many.
        lines: u64,
    },
    /// The plan differs from that of the last time.
    PlanChanged {
        /// Runs that the new plan has and whose outcome is known.
        kept: usize,
        /// Runs whose outcome is known and that the new plan doesn't have.
        ignored: usize,
    },
    /// The inputs differ from those of the last time, which was accepted.
    InputsAccepted {
        /// What differs.
        changed: Vec<ChangedInput>,
    },
    /// An entry of the cache is damaged and was removed.
    DamagedCacheEntry {
        /// The entry.
        path: PathBuf,
    },
    /// A finished run could not be put into the cache.
    NotCached {
        /// The entry.
        path: PathBuf,
        /// What kind of error.
        kind: io::ErrorKind,
    },
    /// Finished runs are carried out again, because they were measured before an audit was named.
    MeasuredAgain {
        /// How many.
        runs: usize,
    },
    /// An outcome came after a final one and was dropped.
    LateOutcome {
        /// The run.
        run: RunId,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MeasuredAgain { runs } => write!(
                formatter,
                "{runs} finished runs were measured without what the audits look at; they are carried out again"
            ),
            Self::TornTail { path, bytes } => write!(
                formatter,
                "`{}` ends in {bytes} bytes of a record that was never completed; they are left out",
                path.display()
            ),
            Self::DamagedLines { path, lines } => write!(
                formatter,
                "`{}` has {} damaged lines, the first is line {}; they are left out",
                path.display(),
                lines.len(),
                lines.first().copied().unwrap_or(0)
            ),
            Self::FencedLines { path, lines } => write!(
                formatter,
                "`{}` has {lines} lines of a scheduler that had lost its lock; they are left out",
                path.display()
            ),
            Self::PlanChanged { kept, ignored } => write!(
                formatter,
                "the plan has changed: {kept} known outcomes are kept, {ignored} are no longer asked for"
            ),
            Self::InputsAccepted { changed } => {
                write!(formatter, "changed inputs are accepted: {}", Listed(changed))
            }
            Self::DamagedCacheEntry { path } => {
                write!(formatter, "the cached run `{}` is damaged and was removed", path.display())
            }
            Self::NotCached { path, kind } => {
                write!(formatter, "the run could not be cached as `{}`: {kind}", path.display())
            }
            Self::LateOutcome { run } => {
                write!(formatter, "run {} had ended already; a late outcome was dropped", run.short())
            }
        }
    }
}
