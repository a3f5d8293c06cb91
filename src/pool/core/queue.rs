use std::collections::BTreeSet;

use crate::outcome::Status;

/// What is known about a run of the plan before the sweep begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// How it ended in an earlier sweep, if its outcome is final.
    pub status: Option<Status>,
    /// Number of the latest attempt at it; 0 for none.
    pub attempts: u32,
    /// Whether to ask the cache for it.
    pub cacheable: bool,
}

/// The runs that wait, and what is known about all of them.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    runs: Vec<Known>,
    crashes: Vec<u32>,
    waiting: BTreeSet<usize>,
    /// Runs that the cache is being asked for.
    asked: BTreeSet<usize>,
    original: Option<usize>,
}

/// The next thing to do about the runs that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Ask the cache.
    Consult(usize),
    /// Hand it to a worker.
    Perform(usize),
}

impl Queue {
    pub(super) fn new(runs: Vec<Known>, original: Option<usize>) -> Self {
        let waiting = (0..runs.len()).filter(|&run| runs[run].status.is_none()).collect();
        Self { crashes: vec![0; runs.len()], runs, waiting, asked: BTreeSet::new(), original }
    }

    /// How the original ended, if that was badly.
    pub(super) fn original_failed(&self) -> Option<Status> {
        self.original.and_then(|run| self.runs[run].status).filter(|&status| status != Status::Finished)
    }

    /// The runs that may go on now, in the order of the plan.
    pub(super) fn eligible(&self) -> impl Iterator<Item = Next> {
        let first = self.original.filter(|&run| self.runs[run].status != Some(Status::Finished));
        let waiting = self.waiting.iter().copied().filter(move |&run| first.is_none_or(|first| run == first));
        // While the original isn't done, nothing behind it can be eligible: don't look through a million runs.
        let looked_at = first.map_or(usize::MAX, |first| first + 1);
        waiting
            .take_while(move |&run| run < looked_at)
            .map(|run| if self.runs[run].cacheable { Next::Consult(run) } else { Next::Perform(run) })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn is_asking(&self) -> bool {
        !self.asked.is_empty()
    }

    /// The cache is being asked.
    pub(super) fn ask(&mut self, run: usize) {
        self.waiting.remove(&run);
        self.asked.insert(run);
        self.runs[run].cacheable = false;
    }

    /// The cache doesn't have the run.
    pub(super) fn not_cached(&mut self, run: usize) {
        if self.asked.remove(&run) {
            self.put_back(run);
        }
    }

    /// An attempt starts; returns its number, counted from 1 over all sweeps.
    pub(super) fn started(&mut self, run: usize) -> u32 {
        self.waiting.remove(&run);
        self.runs[run].attempts += 1;
        self.runs[run].attempts
    }

    /// The run waits again.
    pub(super) fn put_back(&mut self, run: usize) {
        if self.runs[run].status.is_none() {
            self.waiting.insert(run);
        }
    }

    /// The run cost a worker; returns how many it has cost.
    pub(super) fn crashed(&mut self, run: usize) -> u32 {
        self.crashes[run] += 1;
        self.crashes[run]
    }

    /// The run has ended; returns how, if it is the original and that was badly.
    pub(super) fn conclude(&mut self, run: usize, status: Status) -> Option<Status> {
        self.waiting.remove(&run);
        self.asked.remove(&run);
        self.runs[run].status = Some(status);
        if self.original == Some(run) { self.original_failed() } else { None }
    }
}
