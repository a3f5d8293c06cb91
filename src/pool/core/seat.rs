use std::{collections::BTreeSet, time::Duration};

use super::{Action, Attempt, End, State, loss::Death, queue::Next};
use crate::{engine::Manner, outcome::Cause};

/// Limits of time and of repetition. A grid's `[pool]` sets some; the others are fixed.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How many runs are carried out together at most; 1 where each goes alone.
    pub cohort: usize,
    /// How often a run that cost its worker is tried again.
    pub retries: u32,
    /// How often in a row a worker may fail to start.
    pub starts: u32,
    /// How often in a row that may be for want of something that comes back: memory, processes, open files.
    pub shortages: u32,
    /// How long a slot rests after a failed start; twice as long after each further one, up to 8 s.
    pub rest: Duration,
    /// How long a worker may take to say who it is.
    pub start: Duration,
    /// How long a run's step may stand still.
    pub stall: Duration,
    /// How long a run may take.
    pub run: Option<Duration>,
    /// How long a killed process may take to go.
    pub unkillable: Duration,
    /// The same while the sweep is made to end at once.
    pub farewell: Duration,
}

/// A place for one worker.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) seat: Seat,
    /// What it works on, unless that is the CPU.
    pub(super) accelerator: Option<u32>,
    /// How many runs its worker carries out at once.
    pub(super) capacity: usize,
    /// How many there is memory for, once it was too little for more.
    pub(super) room: Option<u32>,
    /// In a row.
    pub(super) failed_starts: u32,
    /// When a worker may be started here again.
    pub(super) rests_until: Duration,
}

/// Who sits there.
#[derive(Debug, Clone, Default)]
pub(super) enum Seat {
    /// Nobody.
    #[default]
    Empty,
    /// A process that hasn't said who it is.
    Starting { since: Duration },
    /// A worker without work.
    Idle,
    /// A worker with work.
    Busy(Work),
    /// A process that is being ended.
    Stopping { since: Duration, after: After },
    /// Nobody any more.
    Broken { reason: String },
}

/// What a worker is at.
#[derive(Debug, Clone)]
pub(super) struct Work {
    /// The runs that it hasn't ended yet; at least one.
    pub(super) runs: Vec<Member>,
    /// How many there were.
    pub(super) cohort: u32,
    pub(super) since: Duration,
    /// When the step of any run moved.
    pub(super) moved: Duration,
    /// Whether a run failed: the worker is ended when it is done with the others.
    pub(super) failed: bool,
}

/// One of the runs that a worker is at.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) attempt: Attempt,
    /// The latest step that was reported.
    pub(super) step: Option<u64>,
}

impl Work {
    fn new(cohort: &[Attempt], now: Duration) -> Self {
        let runs = cohort.iter().map(|&attempt| Member { attempt, step: None }).collect();
        Self { runs, cohort: cohort.len() as u32, since: now, moved: now, failed: false }
    }

    pub(super) fn attempts(&self) -> Vec<Attempt> {
        self.runs.iter().map(|member| member.attempt).collect()
    }
}

/// What follows once the process is gone.
#[derive(Debug, Clone)]
pub(super) enum After {
    Nothing,
    FailedStart { reason: String },
    Abandoned { runs: Vec<Attempt> },
    Crowded { runs: Vec<Attempt>, rows: u32, reason: String },
    TimedOut { runs: Vec<Attempt>, after_s: f64 },
    Died(Death),
}

impl Slot {
    pub(super) fn new(accelerator: Option<u32>) -> Self {
        Self {
            seat: Seat::Empty,
            accelerator,
            capacity: 1,
            room: None,
            failed_starts: 0,
            rests_until: Duration::ZERO,
        }
    }

    /// The attempt at a run that the worker is at.
    pub(super) fn attempt_at(&self, run: usize) -> Option<Attempt> {
        let Seat::Busy(work) = &self.seat else { return None };
        work.runs.iter().map(|member| member.attempt).find(|attempt| attempt.run == run)
    }

    /// Takes a run from what the worker is at. Says whether the worker is done, and had better not go on: one of its runs
    /// has failed.
    pub(super) fn end(&mut self, run: usize, failed: bool, now: Duration) -> bool {
        let Seat::Busy(work) = &mut self.seat else { return false };
        work.runs.retain(|member| member.attempt.run != run);
        work.failed |= failed;
        work.moved = now;
        let (done, failed) = (work.runs.is_empty(), work.failed);
        if done {
            self.seat = Seat::Idle;
        }
        done && failed
    }
}

impl State {
    /// Gives work to whoever has none, and starts workers where there is more.
    pub(super) fn assign(&mut self, now: Duration, actions: &mut Vec<Action>) {
        if self.halt.is_some() {
            return;
        }
        if let Some((run, status)) = self.queue.original_failed() {
            self.halt = Some(End::OriginalFailed { run, status });
            return;
        }
        let with = |wanted: &dyn Fn(&Slot) -> bool| {
            let slots = self.slots.iter().enumerate();
            slots.filter(|(_, slot)| wanted(slot)).map(|(number, _)| number).collect::<Vec<_>>()
        };
        let mut idle = with(&|slot| matches!(slot.seat, Seat::Idle)).into_iter();
        let mut starting = with(&|slot| matches!(slot.seat, Seat::Starting { .. })).into_iter();
        let rested = |slot: &Slot| matches!(slot.seat, Seat::Empty) && slot.rests_until <= now;
        let mut empty = with(&rested).into_iter();
        let places = idle.len() + starting.len() + empty.len();
        let (mut from, mut spoken) = (0, BTreeSet::new());
        for _ in 0..places {
            let most = idle.as_slice().first().map_or(self.rules.cohort, |&slot| self.rows(slot));
            let Some(next) = self.queue.next(from, most, &spoken) else { return };
            match next {
                Next::Consult(runs) => {
                    from = runs[0] + 1;
                    for run in runs {
                        self.queue.ask(run);
                        actions.push(Action::Consult { run });
                    }
                }
                Next::Perform(runs) => {
                    from = runs[0] + 1;
                    // Those that no worker takes now still wait, for the one that is to take them.
                    spoken.extend(runs.iter().copied());
                    if let Some(slot) = idle.next() {
                        let attempt = |run| Attempt { run, number: self.queue.started(run) };
                        let cohort: Vec<Attempt> = runs.into_iter().map(attempt).collect();
                        self.slots[slot].seat = Seat::Busy(Work::new(&cohort, now));
                        actions.push(Action::Perform { slot, cohort, rows: self.slots[slot].room });
                    } else if starting.next().is_none()
                        && let Some(slot) = empty.next()
                    {
                        self.slots[slot].seat = Seat::Starting { since: now };
                        actions.push(Action::Start { slot });
                    }
                }
            }
        }
    }

    /// In how many rows a run is computed at a slot.
    pub(super) fn rows_of(&self, number: usize, run: usize) -> usize {
        if self.queue.has_company(run) { self.rows(number) } else { 1 }
    }

    /// How many runs go at once at a slot.
    pub(super) fn rows(&self, number: usize) -> usize {
        let Slot { capacity, room, .. } = &self.slots[number];
        self.rules.cohort.min(*capacity).min(room.map_or(usize::MAX, |room| room as usize))
    }

    /// Ends who takes too long.
    pub(super) fn watch(&mut self, now: Duration, actions: &mut Vec<Action>) {
        let unkillable = if self.hurried { self.rules.farewell } else { self.rules.unkillable };
        for number in 0..self.slots.len() {
            match &self.slots[number].seat {
                Seat::Starting { since } if now.saturating_sub(*since) > self.rules.start => {
                    let reason =
                        format!("the worker said nothing for {} s", now.saturating_sub(*since).as_secs());
                    self.stop(number, After::FailedStart { reason }, Manner::Firm, now, actions);
                }
                Seat::Busy(work) => {
                    if let Some(after) = self.overdue(work, now) {
                        self.stop(number, after, Manner::Firm, now, actions);
                    }
                }
                Seat::Stopping { since, .. } if now.saturating_sub(*since) > unkillable => {
                    self.give_up(number, now, actions);
                }
                _ => {}
            }
        }
    }

    fn overdue(&self, work: &Work, now: Duration) -> Option<After> {
        let (taken, still) = (now.saturating_sub(work.since), now.saturating_sub(work.moved));
        // Runs that share a worker share its time.
        if self.rules.run.is_some_and(|limit| taken > limit * work.cohort) {
            return Some(After::TimedOut { runs: work.attempts(), after_s: taken.as_secs_f64() });
        }
        (still > self.rules.stall).then(|| {
            let message = format!("the run made no step for {} s", still.as_secs());
            After::Died(Death { runs: work.attempts(), cause: Cause::WorkerLost, message })
        })
    }

    pub(super) fn stop(
        &mut self,
        number: usize,
        after: After,
        manner: Manner,
        now: Duration,
        actions: &mut Vec<Action>,
    ) {
        self.slots[number].seat = Seat::Stopping { since: now, after };
        actions.push(Action::Stop { slot: number, manner });
    }

    /// Sends everybody home when nothing is left to do, and ends when all are gone.
    pub(super) fn finish(&mut self, now: Duration, actions: &mut Vec<Action>) {
        let nobody = self.slots.iter().all(|slot| matches!(slot.seat, Seat::Broken { .. }));
        let nothing_to_do = self.halt.is_some() || self.queue.is_empty() || nobody;
        if self.queue.is_asking() || self.any(Seat::is_at_work) || !nothing_to_do {
            return;
        }
        for number in 0..self.slots.len() {
            if matches!(self.slots[number].seat, Seat::Idle | Seat::Starting { .. }) {
                self.stop(number, After::Nothing, Manner::Gentle, now, actions);
            }
        }
        if !self.any(Seat::is_alive) {
            let end = match self.halt.clone() {
                Some(End::Drained { .. }) | None if self.queue.is_empty() => End::Complete,
                Some(end) => end,
                None => End::NoWorkers,
            };
            self.ended = true;
            actions.push(Action::End(end));
        }
    }

    fn any(&self, is: fn(&Seat) -> bool) -> bool {
        self.slots.iter().any(|slot| is(&slot.seat))
    }

    /// Why slots are out of use.
    pub fn broken(&self) -> impl Iterator<Item = (usize, &str)> {
        self.slots.iter().enumerate().filter_map(|(number, slot)| match &slot.seat {
            Seat::Broken { reason } => Some((number, reason.as_str())),
            _ => None,
        })
    }
}

impl Seat {
    /// Whether a run may still be in its hands.
    fn is_at_work(&self) -> bool {
        match self {
            Self::Busy(_) => true,
            Self::Stopping { after, .. } => !matches!(after, After::Nothing | After::FailedStart { .. }),
            Self::Empty | Self::Starting { .. } | Self::Idle | Self::Broken { .. } => false,
        }
    }

    /// Whether there is a process.
    fn is_alive(&self) -> bool {
        !matches!(self, Self::Empty | Self::Broken { .. })
    }
}
