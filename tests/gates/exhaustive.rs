//! EXH: every order of events of a small sweep, and a death of the scheduler between any two actions.
//!
//! Three runs, two slots, two deaths of the scheduler: a walk over all states that can be reached gives every run exactly one outcome,
//! whatever goes wrong and in which order. A trial is one state; two thirds of the sweeps have one or two
//! originals that must come first. The quick walk allows fewer mishaps.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Range,
    time::Duration,
};

use sweep::{
    outcome::{Cause, Outcome, Status},
    pool::{
        Interruption,
        core::{Action, Attempt, End, Event, Hindrance, Known, Rules, State, step},
    },
};
use sweep_protocol::message::Failure;

use crate::{report::Report, simulation::measurement};

const RUNS: usize = 3;
const SLOTS: usize = 2;
const RESTARTS: u32 = 2;

/// What a scheduler can see of the world, and what it cannot.
#[derive(Debug, Clone)]
struct World {
    state: State,
    /// What the process at each slot is at.
    processes: [Process; SLOTS],
    recorded: BTreeMap<usize, Status>,
    attempts: [u32; RUNS],
    /// Mishaps that may still come.
    mishaps: u64,
    restarts: u32,
    /// Runs that train originals.
    originals: Range<usize>,
    /// Runs that are carried out together at most.
    cohort: usize,
    ended: Option<End>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Process {
    None,
    Silent,
    Idle,
    /// With these runs.
    Busy([bool; RUNS]),
    /// It has said how its run ended, and nobody has taken note yet.
    Done,
    Stopping,
}

impl Process {
    fn has(self, run: usize) -> bool {
        matches!(self, Self::Busy(runs) if runs[run])
    }

    /// It has said how a run of its ended.
    fn end(&mut self, run: usize) {
        if let Self::Busy(runs) = self {
            runs[run] = false;
            if *runs == [false; RUNS] {
                *self = Self::Done;
            }
        }
    }
}

pub(crate) fn run(mishaps: u64) -> Report {
    let mut report = Report::default();
    for originals in [0..0, 0..1, 0..2] {
        // Two slots of one accelerator, two accelerators, and the CPU with one.
        let alone = [[Some(0), Some(0)], [Some(0), Some(1)], [None, Some(0)]].map(|slots| (slots, 1));
        // Two runs at once, where the first is the original, where it is one of them, and where both are originals.
        for (accelerators, cohort) in alone.into_iter().chain([([Some(0), Some(1)], 2)]) {
            let what = format!("originals {originals:?}, accelerators {accelerators:?}, {cohort} at once");
            let mut states = 0;
            report.trial(&what, || states = explore(mishaps, &originals, &accelerators, cohort));
            report.figure(format!("{states} states, {what}"));
            // A trial is a state; the walk itself was counted.
            report.trials += states.saturating_sub(1);
        }
    }
    report
}

/// Goes through every sequence of events; returns how many states there are.
fn explore(
    mishaps: u64,
    originals: &Range<usize>,
    accelerators: &[Option<u32>; SLOTS],
    cohort: usize,
) -> u64 {
    let mut seen: HashSet<[u8; 16]> = HashSet::new();
    let mut open =
        World::begin(BTreeMap::new(), [0; RUNS], (mishaps, RESTARTS), (originals, cohort), accelerators);
    while let Some(world) = open.pop() {
        let hash = blake3::hash(format!("{world:?}").as_bytes());
        if !seen.insert(hash.as_bytes()[..16].try_into().expect("16 of 32 bytes")) {
            continue;
        }
        if let Some(end) = &world.ended {
            world.check_end(end);
            continue;
        }
        let possible = world.possible();
        assert!(possible.iter().any(|(_, mishaps)| *mishaps == 0), "it waits for nothing: {world:?}");
        for (event, cost) in possible {
            if cost <= world.mishaps {
                open.extend(world.after(&event, cost, accelerators));
            }
        }
    }
    seen.len() as u64
}

impl World {
    /// The world of a new scheduler, and those of the ones after it if it dies at once.
    fn begin(
        recorded: BTreeMap<usize, Status>,
        attempts: [u32; RUNS],
        (mishaps, restarts): (u64, u32),
        (originals, cohort): (&Range<usize>, usize),
        accelerators: &[Option<u32>; SLOTS],
    ) -> Vec<Self> {
        let known = |run| Known {
            status: recorded.get(&run).copied(),
            attempts: attempts[run],
            to_ask: false,
            company: Some(usize::from(originals.contains(&run))),
        };
        let state = State::new(
            Rules { cohort, ..rules() },
            accelerators,
            (0..RUNS).map(known).collect(),
            originals.clone(),
        );
        let processes = [Process::None; SLOTS];
        let originals = originals.clone();
        let world =
            Self { state, processes, recorded, attempts, mishaps, restarts, originals, cohort, ended: None };
        world.after(&Event::Begin, 0, accelerators)
    }

    /// The world after an event, and the worlds in which the scheduler dies before one of its actions or after all.
    fn after(&self, event: &Event, cost: u64, accelerators: &[Option<u32>; SLOTS]) -> Vec<Self> {
        let mut world = self.clone();
        world.mishaps -= cost;
        match *event {
            Event::Ready { slot, .. } => world.processes[slot] = Process::Idle,
            Event::Gone { slot, .. } | Event::StartFailed { slot, .. } => {
                world.processes[slot] = Process::None;
            }
            Event::Reported { slot, run, .. } => world.processes[slot].end(run),
            _ => {}
        }
        let actions = step(&mut world.state, event.clone(), Duration::ZERO);
        let mut worlds = Vec::new();
        for action in actions {
            worlds.extend(world.reborn(accelerators));
            world.carry_out(action);
        }
        for process in &mut world.processes {
            if *process == Process::Done {
                *process = Process::Idle;
            }
        }
        worlds.extend(world.reborn(accelerators));
        worlds.push(world);
        worlds
    }

    /// The worlds of the next scheduler, if this one may still die.
    fn reborn(&self, accelerators: &[Option<u32>; SLOTS]) -> Vec<Self> {
        if self.restarts == 0 {
            return Vec::new();
        }
        let left = (self.mishaps, self.restarts - 1);
        Self::begin(self.recorded.clone(), self.attempts, left, (&self.originals, self.cohort), accelerators)
    }

    fn carry_out(&mut self, action: Action) {
        assert_eq!(self.ended, None, "after the end: {action:?}");
        match action {
            Action::Start { slot } => {
                assert_eq!(self.processes[slot], Process::None, "two processes at slot {slot}");
                self.processes[slot] = Process::Silent;
            }
            Action::Perform { slot, cohort, rows } => {
                let is_free = matches!(self.processes[slot], Process::Idle | Process::Done);
                assert!(is_free, "{cohort:?} is handed to {:?}", self.processes[slot]);
                let most = rows.map_or(self.cohort, |rows| self.cohort.min(rows as usize));
                assert!(cohort.len() <= most, "{cohort:?} at once, {most} allowed");
                let mut runs = [false; RUNS];
                for attempt in cohort {
                    self.hand_out(attempt);
                    runs[attempt.run] = true;
                }
                self.processes[slot] = Process::Busy(runs);
            }
            Action::Stop { slot, .. } => self.processes[slot] = Process::Stopping,
            Action::Commit { run, outcome, .. } => {
                let before = self.recorded.insert(run, outcome.status());
                assert_eq!(before, None, "P4: run {run} has two outcomes");
            }
            Action::End(end) => self.ended = Some(end),
            Action::Tell(_) => {}
            Action::Consult { .. } => unreachable!("no run is cacheable"),
        }
    }

    fn hand_out(&mut self, Attempt { run, number }: Attempt) {
        assert!(!self.recorded.contains_key(&run), "P2: run {run} is recorded and handed out again");
        let at_work = self.processes.iter().any(|process| process.has(run));
        assert!(!at_work, "run {run} is at work twice");
        assert!(number > self.attempts[run], "P4: attempt {number} at run {run} is not a new one");
        for original in self.originals.clone().filter(|_| !self.originals.contains(&run)) {
            assert_eq!(self.recorded.get(&original), Some(&Status::Finished), "the originals come first");
        }
        self.attempts[run] = number;
    }

    /// Everything that can happen next, each with the number of mishaps that it is.
    fn possible(&self) -> Vec<(Event, u64)> {
        let mut events = vec![
            (Event::Interrupted(Interruption::Interrupt(1)), 1),
            (Event::Interrupted(Interruption::Terminate), 1),
        ];
        let lost = |slot| (Event::Lost { slot, reason: String::new() }, 1);
        for (slot, process) in self.processes.iter().enumerate() {
            match *process {
                Process::None | Process::Done => {}
                Process::Silent => {
                    let hindrance = Hindrance::Fault;
                    let fails = Event::StartFailed { slot, reason: String::new(), hindrance };
                    events.extend([(Event::Ready { slot, capacity: RUNS }, 0), lost(slot), (fails, 1)]);
                }
                Process::Idle => events.push(lost(slot)),
                Process::Busy(runs) => {
                    for (run, has) in runs.into_iter().enumerate() {
                        events.push((reported(slot, run, finished(run)), u64::from(!has)));
                    }
                    for run in (0..RUNS).filter(|&run| runs[run]) {
                        events.extend([
                            (reported(slot, run, Outcome::Diverged { step: 1 }), 1),
                            (reported(slot, run, failed(Failure::Error)), 1),
                            (reported(slot, run, failed(Failure::OutOfMemory)), 1),
                            (reported(slot, run, failed(Failure::Device)), 1),
                            (reported(slot, run, failed(Failure::Refused)), 1),
                        ]);
                    }
                    events.push(lost(slot));
                }
                Process::Stopping => events.extend([
                    (Event::Gone { slot, words: String::new() }, 0),
                    (reported(slot, 0, finished(0)), 1),
                ]),
            }
        }
        events
    }

    fn check_end(&self, end: &End) {
        assert!(
            self.processes.iter().all(|process| *process == Process::None),
            "P9: a process is left: {self:?}"
        );
        let recorded = self.recorded.len();
        match end {
            End::Complete => assert_eq!(recorded, RUNS, "{self:?}"),
            End::NoWorkers => assert_eq!(self.state.broken().count(), SLOTS, "{self:?}"),
            End::OriginalFailed { run, status } => {
                assert!(self.originals.contains(run), "{self:?}");
                assert_eq!(self.recorded.get(run), Some(status), "{self:?}");
            }
            End::Drained { .. } | End::Refused { .. } => assert!(recorded < RUNS, "{self:?}"),
        }
    }
}

fn rules() -> Rules {
    // Nothing is late here: time stands still.
    Rules {
        cohort: 1,
        retries: 1,
        starts: 2,
        shortages: 3,
        rest: Duration::ZERO,
        start: Duration::MAX,
        stall: Duration::MAX,
        run: None,
        unkillable: Duration::MAX,
        farewell: Duration::MAX,
    }
}

fn reported(slot: usize, run: usize, outcome: Outcome) -> Event {
    Event::Reported { slot, run, outcome }
}

fn finished(run: usize) -> Outcome {
    Outcome::Finished(measurement(run, 1))
}

fn failed(failure: Failure) -> Outcome {
    Outcome::Failed { cause: Cause::Reported(failure), message: String::new() }
}
