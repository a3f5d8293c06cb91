//! How a run ended.

use serde::{Deserialize, Serialize};
use sweep_protocol::{measurement::Measurement, message::Failure};

/// The end of a run. Everything but [`Cancelled`](Self::Cancelled) is final: a later sweep doesn't repeat it unasked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was carried out and measured.
    Finished(Box<Measurement>),
    /// Its numbers stopped being finite. A result: bad hyper-parameters diverge again.
    Diverged {
        /// The optimiser step after which it was noticed.
        step: u64,
    },
    /// It could not be carried out.
    Failed {
        /// What kind of failure.
        cause: Cause,
        /// What happened and the way out.
        message: String,
    },
    /// It ran longer than it may.
    TimedOut {
        /// Seconds after which it was stopped.
        after_s: f64,
    },
    /// It was stopped before its end because the user asked for it.
    Cancelled,
}

/// Why a run failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The worker reported it.
    Reported(Failure),
    /// The worker died, was silent for too long or broke the protocol, as often as a run may.
    WorkerLost,
}

/// An outcome in one word, as it stands in `runs.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Not yet carried out.
    Pending,
    /// Carried out and measured.
    Finished,
    /// Not finite.
    Diverged,
    /// Could not be carried out.
    Failed,
    /// Took too long.
    TimedOut,
    /// Stopped on request.
    Cancelled,
}

impl Status {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Finished => "finished",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
            Self::Cancelled => "cancelled",
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.word())
    }
}

impl Outcome {
    /// The outcome in one word.
    pub fn status(&self) -> Status {
        match self {
            Self::Finished(_) => Status::Finished,
            Self::Diverged { .. } => Status::Diverged,
            Self::Failed { .. } => Status::Failed,
            Self::TimedOut { .. } => Status::TimedOut,
            Self::Cancelled => Status::Cancelled,
        }
    }

    /// What was measured, if the run finished.
    pub fn measurement(&self) -> Option<&Measurement> {
        match self {
            Self::Finished(measurement) => Some(measurement),
            _ => None,
        }
    }

    /// What the user can do about it, where the message of the run doesn't say so itself.
    pub fn way_out(&self) -> Option<&'static str> {
        match self {
            Self::Failed { cause: Cause::Reported(Failure::OutOfMemory), .. } => Some(
                "fewer workers on the device (`--jobs`), a smaller batch or a narrower network need less memory; then \
                 `--retry failed`",
            ),
            Self::Failed { cause: Cause::Reported(Failure::Device), .. } => Some(
                "look at the device (`nvidia-smi`, `dmesg`), or name others in `[pool] devices`; then `--retry failed`",
            ),
            Self::Failed { cause: Cause::WorkerLost | Cause::Reported(Failure::Error), .. } => {
                Some("the run's worker.log says more; `--retry failed` tries it again")
            }
            Self::TimedOut { .. } => Some("raise `[pool] run-timeout`; then `--retry timed-out`"),
            // Who refuses says why and what to do; the others are results or what was asked for.
            Self::Failed { cause: Cause::Reported(Failure::Refused), .. }
            | Self::Finished(_)
            | Self::Diverged { .. }
            | Self::Cancelled => None,
        }
    }

    /// Whether a later sweep leaves the run alone.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Cancelled)
    }
}
