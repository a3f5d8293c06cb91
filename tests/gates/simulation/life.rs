use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use sweep::{
    outcome::{Cause, Outcome},
    pool::{
        Interruption,
        core::{Attendance, Clock, Event, State},
    },
};
use sweep_protocol::message::Failure;

use super::worker::{Doing, Process, STEPS, Word};

/// Runs that a worker has room for.
pub(super) const MOST: usize = 4;

/// Something that will happen outside the scheduler.
#[derive(Debug, Clone)]
pub(super) enum Occurrence {
    Said { slot: usize, process: u64, word: Word },
    Gone { slot: usize, process: u64 },
    Signal(Interruption),
}

/// One scheduler process, and the workers that live and die with it.
pub(super) struct Life {
    pub(super) state: State,
    pub(super) attendance: Attendance,
    pub(super) clock: Clock,
    /// What the monotonic clock is off by.
    pub(super) skew: Duration,
    pub(super) counted: Duration,
    pub(super) woken: Duration,
    pub(super) agenda: BTreeMap<(Duration, u64), Occurrence>,
    pub(super) sequence: u64,
    pub(super) events: VecDeque<Event>,
    pub(super) processes: Vec<Option<Process>>,
    pub(super) deaths: Vec<u32>,
    /// Whether nothing new may be started any more.
    pub(super) halted: bool,
    /// Whether runs at work are stopped as well.
    pub(super) hurried: bool,
    pub(super) unused_since: Vec<Option<Duration>>,
    /// How many rows there is memory for at each slot, once it was too little for more.
    pub(super) room: Vec<Option<u32>>,
}

impl Life {
    pub(super) fn plan(&mut self, at: Duration, occurrence: Occurrence) {
        self.sequence += 1;
        self.agenda.insert((at, self.sequence), occurrence);
    }

    /// The workers at work on a run; one that can't be killed and was given up is not counted.
    pub(super) fn at_work(&self, run: usize) -> impl Iterator<Item = &Process> {
        let given_up = |slot: usize| self.state.broken().any(|(broken, _)| broken == slot);
        let processes = self.processes.iter().enumerate();
        processes
            .filter(move |(slot, _)| !given_up(*slot))
            .filter_map(|(_, process)| process.as_ref())
            .filter(move |process| process.runs.contains(&run))
    }

    pub(super) fn doing(&self, what: Doing) -> impl Iterator<Item = &Process> {
        self.processes.iter().flatten().filter(move |process| process.doing == what && !process.is_leaving)
    }

    /// What the words of a worker mean, as the pool understands them.
    pub(super) fn hear(&mut self, slot: usize, number: u64, word: Word) -> Option<Event> {
        if !self.attendance.may_speak(slot, number) {
            return None;
        }
        let process = self.processes[slot].as_mut().filter(|process| process.number == number)?;
        match word {
            Word::Hello => {
                process.doing = Doing::Idle;
                Some(Event::Ready { slot, capacity: MOST })
            }
            Word::Lost(reason) => {
                process.behaves = false;
                Some(Event::Lost { slot, reason: reason.into() })
            }
            Word::Progress { run, step } => {
                self.attendance.runs_at(slot).contains(&run).then_some(())?;
                Some(Event::Progress { slot, run, step, steps: STEPS })
            }
            Word::Outcome { run, outcome } => {
                self.attendance.runs_at(slot).contains(&run).then_some(())?;
                // A worker whose device failed, or that has too many rows, takes nothing any more, and its run is held back
                // until it is gone.
                if process.rows > 1 && is_failed(&outcome, Failure::OutOfMemory) {
                    process.behaves = false;
                    process.is_crowded = true;
                    self.room[slot] = Some(process.rows / 2);
                } else if !is_failed(&outcome, Failure::Device) {
                    process.runs.retain(|&at| at != run);
                    if process.runs.is_empty() {
                        process.doing = Doing::Idle;
                    }
                }
                Some(Event::Reported { slot, run, outcome })
            }
        }
    }

    /// Takes note of what forbids to start anything.
    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::Interrupted(signal) => {
                self.halted = true;
                self.hurried |= !matches!(signal, Interruption::Drain | Interruption::Interrupt(1));
            }
            Event::Reported { outcome, .. } => {
                self.halted |= is_failed(outcome, Failure::Refused);
            }
            _ => {}
        }
    }
}

pub(super) fn is_failed(outcome: &Outcome, with: Failure) -> bool {
    matches!(outcome, Outcome::Failed { cause: Cause::Reported(failure), .. } if *failure == with)
}
