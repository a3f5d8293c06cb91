use std::{collections::BTreeSet, ops::Range};

use crate::outcome::Status;

/// What is known about a run of the plan before the sweep begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// How it ended in an earlier sweep, if its outcome is final.
    pub status: Option<Status>,
    /// Number of the latest attempt at it; 0 for none.
    pub attempts: u32,
    /// Whether to ask before it is carried out: the cache, and the other schedulers.
    pub to_ask: bool,
    /// Runs with the same number may be carried out together; none where it goes alone.
    pub company: Option<usize>,
}

/// The runs that wait, and what is known about all of them.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    runs: Vec<Known>,
    crashes: Vec<u32>,
    waiting: BTreeSet<usize>,
    /// Runs that are being asked for.
    asked: BTreeSet<usize>,
    /// Runs that other schedulers have.
    elsewhere: BTreeSet<usize>,
    /// Those that train the originals.
    originals: Range<usize>,
}

/// The next thing to do about the runs that wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Ask for them.
    Consult(Vec<usize>),
    /// Hand them to a worker.
    Perform(Vec<usize>),
}

impl Queue {
    pub(super) fn new(runs: Vec<Known>, originals: Range<usize>) -> Self {
        let waiting = (0..runs.len()).filter(|&run| runs[run].status.is_none()).collect();
        Self {
            crashes: vec![0; runs.len()],
            runs,
            waiting,
            asked: BTreeSet::new(),
            elsewhere: BTreeSet::new(),
            originals,
        }
    }

    /// Whether this run trains an original.
    pub(super) fn is_original(&self, run: usize) -> bool {
        self.originals.contains(&run)
    }

    /// The first original that ended badly, if one did, and how.
    pub(super) fn original_failed(&self) -> Option<(usize, Status)> {
        let mut ends = self.originals.clone().filter_map(|run| Some((run, self.runs[run].status?)));
        ends.find(|&(_, status)| status != Status::Finished)
    }

    /// Whether every original is there.
    fn has_originals(&self) -> bool {
        self.runs[self.originals.clone()].iter().all(|run| run.status == Some(Status::Finished))
    }

    /// What to do first about the runs that wait from the position `from` on and aren't `spoken` for: of at most `most` runs
    /// that may be carried out together. Runs whose neighbours are being asked for wait for them.
    pub(super) fn next(&self, from: usize, most: usize, spoken: &BTreeSet<usize>) -> Option<Next> {
        // While an original isn't done, nothing behind them can be eligible: don't look through a million runs.
        let range = if self.has_originals() {
            from..usize::MAX
        } else {
            self.originals.start.max(from)..self.originals.end
        };
        if range.is_empty() {
            return None;
        }
        let is_next = |run: &usize| !spoken.contains(run) && (most == 1 || !self.awaits_neighbours(*run));
        let run = self.waiting.range(range.clone()).copied().find(is_next)?;
        let to_ask = self.runs[run].to_ask;
        let alike = |other: &usize| {
            self.goes_with(run, *other) && self.runs[*other].to_ask == to_ask && !spoken.contains(other)
        };
        // A plan has the first seeds of all points before the second of any.
        let wanted = if self.runs[run].company.is_some() { most - 1 } else { 0 };
        let others = self.waiting.range(run + 1..range.end.max(run + 1)).copied().filter(alike).take(wanted);
        let cohort = std::iter::once(run).chain(others).collect();
        Some(if to_ask { Next::Consult(cohort) } else { Next::Perform(cohort) })
    }

    /// Whether two runs may be carried out together. One that has cost a worker goes alone, so that it costs no others
    /// theirs again.
    fn goes_with(&self, run: usize, other: usize) -> bool {
        let company = self.runs[run].company;
        company.is_some()
            && company == self.runs[other].company
            && self.crashes[run].max(self.crashes[other]) == 0
    }

    /// Whether a run may be one of several rows.
    pub(super) fn has_company(&self, run: usize) -> bool {
        self.runs[run].company.is_some()
    }

    fn awaits_neighbours(&self, run: usize) -> bool {
        !self.runs[run].to_ask && self.asked.iter().any(|&asked| self.goes_with(run, asked))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.elsewhere.is_empty()
    }

    pub(super) fn is_asking(&self) -> bool {
        !self.asked.is_empty()
    }

    /// The run is being asked for.
    pub(super) fn ask(&mut self, run: usize) {
        self.waiting.remove(&run);
        self.asked.insert(run);
        self.runs[run].to_ask = false;
    }

    /// The cache doesn't have the run.
    pub(super) fn not_cached(&mut self, run: usize) {
        if self.asked.remove(&run) {
            self.put_back(run);
        }
    }

    /// The run is ours; its next attempt has this number.
    pub(super) fn claimed(&mut self, run: usize, attempt: u32) {
        self.runs[run].attempts = attempt.saturating_sub(1).max(self.runs[run].attempts);
    }

    /// Another scheduler has the run.
    pub(super) fn put_aside(&mut self, run: usize) {
        if self.asked.remove(&run) {
            self.elsewhere.insert(run);
        }
    }

    /// Another scheduler has the run, though it seemed to have ended here.
    pub(super) fn taken_over(&mut self, run: usize) {
        self.runs[run].status = None;
        self.elsewhere.insert(run);
    }

    /// The other scheduler has the run no more.
    pub(super) fn freed(&mut self, run: usize) {
        if self.elsewhere.remove(&run) {
            self.runs[run].to_ask = true;
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

    /// The run has ended; returns the first original that ended badly, if this trains one.
    pub(super) fn conclude(&mut self, run: usize, status: Status) -> Option<(usize, Status)> {
        self.waiting.remove(&run);
        self.asked.remove(&run);
        self.elsewhere.remove(&run);
        self.runs[run].status = Some(status);
        if self.is_original(run) { self.original_failed() } else { None }
    }
}
