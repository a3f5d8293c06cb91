use sweep_protocol::measurement::Measurement;

use super::super::observer::Interruption;
use crate::{
    engine::Manner,
    outcome::{Outcome, Status},
    store::Source,
};

/// Something that happened. Slots count from 0; runs are positions in the plan. Events of a worker that was replaced
/// must not arrive here.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Event {
    /// The sweep begins.
    Begin,
    /// Time has passed.
    Tick,
    /// A worker has said who it is, and may be used.
    Ready { slot: usize },
    /// No process came to be.
    StartFailed { slot: usize, reason: String },
    /// A run moves.
    Progress { slot: usize, run: usize, step: u64, steps: u64 },
    /// A worker says how a run ended; the files of a finished one are there.
    Reported { slot: usize, run: usize, outcome: Outcome },
    /// A worker can't be talked to any more; its process may still live.
    Lost { slot: usize, reason: String },
    /// The process that was to be stopped is gone; its last words.
    Gone { slot: usize, words: String },
    /// What the cache has.
    Cached { run: usize, measurement: Option<Box<Measurement>> },
    /// The run is this scheduler's among several, as this attempt; what the cache has of it comes next.
    Claimed { run: usize, attempt: u32 },
    /// Another scheduler has the run.
    Elsewhere { run: usize },
    /// Another scheduler has recorded the end of the run.
    EndedElsewhere { run: usize, status: Status },
    /// The other scheduler has given the run up, or is gone.
    Freed { run: usize },
    /// The user, or the cluster, wants an end.
    Interrupted(Interruption),
}

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Action {
    /// Start a worker process.
    Start { slot: usize },
    /// Hand a run to the worker.
    Perform { slot: usize, run: usize, attempt: u32 },
    /// End the worker process, and say when it is gone.
    Stop { slot: usize, manner: Manner },
    /// Ask the cache for a run.
    Consult { run: usize },
    /// Record the end of a run, then let it be known.
    Commit { run: usize, attempt: u32, outcome: Outcome, source: Source },
    /// Let something be known.
    Tell(Tidings),
    /// Everything is done; no worker is left.
    End(End),
}

/// Something to let be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Tidings {
    Progress { slot: usize, run: usize, step: u64, steps: u64 },
    WorkerLost { slot: usize, reason: String },
    SlotBroken { slot: usize, reason: String },
    Retrying { run: usize, attempt: u32, reason: String },
    Abandoned { slot: usize, run: usize },
    Dropped { slot: usize, run: usize },
    Draining { by: Interruption, running: usize },
}

/// Why a sweep ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum End {
    Complete,
    Drained { by: Interruption },
    OriginalFailed { status: Status },
    Refused { message: String },
    NoWorkers,
}
