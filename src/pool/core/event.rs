use sweep_protocol::measurement::Measurement;

use super::super::observer::{Happening, Interruption};
use crate::{
    engine::Manner,
    outcome::{Outcome, Status},
    store::Source,
};

/// Something that happened. Slots count from 0; runs are positions in the plan. Events of a worker that was replaced
/// must not arrive here.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The sweep begins.
    Begin,
    /// Time has passed.
    Tick,
    /// A worker has said who it is, and may be used.
    Ready {
        /// Its slot.
        slot: usize,
        /// How many runs it carries out at once.
        capacity: usize,
    },
    /// No process came to be.
    StartFailed {
        /// The slot.
        slot: usize,
        /// Why.
        reason: String,
        /// Whether it may pass.
        hindrance: Hindrance,
    },
    /// A run moves.
    Progress {
        /// The slot.
        slot: usize,
        /// The run.
        run: usize,
        /// Optimiser steps taken.
        step: u64,
        /// Optimiser steps in all.
        steps: u64,
    },
    /// A worker says how a run ended; the files of a finished one are there.
    Reported {
        /// The slot.
        slot: usize,
        /// The run.
        run: usize,
        /// How.
        outcome: Outcome,
    },
    /// A worker can't be talked to any more; its process may still live.
    Lost {
        /// The slot.
        slot: usize,
        /// Why.
        reason: String,
    },
    /// The process that was to be stopped is gone.
    Gone {
        /// The slot.
        slot: usize,
        /// Its last words.
        words: String,
    },
    /// What the cache has.
    Cached {
        /// The run.
        run: usize,
        /// Its measurement, if the cache has it.
        measurement: Option<Box<Measurement>>,
    },
    /// The run is this scheduler's among several; what the cache has of it comes next.
    Claimed {
        /// The run.
        run: usize,
        /// As which attempt.
        attempt: u32,
    },
    /// Another scheduler has the run.
    Elsewhere {
        /// The run.
        run: usize,
    },
    /// Another scheduler has recorded the end of the run.
    EndedElsewhere {
        /// The run.
        run: usize,
        /// How it ended.
        status: Status,
    },
    /// Another scheduler has taken the run over, so that the end that was to be recorded counts for nothing.
    TakenOver {
        /// The run.
        run: usize,
    },
    /// The other scheduler has given the run up, or is gone.
    Freed {
        /// The run.
        run: usize,
    },
    /// The user, or the cluster, wants an end.
    Interrupted(Interruption),
}

impl Event {
    /// Whether a sweep that had come to its end may go on after this.
    pub(in crate::pool) fn reconsiders(&self) -> bool {
        matches!(self, Self::EndedElsewhere { .. } | Self::TakenOver { .. })
    }
}

/// An attempt at a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The run.
    pub run: usize,
    /// Which attempt, counted from 1 over all sweeps.
    pub number: u32,
}

/// What keeps a worker from starting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// Something is wrong with the worker, or with the machine.
    Fault,
    /// The system is short of memory, processes or open files, which may pass.
    Shortage,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Start a worker process.
    Start {
        /// Its slot.
        slot: usize,
    },
    /// Hand runs to the worker, to be carried out together.
    Perform {
        /// The slot.
        slot: usize,
        /// At least one.
        cohort: Vec<Attempt>,
        /// No more rows than these, where more were too many for this slot.
        rows: Option<u32>,
    },
    /// End the worker process, and say when it is gone.
    Stop {
        /// Its slot.
        slot: usize,
        /// How patiently.
        manner: Manner,
    },
    /// Ask the cache for a run.
    Consult {
        /// The run.
        run: usize,
    },
    /// Record the end of a run, then let it be known.
    Commit {
        /// The run.
        run: usize,
        /// The attempt; 0 for none.
        attempt: u32,
        /// How it ended.
        outcome: Outcome,
        /// Where the outcome comes from.
        source: Source,
    },
    /// Let something be known.
    Tell(Happening<'static>),
    /// Everything is done; no worker is left.
    End(End),
}

/// Why a sweep ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Every run has an outcome.
    Complete,
    /// It was asked to end early.
    Drained {
        /// By whom.
        by: Interruption,
    },
    /// An original could not be trained.
    OriginalFailed {
        /// Its run.
        run: usize,
        /// How it ended.
        status: Status,
    },
    /// A worker refused the data, the original or a recipe.
    Refused {
        /// What it said.
        message: String,
    },
    /// No slot is left.
    NoWorkers,
}
