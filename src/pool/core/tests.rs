use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use sweep_protocol::{
    measurement::{Accuracies, Artifact, Measurement},
    message::Failure,
    terms::UnitInterval,
};

use super::{Action, End, Event, Known, Rules, State, Tidings, step};
use crate::{
    engine::Manner,
    outcome::{Cause, Outcome, Status},
    pool::observer::Interruption,
    store::Source,
};

const FRESH: Known = Known { status: None, attempts: 0, cacheable: false };

fn rules() -> Rules {
    Rules {
        retries: 1,
        starts: 2,
        start: seconds(30),
        stall: seconds(100),
        run: Some(seconds(500)),
        unkillable: seconds(60),
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn finished() -> Outcome {
    let share = UnitInterval::new(0.5).expect("in range");
    Outcome::Finished(Box::new(Measurement {
        accuracy: Accuracies { retain: share, forget: share, validation: share, test: None },
        unlearn_s: 1.0,
        measure_s: 0.0,
        steps: 1,
        confidences: Artifact {
            file: "confidences.npy".into(),
            blake3: "0".repeat(64).parse().expect("a hash"),
        },
        weights: None,
        examples: None,
    }))
}

fn failed(failure: Failure) -> Outcome {
    Outcome::Failed { cause: Cause::Reported(failure), message: "why".into() }
}

/// A scheduler core with a clock, which remembers what it said.
struct Script {
    state: State,
    now: Duration,
    said: Vec<Action>,
}

impl Script {
    fn new(slots: usize, runs: Vec<Known>, original: Option<usize>) -> Self {
        let mut script =
            Self { state: State::new(rules(), slots, runs, original), now: Duration::ZERO, said: Vec::new() };
        script.hear(Event::Begin);
        script
    }

    fn hear(&mut self, event: Event) -> &mut Self {
        self.said = step(&mut self.state, event, self.now);
        self
    }

    fn after(&mut self, passed: u64) -> &mut Self {
        self.now += seconds(passed);
        self.hear(Event::Tick)
    }

    fn says(&mut self, expected: &[Action]) -> &mut Self {
        assert_eq!(self.said, expected);
        self
    }

    fn commits(&self) -> Vec<(usize, Status)> {
        let commits = self.said.iter().filter_map(|action| match action {
            Action::Commit { run, outcome, .. } => Some((*run, outcome.status())),
            _ => None,
        });
        commits.collect()
    }

    fn performs(&self) -> Vec<(usize, usize, u32)> {
        let performs = self.said.iter().filter_map(|action| match action {
            Action::Perform { slot, run, attempt } => Some((*slot, *run, *attempt)),
            _ => None,
        });
        performs.collect()
    }

    fn end(&self) -> Option<&End> {
        self.said.iter().find_map(|action| if let Action::End(end) = action { Some(end) } else { None })
    }
}

fn ready(slot: usize) -> Event {
    Event::Ready { slot }
}

fn reported(slot: usize, run: usize, outcome: Outcome) -> Event {
    Event::Reported { slot, run, outcome }
}

fn lost(slot: usize) -> Event {
    Event::Lost { slot, reason: "lost".into() }
}

fn gone(slot: usize) -> Event {
    Event::Gone { slot, words: String::new() }
}

#[test]
fn workers_start_when_there_is_work_and_go_when_there_is_none() {
    let mut script = Script::new(3, vec![FRESH; 2], None);
    script.says(&[Action::Start { slot: 0 }, Action::Start { slot: 1 }]);
    script.hear(ready(1)).says(&[Action::Perform { slot: 1, run: 0, attempt: 1 }]);
    script.hear(ready(0)).says(&[Action::Perform { slot: 0, run: 1, attempt: 1 }]);
    let commit = |run| Action::Commit { run, attempt: 1, outcome: finished(), source: Source::Computed };
    script.hear(reported(1, 0, finished())).says(&[commit(0)]);
    let stop = |slot| Action::Stop { slot, manner: Manner::Gentle };
    script.hear(reported(0, 1, finished())).says(&[commit(1), stop(0), stop(1)]);
    script.hear(gone(1)).says(&[]);
    script.hear(gone(0)).says(&[Action::End(End::Complete)]);
}

#[test]
fn a_finished_plan_needs_no_worker() {
    let done = Known { status: Some(Status::Diverged), ..FRESH };
    Script::new(2, vec![done; 3], None).says(&[Action::End(End::Complete)]);
}

#[test]
fn the_original_comes_first_and_alone() {
    let mut script = Script::new(2, vec![FRESH; 3], Some(1));
    script.says(&[Action::Start { slot: 0 }]);
    script.hear(ready(0)).says(&[Action::Perform { slot: 0, run: 1, attempt: 1 }]);
    script.hear(reported(0, 1, finished()));
    assert_eq!(script.performs(), [(0, 0, 1)]);
    assert!(script.said.contains(&Action::Start { slot: 1 }), "now there is work for two");
}

#[test]
fn without_an_original_nothing_can_be_unlearned() {
    let mut script = Script::new(1, vec![FRESH; 3], Some(0));
    script.hear(ready(0)).hear(reported(0, 0, Outcome::Diverged { step: 3 }));
    assert_eq!(script.commits(), [(0, Status::Diverged)]);
    script.hear(gone(0));
    assert_eq!(script.end(), Some(&End::OriginalFailed { status: Status::Diverged }));
    let failed = Known { status: Some(Status::Failed), ..FRESH };
    let mut script = Script::new(1, vec![failed, FRESH], Some(0));
    script.says(&[Action::End(End::OriginalFailed { status: Status::Failed })]);
}

#[test]
fn a_run_that_costs_two_workers_has_failed() {
    let mut script = Script::new(1, vec![Known { attempts: 4, ..FRESH }, FRESH], None);
    script.hear(ready(0)).says(&[Action::Perform { slot: 0, run: 0, attempt: 5 }]);
    script.hear(lost(0)).says(&[Action::Stop { slot: 0, manner: Manner::Firm }]);
    script.hear(gone(0));
    assert!(matches!(
        script.said[..],
        [
            Action::Tell(Tidings::WorkerLost { .. }),
            Action::Tell(Tidings::Retrying { run: 0, attempt: 5, .. }),
            Action::Start { slot: 0 }
        ]
    ));
    script.hear(ready(0));
    assert_eq!(script.performs(), [(0, 0, 6)]);
    script.hear(lost(0)).hear(Event::Gone { slot: 0, words: "signal 11".into() });
    let expected = Outcome::Failed { cause: Cause::WorkerLost, message: "lost: signal 11".into() };
    let commit = Action::Commit { run: 0, attempt: 6, outcome: expected, source: Source::Computed };
    assert!(script.said.contains(&commit), "{:?}", script.said);
    script.hear(ready(0));
    assert_eq!(script.performs(), [(0, 1, 1)], "the others go on");
}

#[test]
fn a_run_that_makes_no_step_is_hung_and_tried_again() {
    let mut script = Script::new(1, vec![FRESH], None);
    let progress = |step| Event::Progress { slot: 0, run: 0, step, steps: 10 };
    script.hear(ready(0)).after(90).hear(progress(1)).after(90);
    script.says(&[]).hear(progress(1)).after(20);
    script.says(&[Action::Stop { slot: 0, manner: Manner::Firm }]);
    assert_eq!(script.hear(reported(0, 0, finished())).commits(), [], "too late: the attempt is over");
    script.hear(gone(0)).hear(ready(0));
    assert_eq!(script.performs(), [(0, 0, 2)]);
}

#[test]
fn a_run_that_takes_too_long_is_not_tried_again() {
    let mut script = Script::new(1, vec![FRESH], None);
    script.hear(ready(0));
    for step in 1..=5 {
        script.after(99).says(&[]).hear(Event::Progress { slot: 0, run: 0, step, steps: 10 });
    }
    script.after(6).says(&[Action::Stop { slot: 0, manner: Manner::Firm }]);
    script.hear(gone(0));
    assert_eq!(script.commits(), [(0, Status::TimedOut)]);
    assert_eq!(script.end(), Some(&End::Complete));
}

#[test]
fn results_are_not_tried_again_but_debris_is_cleared_away() {
    let mut script = Script::new(1, vec![FRESH; 3], None);
    script.hear(ready(0)).hear(reported(0, 0, Outcome::Diverged { step: 1 }));
    assert_eq!((script.commits(), script.performs()), (vec![(0, Status::Diverged)], vec![(0, 1, 1)]));
    script.hear(reported(0, 1, failed(Failure::OutOfMemory)));
    assert_eq!((script.commits(), script.performs()), (vec![(1, Status::Failed)], vec![]));
    assert!(script.said.contains(&Action::Stop { slot: 0, manner: Manner::Firm }), "a fresh process");
    script.hear(gone(0)).says(&[Action::Start { slot: 0 }]);
}

#[test]
fn a_refusal_lets_the_others_finish_and_starts_nothing() {
    let mut script = Script::new(2, vec![FRESH; 4], None);
    script.hear(ready(0)).hear(ready(1)).hear(reported(0, 0, failed(Failure::Refused)));
    script.says(&[]);
    script.hear(reported(1, 1, finished()));
    assert_eq!(script.commits(), [(1, Status::Finished)]);
    script.hear(gone(0)).hear(gone(1));
    assert_eq!(script.end(), Some(&End::Refused { message: "why".into() }));
}

#[test]
fn a_device_that_fails_two_runs_in_a_row_is_left_alone() {
    let mut script = Script::new(2, vec![FRESH; 4], None);
    script.hear(ready(0)).hear(ready(1));
    script.hear(reported(0, 0, failed(Failure::Device))).hear(gone(0)).hear(ready(0));
    assert_eq!(script.performs(), [(0, 0, 2)]);
    script.hear(reported(0, 0, failed(Failure::Device))).hear(gone(0));
    assert_eq!(script.commits(), [(0, Status::Failed)], "the same run twice: it is the run's fault");
    script.hear(ready(0)).hear(reported(0, 2, failed(Failure::Device))).hear(gone(0));
    assert!(matches!(
        script.said[..],
        [Action::Tell(Tidings::SlotBroken { slot: 0, .. }), Action::Tell(Tidings::Retrying { run: 2, .. })]
    ));
    script.hear(reported(1, 1, finished()));
    assert_eq!(script.performs(), [(1, 2, 2)], "elsewhere it may do");
}

#[test]
fn a_success_between_two_failures_of_a_device_clears_it() {
    let mut script = Script::new(1, vec![FRESH; 3], None);
    script.hear(ready(0)).hear(reported(0, 0, failed(Failure::Device))).hear(gone(0));
    script.hear(ready(0)).hear(reported(0, 0, finished()));
    script.hear(reported(0, 1, failed(Failure::Device))).hear(gone(0));
    assert!(script.said.contains(&Action::Start { slot: 0 }), "{:?}", script.said);
}

#[test]
fn workers_that_do_not_start_leave_no_slot() {
    let mut script = Script::new(2, vec![FRESH; 2], None);
    let fails = |slot| Event::StartFailed { slot, reason: "no such file".into() };
    script.hear(fails(0));
    assert!(script.said.contains(&Action::Start { slot: 0 }), "once more");
    script.hear(fails(0)).hear(fails(1));
    script.hear(lost(1)).hear(Event::Gone { slot: 1, words: "libtorch is missing".into() });
    assert_eq!(script.end(), Some(&End::NoWorkers));
    let broken: Vec<_> = script.state.broken().collect();
    assert_eq!(broken, [(0, "no such file"), (1, "lost: libtorch is missing")]);
}

#[test]
fn a_worker_that_says_nothing_has_not_started() {
    let mut script = Script::new(1, vec![FRESH], None);
    script.after(31).says(&[Action::Stop { slot: 0, manner: Manner::Firm }]);
    script.hear(gone(0)).after(31).hear(gone(0));
    assert_eq!(script.end(), Some(&End::NoWorkers));
}

#[test]
fn a_process_that_cannot_be_killed_keeps_its_slot_but_not_its_run() {
    let mut script = Script::new(2, vec![FRESH; 2], None);
    script.hear(ready(0)).hear(ready(1)).hear(lost(0)).after(61);
    assert!(matches!(
        script.said[..],
        [
            Action::Tell(Tidings::SlotBroken { slot: 0, .. }),
            Action::Tell(Tidings::WorkerLost { slot: 0, .. }),
            Action::Tell(Tidings::Retrying { run: 0, .. })
        ]
    ));
    script.hear(gone(0)).says(&[]);
    script.hear(reported(1, 1, finished()));
    assert_eq!(script.performs(), [(1, 0, 2)]);
}

#[test]
fn the_cache_is_asked_before_any_worker() {
    let cacheable = Known { cacheable: true, ..FRESH };
    let mut script = Script::new(1, vec![cacheable, cacheable, FRESH], Some(0));
    script.says(&[Action::Consult { run: 0 }]);
    let Outcome::Finished(measurement) = finished() else { unreachable!("it is finished") };
    script.hear(Event::Cached { run: 0, measurement: Some(measurement) });
    script.says(&[
        Action::Commit { run: 0, attempt: 0, outcome: finished(), source: Source::Cached },
        Action::Consult { run: 1 },
    ]);
    script.hear(Event::Cached { run: 1, measurement: None }).says(&[Action::Start { slot: 0 }]);
    script.hear(ready(0)).says(&[Action::Perform { slot: 0, run: 1, attempt: 1 }]);
}

#[test]
fn the_first_interrupt_lets_runs_finish() {
    let mut script = Script::new(1, vec![FRESH; 2], None);
    let once = Interruption::Interrupt(1);
    script.hear(ready(0)).hear(Event::Interrupted(once));
    script.says(&[Action::Tell(Tidings::Draining { by: once, running: 1 })]);
    script.hear(reported(0, 0, finished()));
    assert_eq!((script.commits(), script.performs()), (vec![(0, Status::Finished)], vec![]));
    script.hear(gone(0));
    assert_eq!(script.end(), Some(&End::Drained { by: once }));
}

#[test]
fn the_second_interrupt_and_a_termination_stop_runs_without_an_outcome() {
    for interruption in [Interruption::Interrupt(2), Interruption::Terminate] {
        let mut script = Script::new(2, vec![FRESH; 3], None);
        script.hear(ready(0)).hear(Event::Interrupted(interruption));
        let stop = |slot| Action::Stop { slot, manner: Manner::Firm };
        assert_eq!(script.said[1..], [stop(0), stop(1)], "the one at work and the one that starts");
        assert_eq!(script.hear(reported(0, 0, finished())).commits(), [], "it was told to stop");
        script.hear(Event::Interrupted(Interruption::Interrupt(3)));
        assert_eq!(script.said[1..], [0, 1].map(|slot| Action::Stop { slot, manner: Manner::Kill }));
        script.hear(gone(1)).hear(gone(0));
        assert_eq!(script.end(), Some(&End::Drained { by: Interruption::Interrupt(3) }));
        assert_eq!(script.commits(), []);
    }
}

/// What the world outside the core looks like to a test that tries everything.
#[derive(Debug, Clone)]
struct World {
    state: State,
    /// What the process at each slot is at.
    processes: Vec<Process>,
    recorded: BTreeMap<usize, Status>,
    /// Mishaps that may still come.
    mishaps: u32,
    ended: Option<End>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Process {
    None,
    Silent,
    Idle,
    Busy(usize),
    Stopping,
}

const RUNS: usize = 3;

impl World {
    fn new(recorded: BTreeMap<usize, Status>, mishaps: u32, original: Option<usize>) -> Self {
        let known = (0..RUNS).map(|run| Known { status: recorded.get(&run).copied(), ..FRESH }).collect();
        let state = State::new(rules(), 2, known, original);
        let mut world = Self { state, processes: vec![Process::None; 2], recorded, mishaps, ended: None };
        world.hear(Event::Begin);
        world
    }

    fn hear(&mut self, event: Event) {
        for action in step(&mut self.state, event, Duration::ZERO) {
            self.carry_out(action);
        }
    }

    fn carry_out(&mut self, action: Action) {
        assert_eq!(self.ended, None, "after the end: {action:?}");
        match action {
            Action::Start { slot } => {
                assert_eq!(self.processes[slot], Process::None);
                self.processes[slot] = Process::Silent;
            }
            Action::Perform { slot, run, .. } => {
                assert_eq!(self.processes[slot], Process::Idle);
                assert!(!self.recorded.contains_key(&run), "run {run} is recorded and handed out again");
                assert!(!self.processes.contains(&Process::Busy(run)), "run {run} is at work twice");
                self.processes[slot] = Process::Busy(run);
            }
            Action::Stop { slot, .. } => self.processes[slot] = Process::Stopping,
            Action::Commit { run, outcome, .. } => {
                let before = self.recorded.insert(run, outcome.status());
                assert_eq!(before, None, "run {run} has two outcomes");
            }
            Action::End(end) => self.ended = Some(end),
            Action::Tell(_) => {}
            Action::Consult { .. } => unreachable!("no run is cacheable"),
        }
    }

    /// Everything that can happen next, each with the number of mishaps that it is.
    fn possible(&self) -> Vec<(Event, u32)> {
        let mut events = Vec::new();
        for (slot, process) in self.processes.iter().enumerate() {
            match *process {
                Process::None => {}
                Process::Silent => events.extend([(ready(slot), 0), (lost(slot), 1)]),
                Process::Idle => events.push((lost(slot), 1)),
                Process::Busy(run) => events.extend([
                    (reported(slot, run, finished()), 0),
                    (reported(slot, run, Outcome::Diverged { step: 1 }), 1),
                    (reported(slot, run, failed(Failure::Error)), 1),
                    (reported(slot, run, failed(Failure::Device)), 1),
                    (reported(slot, (run + 1) % RUNS, finished()), 1),
                    (lost(slot), 1),
                ]),
                Process::Stopping => events.extend([(gone(slot), 0), (reported(slot, 0, finished()), 1)]),
            }
        }
        events
    }

    fn after(&self, event: &Event, mishaps: u32) -> Self {
        let mut world = self.clone();
        world.mishaps -= mishaps;
        match *event {
            Event::Ready { slot } => world.processes[slot] = Process::Idle,
            Event::Gone { slot, .. } => world.processes[slot] = Process::None,
            Event::Reported { slot, run, .. } if self.processes[slot] == Process::Busy(run) => {
                world.processes[slot] = Process::Idle;
            }
            _ => {}
        }
        world.hear(event.clone());
        world
    }
}

/// Goes through every sequence of events, and through a death of the scheduler at every point of each.
fn explore(first: World, restarts: u32, original: Option<usize>) -> usize {
    let mut seen = BTreeSet::new();
    let mut open = vec![(first, restarts)];
    while let Some((world, restarts)) = open.pop() {
        if !seen.insert(format!("{world:?} {restarts}")) {
            continue;
        }
        if restarts > 0 {
            let again = World::new(world.recorded.clone(), world.mishaps, original);
            open.push((again, restarts - 1));
        }
        if let Some(end) = &world.ended {
            check_end(&world, end);
            continue;
        }
        let possible = world.possible();
        assert!(possible.iter().any(|(_, mishaps)| *mishaps == 0), "it waits for nothing: {world:?}");
        for (event, mishaps) in possible {
            if mishaps <= world.mishaps {
                open.push((world.after(&event, mishaps), restarts));
            }
        }
    }
    seen.len()
}

fn check_end(world: &World, end: &End) {
    assert!(world.processes.iter().all(|process| *process == Process::None), "a process is left: {world:?}");
    match end {
        End::Complete => assert_eq!(world.recorded.len(), RUNS, "{world:?}"),
        End::NoWorkers => assert_eq!(world.state.broken().count(), 2, "{world:?}"),
        End::OriginalFailed { status } => assert_eq!(world.recorded.get(&0), Some(status), "{world:?}"),
        End::Drained { .. } | End::Refused { .. } => panic!("nobody asked for {end:?}"),
    }
}

#[test]
fn every_order_of_events_gives_every_run_exactly_one_outcome() {
    let seen = explore(World::new(BTreeMap::new(), 2, None), 1, None);
    assert!(seen > 1_000, "{seen} states are too few to mean anything");
}

#[test]
fn every_order_of_events_respects_the_two_stages() {
    let seen = explore(World::new(BTreeMap::new(), 2, Some(0)), 1, Some(0));
    assert!(seen > 500, "{seen} states are too few to mean anything");
}
