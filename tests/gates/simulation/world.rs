use std::{
    collections::{BTreeMap, VecDeque},
    ops::Range,
    time::Duration,
};

use sweep::{
    outcome::Status,
    pool::{
        Interruption,
        core::{Attendance, Clock, End, Event, Rules, State, TICK, step},
    },
};
use sweep_protocol::message::Failure;

use super::{
    disk::{Disk, Failed},
    fault::{Fault, Faults, Struck},
    life::{Life, Occurrence, is_failed},
    worker::{Doing, Obedience, milliseconds},
};
use crate::chance::Chance;

pub(super) const GRACE: Duration = Duration::from_secs(4);
/// How long a world is looked at while faults go on.
const LONG: Duration = Duration::from_mins(20);
/// How long a free slot may wait for a run, or a run for a free slot (P10).
const UNUSED: Duration = Duration::from_secs(10);
/// By when everything has ended once faults have ceased.
const SETTLED: Duration = Duration::from_mins(30);
/// Schedulers that one world may see.
const LIVES: u32 = 30;

/// What is asked of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Faults go on to the end: nothing wrong may happen.
    Safety,
    /// Faults cease: everything must come to its end.
    Liveness,
}

/// A scheduler and what is around it: workers, a disk, a clock, a user. Schedulers come and go, the disk stays.
pub(super) struct World {
    mode: Mode,
    pub(super) chance: Chance,
    pub(super) faults: Faults,
    pub(super) runs: usize,
    /// Runs that train originals.
    pub(super) originals: Range<usize>,
    pub(super) accelerators: Vec<Option<u32>>,
    cacheable: Vec<bool>,
    /// Runs that are carried out together at most.
    pub(super) cohort: usize,
    pub(super) now: Duration,
    ceased_at: Option<Duration>,
    until: Duration,
    pub(super) disk: Disk,
    /// What a scheduler has said to be recorded.
    pub(super) acknowledged: BTreeMap<usize, Status>,
    /// How often each run was handed out, and how often that was in order.
    pub(super) handed_out: Vec<(u32, u32)>,
    lives: u32,
    trace: Option<blake3::Hasher>,
}

/// How a scheduler came to its end.
#[derive(Debug)]
enum Finish {
    End(End),
    Crashed,
    StoreFailed,
    /// It still lives, and that is long enough.
    Watched,
}

impl World {
    pub(super) fn new(seed: u64, is_traced: bool) -> Self {
        let mut chance = Chance::new(seed);
        let faults = Faults::draw(&mut chance);
        let runs = 1 + chance.below(7) as usize;
        let slots = 1 + chance.below(4) as usize;
        let mode = if chance.once_in(2) { Mode::Safety } else { Mode::Liveness };
        let accelerators =
            (0..slots).map(|_| chance.pick(&[None, Some(0), Some(0), Some(1), Some(2)])).collect();
        let ceased_at = (mode == Mode::Liveness).then(|| Duration::from_secs(chance.below(300)));
        Self {
            mode,
            runs,
            originals: 0..if chance.once_in(3) { 1 + chance.below(runs.min(3) as u64) as usize } else { 0 },
            accelerators,
            cacheable: (0..runs).map(|_| chance.once_in(4)).collect(),
            cohort: 1 + chance.below(4) as usize,
            chance,
            faults,
            now: Duration::ZERO,
            ceased_at,
            until: ceased_at.map_or(LONG, |at| at + SETTLED),
            disk: Disk::default(),
            acknowledged: BTreeMap::new(),
            handed_out: vec![(0, 1); runs],
            lives: 0,
            trace: is_traced.then(blake3::Hasher::new),
        }
    }

    /// Lets schedulers work until all runs have ended, or long enough; returns how often each fault struck and a hash of
    /// everything that happened.
    pub(super) fn live(mut self) -> (Struck, Option<blake3::Hash>) {
        while self.mode == Mode::Liveness || self.lives < LIVES {
            self.lives += 1;
            assert!(self.lives < 20 * LIVES, "P10: one scheduler after the other, and no end");
            let mut life = self.begin();
            let finish = self.watch(&mut life);
            self.bury(&life, &finish);
            if Self::is_over(&finish) {
                break;
            }
            self.now += Duration::from_secs(1 + self.chance.below(20));
        }
        if self.mode == Mode::Liveness {
            let mut originals = self.originals.clone().filter_map(|run| self.disk.ended().get(&run));
            let hopeless = originals.any(|&status| status != Status::Finished);
            let ended = self.disk.ended().len();
            assert!(hopeless || ended == self.runs, "P10: {ended} of {} runs have ended", self.runs);
        }
        (self.faults.struck, self.trace.map(|trace| trace.finalize()))
    }

    fn is_over(finish: &Finish) -> bool {
        match finish {
            Finish::End(End::Complete | End::OriginalFailed { .. }) | Finish::Watched => true,
            Finish::End(_) | Finish::Crashed | Finish::StoreFailed => false,
        }
    }

    pub(super) fn rules(&self) -> Rules {
        let seconds = Duration::from_secs;
        Rules {
            cohort: self.cohort,
            retries: 1,
            starts: 2,
            shortages: 10,
            rest: milliseconds(250),
            start: seconds(15),
            stall: seconds(20),
            run: Some(seconds(60)),
            unkillable: GRACE + seconds(30),
            farewell: GRACE + seconds(5),
        }
    }

    fn begin(&mut self) -> Life {
        let known = self.disk.open(self.runs, &self.cacheable);
        for (&run, status) in &self.acknowledged {
            assert_eq!(known[run].status, Some(*status), "P1: run {run} was acknowledged and is lost");
        }
        let slots = self.accelerators.len();
        let mut life = Life {
            state: State::new(self.rules(), &self.accelerators, known, self.originals.clone()),
            attendance: Attendance::new(slots),
            clock: Clock::new(self.now),
            skew: Duration::ZERO,
            counted: Duration::ZERO,
            woken: self.now,
            agenda: BTreeMap::new(),
            sequence: 0,
            events: VecDeque::from([Event::Begin]),
            processes: vec![None; slots],
            deaths: vec![0; self.runs],
            halted: false,
            hurried: false,
            unused_since: vec![None; slots],
            room: vec![None; slots],
        };
        self.plan_signals(&mut life);
        life
    }

    fn plan_signals(&mut self, life: &mut Life) {
        let Some(fault) = self.faults.one_of(Fault::SIGNALS, 3, &mut self.chance) else { return };
        let mut at = self.now + milliseconds(self.chance.below(30_000));
        let signals: &[Interruption] = match fault {
            Fault::Interrupt => &[Interruption::Interrupt(1)],
            Fault::InterruptTwice => &[Interruption::Interrupt(1), Interruption::Interrupt(2)],
            Fault::InterruptThrice => {
                &[Interruption::Interrupt(1), Interruption::Interrupt(2), Interruption::Interrupt(3)]
            }
            Fault::Terminate => &[Interruption::Terminate],
            _ => &[Interruption::Drain],
        };
        for &signal in signals {
            life.plan(at, Occurrence::Signal(signal));
            at += milliseconds(self.chance.below(6000));
        }
    }

    /// Looks on until the scheduler ends.
    fn watch(&mut self, life: &mut Life) -> Finish {
        loop {
            if self.ceased_at.is_some_and(|at| self.now >= at) {
                self.faults.ceased = true;
            }
            if self.now > self.until {
                assert_eq!(self.mode, Mode::Safety, "P10: nothing comes to an end: {:?}", life.state);
                return Finish::Watched;
            }
            let event = life.events.pop_front().or_else(|| self.next(life));
            let moment = life.clock.look(self.now.saturating_sub(life.skew));
            life.counted = moment.now;
            let tick = moment.is_tick.then_some(Event::Tick);
            for event in event.into_iter().chain(tick) {
                life.note(&event);
                let actions = step(&mut life.state, event.clone(), moment.now);
                if let Some(trace) = &mut self.trace {
                    trace.update(format!("{:?} {event:?} {actions:?}", self.now).as_bytes());
                }
                for action in actions {
                    if self.faults.strikes(Fault::SchedulerCrash, 120, &mut self.chance) {
                        return Finish::Crashed;
                    }
                    match self.carry_out(life, action) {
                        Ok(None) => {}
                        Ok(Some(end)) => return Finish::End(end),
                        Err(Failed) => return Finish::StoreFailed,
                    }
                }
            }
            self.check_use(life);
        }
    }

    /// The next thing that happens, if that is soon.
    fn next(&mut self, life: &mut Life) -> Option<Event> {
        if self.faults.strikes(Fault::ClockJump, 150, &mut self.chance) {
            self.jump(life);
        }
        let awake = life.woken + 4 * TICK;
        let due = life.agenda.first_key_value().is_some_and(|((at, _), _)| *at <= awake);
        if !due {
            self.now = self.now.max(awake);
            life.woken = self.now;
            return None;
        }
        let ((at, _), occurrence) = life.agenda.pop_first()?;
        self.now = self.now.max(at);
        life.woken = self.now;
        self.happen(life, occurrence)
    }

    /// Hours pass: for the whole machine, or for a scheduler that was stopped, or for its clock alone.
    fn jump(&mut self, life: &mut Life) {
        let hours = Duration::from_secs(3600 * (1 + self.chance.below(5)));
        let sleeps = self.chance.below(3);
        if sleeps == 2 {
            life.skew = if life.skew.is_zero() { self.now.min(hours) } else { Duration::ZERO };
            return;
        }
        self.now += hours;
        life.woken = self.now;
        self.ceased_at = self.ceased_at.map(|at| at + hours);
        self.until += hours;
        if sleeps == 0 {
            let agenda = std::mem::take(&mut life.agenda);
            life.agenda = agenda.into_iter().map(|((at, n), what)| ((at + hours, n), what)).collect();
        }
    }

    fn happen(&mut self, life: &mut Life, occurrence: Occurrence) -> Option<Event> {
        match occurrence {
            Occurrence::Signal(signal) => Some(Event::Interrupted(signal)),
            Occurrence::Gone { slot, process } => {
                life.processes[slot].take_if(|at| at.number == process)?;
                assert!(
                    life.attendance.is_present(slot, process),
                    "a process was replaced before it was gone"
                );
                Some(Event::Gone { slot, words: "it is gone".into() })
            }
            Occurrence::Said { slot, process, word } => {
                let event = life.hear(slot, process, word);
                if let Some(Event::Reported { run, outcome, .. }) = &event
                    && is_failed(outcome, Failure::Refused)
                {
                    self.handed_out[*run].1 += 1;
                }
                event
            }
        }
    }

    /// A free slot and a run that waits find each other (P10).
    fn check_use(&mut self, life: &mut Life) {
        // What was just brought about comes first, as it does in the pool.
        if life.halted || !life.events.is_empty() {
            return;
        }
        let ended = self.disk.ended();
        let has_originals = self.originals.clone().all(|run| ended.get(&run) == Some(&Status::Finished));
        let waiting = (0..self.runs).filter(|run| {
            (has_originals || self.originals.contains(run))
                && !ended.contains_key(run)
                && life.at_work(*run).next().is_none()
        });
        let waiting = waiting.count();
        let broken: Vec<usize> = life.state.broken().map(|(slot, _)| slot).collect();
        let starting = life.doing(Doing::Starting).count();
        assert!(
            waiting == 0 || life.doing(Doing::Idle).next().is_none(),
            "P10: {waiting} runs wait and a worker is idle: {:?}",
            life.state
        );
        for slot in 0..life.processes.len() {
            let unused =
                life.processes[slot].is_none() && !broken.contains(&slot) && waiting > starting * self.cohort;
            let since = life.unused_since[slot].get_or_insert(life.counted);
            assert!(
                !unused || life.counted.saturating_sub(*since) <= UNUSED,
                "P10: slot {slot} is free and {waiting} runs wait"
            );
            if !unused {
                life.unused_since[slot] = None;
            }
        }
    }

    /// What is left of a scheduler.
    fn bury(&mut self, life: &Life, finish: &Finish) {
        match finish {
            Finish::Watched => {}
            Finish::Crashed | Finish::StoreFailed => {
                let mut redone = 0;
                for (run, (times, in_order)) in self.handed_out.iter_mut().enumerate() {
                    if times == in_order && !self.disk.ended().contains_key(&run) {
                        *in_order += 1;
                        redone += 1;
                    }
                }
                assert!(redone <= self.accelerators.len() * self.cohort, "P3: {redone} runs were at work");
            }
            Finish::End(end) => self.check_end(life, end),
        }
    }

    fn check_end(&self, life: &Life, end: &End) {
        let left = life
            .processes
            .iter()
            .flatten()
            .filter(|process| process.obedience != Obedience::Unkillable)
            .count();
        assert_eq!(left, 0, "P9: {left} processes are left");
        match end {
            End::Complete => {
                assert_eq!(self.disk.ended().len(), self.runs, "it isn't complete");
            }
            End::NoWorkers => {
                assert_eq!(life.state.broken().count(), self.accelerators.len(), "there are slots left");
            }
            End::OriginalFailed { run, status } => {
                assert!(self.originals.contains(run), "run {run} is no original");
                assert_eq!(self.disk.ended().get(run), Some(status), "it did not end so");
            }
            End::Drained { .. } | End::Refused { .. } => assert!(life.halted, "nobody asked for {end:?}"),
        }
    }
}
