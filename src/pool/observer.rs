use sweep_protocol::message::Hello;

use crate::{
    outcome::Outcome,
    store::{Notice, Source},
};

/// Who wants to know how a sweep goes. Called from one thread, in the order in which things happen.
pub trait Observer {
    /// Something has happened. An outcome is told only once it is recorded.
    fn event(&mut self, happening: &Happening<'_>);
}

/// Something worth showing. Slots count from 0; runs are positions in the plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening<'a> {
    /// A worker process is being started.
    WorkerStarting {
        /// Its slot.
        slot: usize,
    },
    /// A worker is ready for runs.
    WorkerReady {
        /// Its slot.
        slot: usize,
        /// Who it is.
        hello: &'a Hello,
    },
    /// A worker ended unasked, or did not start.
    WorkerLost {
        /// Its slot.
        slot: usize,
        /// Why, with its last words.
        reason: String,
    },
    /// A slot is used no more.
    SlotBroken {
        /// The slot.
        slot: usize,
        /// Why.
        reason: String,
    },
    /// An attempt at a run starts.
    Started {
        /// The slot.
        slot: usize,
        /// The run.
        run: usize,
        /// Counted from 1.
        attempt: u32,
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
    /// A run has ended, and that is recorded.
    Ended {
        /// The slot, unless the outcome comes from the cache.
        slot: Option<usize>,
        /// The run.
        run: usize,
        /// How.
        outcome: &'a Outcome,
        /// From where.
        source: Source,
    },
    /// A run cost its worker and will be tried again.
    Retrying {
        /// The run.
        run: usize,
        /// The attempt that failed.
        attempt: u32,
        /// Why.
        reason: String,
    },
    /// Several runs at once were more than there is memory for: they are pending again, and fewer go at once.
    Crowded {
        /// The slot.
        slot: usize,
        /// The runs.
        runs: Vec<usize>,
        /// How many go at once from now on.
        rows: u32,
        /// What the worker said.
        reason: String,
    },
    /// A run was stopped on request and is pending again.
    Abandoned {
        /// The slot.
        slot: usize,
        /// The run.
        run: usize,
    },
    /// An outcome came too late, or twice, and doesn't count.
    Dropped {
        /// The slot.
        slot: usize,
        /// The run.
        run: usize,
    },
    /// Nothing new is started.
    Draining {
        /// Who asked for it.
        by: Interruption,
        /// Runs at work.
        running: usize,
    },
    /// Something about the results or the cache.
    Notice(&'a Notice),
}

/// A wish to end early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// Ctrl-C, for the nth time: 1 lets the runs at work finish, 2 stops them, 3 kills them.
    Interrupt(u32),
    /// The cluster or the terminal wants the process to end: stops the runs at work.
    Terminate,
    /// The cluster says that time is running out: lets the runs at work finish.
    Drain,
}
