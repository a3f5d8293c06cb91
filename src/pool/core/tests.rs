use std::{ops::Range, time::Duration};

use sweep_protocol::{
    measurement::{Accuracies, Artifact, Measurement},
    message::Failure,
    terms::UnitInterval,
};

use super::{Action, Attempt, End, Event, Hindrance, Known, Rules, State, step};
use crate::{
    engine::Manner,
    outcome::{Cause, Outcome, Status},
    pool::observer::{Happening, Interruption},
    store::Source,
};

const FRESH: Known = Known { status: None, attempts: 0, to_ask: false, company: None };

fn rules() -> Rules {
    Rules {
        cohort: 1,
        retries: 1,
        starts: 2,
        shortages: 3,
        rest: seconds(1),
        start: seconds(30),
        stall: seconds(100),
        run: Some(seconds(500)),
        unkillable: seconds(60),
        farewell: seconds(15),
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn finished() -> Outcome {
    let share = UnitInterval::new(0.5).expect("in range");
    Outcome::Finished(Box::new(Measurement {
        accuracy: Accuracies { retain: share, forget: share, validation: share, test: None, truth: None },
        unlearn_s: 1.0,
        measure_s: 0.0,
        steps: 1,
        confidences: Artifact {
            file: "confidences.npy".into(),
            blake3: "0".repeat(64).parse().expect("a hash"),
        },
        weights: None,
        examples: None,
        reconstruction: None,
        curves: None,
        renamed: None,
        unchanged: false,
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
    fn new(slots: usize, runs: Vec<Known>, originals: Range<usize>) -> Self {
        // Each slot has an accelerator of its own.
        let accelerators: Vec<_> = (0..slots as u32).map(Some).collect();
        let state = State::new(rules(), &accelerators, runs, originals);
        let mut script = Self { state, now: Duration::ZERO, said: Vec::new() };
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
        let performs = self.said.iter().flat_map(|action| match action {
            Action::Perform { slot, cohort, .. } => {
                cohort.iter().map(|attempt| (*slot, attempt.run, attempt.number)).collect()
            }
            _ => Vec::new(),
        });
        performs.collect()
    }

    fn end(&self) -> Option<&End> {
        self.said.iter().find_map(|action| if let Action::End(end) = action { Some(end) } else { None })
    }
}

fn perform(slot: usize, run: usize, number: u32) -> Action {
    Action::Perform { slot, cohort: vec![Attempt { run, number }], rows: None }
}

fn ready(slot: usize) -> Event {
    Event::Ready { slot, capacity: 8 }
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

fn start_fails(slot: usize, hindrance: Hindrance) -> Event {
    Event::StartFailed { slot, reason: "why".into(), hindrance }
}

#[test]
fn workers_start_when_there_is_work_and_go_when_there_is_none() {
    let mut script = Script::new(3, vec![FRESH; 2], 0..0);
    script.says(&[Action::Start { slot: 0 }, Action::Start { slot: 1 }]);
    script.hear(ready(1)).says(&[perform(1, 0, 1)]);
    script.hear(ready(0)).says(&[perform(0, 1, 1)]);
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
    Script::new(2, vec![done; 3], 0..0).says(&[Action::End(End::Complete)]);
}

#[test]
fn the_original_comes_first_and_alone() {
    let mut script = Script::new(2, vec![FRESH; 3], 1..2);
    script.says(&[Action::Start { slot: 0 }]);
    script.hear(ready(0)).says(&[perform(0, 1, 1)]);
    script.hear(reported(0, 1, finished()));
    assert_eq!(script.performs(), [(0, 0, 1)]);
    assert!(script.said.contains(&Action::Start { slot: 1 }), "now there is work for two");
}

#[test]
fn without_an_original_nothing_can_be_unlearned() {
    let mut script = Script::new(1, vec![FRESH; 3], 0..1);
    script.hear(ready(0)).hear(reported(0, 0, Outcome::Diverged { step: 3 }));
    assert_eq!(script.commits(), [(0, Status::Diverged)]);
    script.hear(gone(0));
    assert_eq!(script.end(), Some(&End::OriginalFailed { run: 0, status: Status::Diverged }));
    let failed = Known { status: Some(Status::Failed), ..FRESH };
    let mut script = Script::new(1, vec![failed, FRESH], 0..1);
    script.says(&[Action::End(End::OriginalFailed { run: 0, status: Status::Failed })]);
}

#[test]
fn several_originals_come_side_by_side_and_all_before_the_rest() {
    let runs = || [vec![FRESH; 2], vec![Known { company: Some(0), ..FRESH }; 2]].concat();
    let mut script = Script::new(3, runs(), 0..2);
    script.says(&[Action::Start { slot: 0 }, Action::Start { slot: 1 }]);
    script.hear(ready(0)).says(&[perform(0, 0, 1)]);
    script.hear(ready(1)).says(&[perform(1, 1, 1)]);
    script.hear(reported(1, 1, finished()));
    assert_eq!(script.performs(), [], "the first is still at work");
    script.hear(reported(0, 0, finished()));
    assert_eq!(script.performs(), [(0, 2, 1), (1, 3, 1)]);

    let mut script = Script::new(2, runs(), 0..2);
    script.hear(ready(0)).hear(ready(1)).hear(reported(1, 1, Outcome::Diverged { step: 3 }));
    assert_eq!(script.end(), None, "another is at work, and is waited for");
    script.hear(reported(0, 0, finished())).hear(gone(0)).hear(gone(1));
    assert_eq!(script.end(), Some(&End::OriginalFailed { run: 1, status: Status::Diverged }));
}

#[test]
fn a_run_that_costs_two_workers_has_failed() {
    let mut script = Script::new(1, vec![Known { attempts: 4, ..FRESH }, FRESH], 0..0);
    script.hear(ready(0)).says(&[perform(0, 0, 5)]);
    script.hear(lost(0)).says(&[Action::Stop { slot: 0, manner: Manner::Firm }]);
    script.hear(gone(0));
    assert!(matches!(
        script.said[..],
        [
            Action::Tell(Happening::WorkerLost { .. }),
            Action::Tell(Happening::Retrying { run: 0, attempt: 5, .. }),
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
    let mut script = Script::new(1, vec![FRESH], 0..0);
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
    let mut script = Script::new(1, vec![FRESH], 0..0);
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
    let mut script = Script::new(1, vec![FRESH; 3], 0..0);
    script.hear(ready(0)).hear(reported(0, 0, Outcome::Diverged { step: 1 }));
    assert_eq!((script.commits(), script.performs()), (vec![(0, Status::Diverged)], vec![(0, 1, 1)]));
    script.hear(reported(0, 1, failed(Failure::OutOfMemory)));
    assert_eq!((script.commits(), script.performs()), (vec![(1, Status::Failed)], vec![]));
    assert!(script.said.contains(&Action::Stop { slot: 0, manner: Manner::Firm }), "a fresh process");
    script.hear(gone(0)).says(&[Action::Start { slot: 0 }]);
}

#[test]
fn a_refusal_lets_the_others_finish_and_starts_nothing() {
    let mut script = Script::new(2, vec![FRESH; 4], 0..0);
    script.hear(ready(0)).hear(ready(1)).hear(reported(0, 0, failed(Failure::Refused)));
    script.says(&[]);
    script.hear(reported(1, 1, finished()));
    assert_eq!(script.commits(), [(1, Status::Finished)]);
    script.hear(gone(0)).hear(gone(1));
    assert_eq!(script.end(), Some(&End::Refused { message: "why".into() }));
}

#[test]
fn a_device_that_fails_two_runs_in_a_row_is_left_alone() {
    let mut script = Script::new(2, vec![FRESH; 4], 0..0);
    script.hear(ready(0)).hear(ready(1));
    script.hear(reported(0, 0, failed(Failure::Device))).hear(gone(0)).hear(ready(0));
    assert_eq!(script.performs(), [(0, 0, 2)]);
    script.hear(reported(0, 0, failed(Failure::Device))).hear(gone(0));
    assert_eq!(script.commits(), [(0, Status::Failed)], "the same run twice: it is the run's fault");
    script.hear(ready(0)).hear(reported(0, 2, failed(Failure::Device))).hear(gone(0));
    assert!(matches!(
        script.said[..],
        [
            Action::Tell(Happening::Retrying { run: 2, .. }),
            Action::Tell(Happening::SlotBroken { slot: 0, .. })
        ]
    ));
    script.hear(reported(1, 1, finished()));
    assert_eq!(script.performs(), [(1, 2, 2)], "elsewhere it may do");
}

#[test]
fn a_success_between_two_failures_of_a_device_clears_it() {
    let mut script = Script::new(1, vec![FRESH; 3], 0..0);
    script.hear(ready(0)).hear(reported(0, 0, failed(Failure::Device))).hear(gone(0));
    script.hear(ready(0)).hear(reported(0, 0, finished()));
    script.hear(reported(0, 1, failed(Failure::Device))).hear(gone(0));
    assert!(script.said.contains(&Action::Start { slot: 0 }), "{:?}", script.said);
}

#[test]
fn a_run_that_another_scheduler_took_over_is_waited_for_although_everybody_went_home() {
    let mut script = Script::new(1, vec![FRESH], 0..0);
    script.hear(ready(0)).hear(lost(0)).hear(gone(0)).hear(ready(0)).hear(lost(0)).hear(gone(0));
    assert_eq!(script.commits(), [(0, Status::Failed)]);
    assert_eq!(script.end(), Some(&End::Complete), "nobody is left");
    script.hear(Event::TakenOver { run: 0 }).says(&[]);
    script.hear(Event::Freed { run: 0 }).says(&[Action::Consult { run: 0 }]);
    script.hear(Event::Elsewhere { run: 0 }).says(&[]);
    script.hear(Event::EndedElsewhere { run: 0, status: Status::Finished });
    assert_eq!(script.end(), Some(&End::Complete));
}

#[test]
fn who_was_asked_to_end_does_not_wait_for_a_run_that_was_taken_over() {
    let mut script = Script::new(1, vec![FRESH], 0..0);
    script.hear(ready(0)).hear(Event::Interrupted(Interruption::Drain));
    script.hear(reported(0, 0, finished())).hear(Event::TakenOver { run: 0 }).hear(gone(0));
    assert_eq!(script.end(), Some(&End::Drained { by: Interruption::Drain }));
}

#[test]
fn an_original_that_failed_here_and_not_elsewhere_ends_nothing() {
    for event in [Event::TakenOver { run: 0 }, Event::EndedElsewhere { run: 0, status: Status::Finished }] {
        let mut script = Script::new(1, vec![FRESH; 2], 0..1);
        script.hear(ready(0)).hear(reported(0, 0, failed(Failure::Error))).hear(event).hear(gone(0));
        assert_eq!(script.end(), None);
        script.hear(Event::EndedElsewhere { run: 0, status: Status::Finished });
        script.hear(ready(0));
        assert_eq!(script.performs(), [(0, 1, 1)]);
    }
}

#[test]
fn workers_that_do_not_start_leave_no_slot() {
    let mut script = Script::new(2, vec![FRESH; 2], 0..0);
    let fails = |slot| start_fails(slot, Hindrance::Fault);
    script.hear(fails(0));
    assert!(!script.said.contains(&Action::Start { slot: 0 }), "not at once");
    script.after(1).says(&[Action::Start { slot: 0 }]);
    script.hear(fails(0)).hear(fails(1)).after(1);
    script.hear(lost(1)).hear(Event::Gone { slot: 1, words: "libtorch is missing".into() });
    assert_eq!(script.end(), Some(&End::NoWorkers));
    let broken: Vec<_> = script.state.broken().collect();
    assert_eq!(broken, [(0, "why"), (1, "lost: libtorch is missing")]);
}

#[test]
fn a_worker_that_says_nothing_has_not_started() {
    let mut script = Script::new(1, vec![FRESH], 0..0);
    script.after(31).says(&[Action::Stop { slot: 0, manner: Manner::Firm }]);
    script.hear(gone(0)).after(1).after(31).hear(gone(0));
    assert_eq!(script.end(), Some(&End::NoWorkers));
}

#[test]
fn a_process_that_cannot_be_killed_keeps_its_slot_but_not_its_run() {
    let mut script = Script::new(2, vec![FRESH; 2], 0..0);
    script.hear(ready(0)).hear(ready(1)).hear(lost(0)).after(61);
    assert!(matches!(
        script.said[..],
        [
            Action::Tell(Happening::SlotBroken { slot: 0, .. }),
            Action::Tell(Happening::WorkerLost { slot: 0, .. }),
            Action::Tell(Happening::Retrying { run: 0, .. })
        ]
    ));
    script.hear(gone(0)).says(&[]);
    script.hear(reported(1, 1, finished()));
    assert_eq!(script.performs(), [(1, 0, 2)]);
}

#[test]
fn the_cache_is_asked_before_any_worker() {
    let to_ask = Known { to_ask: true, ..FRESH };
    let mut script = Script::new(1, vec![to_ask, to_ask, FRESH], 0..1);
    script.says(&[Action::Consult { run: 0 }]);
    let Outcome::Finished(measurement) = finished() else { unreachable!("it is finished") };
    script.hear(Event::Cached { run: 0, measurement: Some(measurement) });
    script.says(&[
        Action::Commit { run: 0, attempt: 0, outcome: finished(), source: Source::Cached },
        Action::Consult { run: 1 },
    ]);
    script.hear(Event::Cached { run: 1, measurement: None }).says(&[Action::Start { slot: 0 }]);
    script.hear(ready(0)).says(&[perform(0, 1, 1)]);
}

#[test]
fn the_first_interrupt_lets_runs_finish() {
    let mut script = Script::new(1, vec![FRESH; 2], 0..0);
    let once = Interruption::Interrupt(1);
    script.hear(ready(0)).hear(Event::Interrupted(once));
    script.says(&[Action::Tell(Happening::Draining { by: once, running: 1 })]);
    script.hear(reported(0, 0, finished()));
    assert_eq!((script.commits(), script.performs()), (vec![(0, Status::Finished)], vec![]));
    script.hear(gone(0));
    assert_eq!(script.end(), Some(&End::Drained { by: once }));
}

#[test]
fn the_second_interrupt_and_a_termination_stop_runs_without_an_outcome() {
    for interruption in [Interruption::Interrupt(2), Interruption::Terminate] {
        let mut script = Script::new(2, vec![FRESH; 3], 0..0);
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

#[test]
fn a_shortage_is_waited_for_longer_and_longer() {
    let mut script = Script::new(1, vec![FRESH], 0..0);
    let start = Action::Start { slot: 0 };
    script.hear(start_fails(0, Hindrance::Shortage)).after(1).says(std::slice::from_ref(&start));
    script.hear(start_fails(0, Hindrance::Shortage)).after(1).says(&[]).after(1).says(&[start]);
    script.hear(start_fails(0, Hindrance::Shortage));
    assert_eq!(script.end(), Some(&End::NoWorkers));
}

#[test]
fn any_death_counts_against_a_device_and_closes_all_its_slots() {
    let mut script = Script::new(0, Vec::new(), 0..0);
    script.state = State::new(rules(), &[Some(0), Some(0), None], vec![FRESH; 6], 0..0);
    script.hear(Event::Begin).hear(ready(0)).hear(ready(1)).hear(ready(2));
    script.hear(lost(0)).hear(lost(2)).hear(gone(0)).hear(gone(2)).hear(ready(0)).hear(ready(2));
    assert_eq!(script.hear(lost(0)).hear(gone(0)).commits(), [(0, Status::Failed)], "the same run twice");
    script.hear(ready(0)).hear(lost(0)).hear(gone(0));
    assert!(matches!(script.said.last(), Some(Action::Tell(Happening::SlotBroken { slot: 0, .. }))));
    script.hear(reported(1, 1, finished()));
    assert_eq!(
        script.said.last(),
        Some(&Action::Stop { slot: 1, manner: Manner::Firm }),
        "its run could end"
    );
    script.hear(gone(1));
    assert!(matches!(script.said[..], [Action::Tell(Happening::SlotBroken { slot: 1, .. })]));
    script.hear(reported(2, 2, finished()));
    assert_eq!(script.performs(), [(2, 3, 2)], "the CPU works on");
}

#[test]
fn a_run_that_kills_everywhere_is_to_blame_itself() {
    let mut script = Script::new(2, vec![FRESH; 4], 0..0);
    script.hear(ready(0)).hear(ready(1)).hear(reported(1, 1, finished()));
    script.hear(lost(0)).hear(reported(1, 2, finished())).hear(gone(0));
    script.hear(reported(1, 3, finished())).says(&[
        Action::Commit { run: 3, attempt: 1, outcome: finished(), source: Source::Computed },
        perform(1, 0, 2),
    ]);
    script.hear(lost(1)).hear(gone(1));
    assert_eq!(script.commits(), [(0, Status::Failed)]);
    assert_eq!(script.state.broken().count(), 0);
}

#[test]
fn a_drain_starts_nothing_and_is_complete_if_nothing_is_left() {
    let mut script = Script::new(1, vec![FRESH; 2], 0..0);
    script.hear(ready(0)).hear(Event::Interrupted(Interruption::Drain));
    script.hear(reported(0, 0, finished()));
    assert_eq!(script.performs(), []);
    script.hear(gone(0));
    assert_eq!(script.end(), Some(&End::Drained { by: Interruption::Drain }));
    let mut script = Script::new(1, vec![FRESH], 0..0);
    script.hear(ready(0)).hear(Event::Interrupted(Interruption::Drain)).hear(reported(0, 0, finished()));
    script.hear(gone(0));
    assert_eq!(script.end(), Some(&End::Complete));
}

#[test]
fn a_worker_that_dies_of_the_signal_that_ends_the_sweep_costs_its_run_nothing() {
    let mut script = Script::new(1, vec![FRESH], 0..0);
    script.hear(ready(0)).hear(lost(0)).hear(Event::Interrupted(Interruption::Terminate)).hear(gone(0));
    assert_eq!(
        script.said,
        [
            Action::Tell(Happening::Abandoned { slot: 0, run: 0 }),
            Action::End(End::Drained { by: Interruption::Terminate })
        ]
    );
}

#[test]
fn nobody_is_waited_for_long_while_the_sweep_is_made_to_end() {
    let mut script = Script::new(1, vec![FRESH], 0..0);
    script.hear(ready(0)).hear(Event::Interrupted(Interruption::Terminate)).after(16);
    assert_eq!(script.end(), Some(&End::Drained { by: Interruption::Terminate }));
}

#[test]
fn runs_of_a_point_find_each_other_across_those_of_other_points() {
    let runs = (0..6).map(|run| Known { company: Some(run % 2), ..FRESH }).collect();
    let state = State::new(Rules { cohort: 3, ..rules() }, &[None, None, None], runs, 0..0);
    let mut script = Script { state, now: Duration::ZERO, said: Vec::new() };
    script.hear(Event::Begin).says(&[Action::Start { slot: 0 }, Action::Start { slot: 1 }]);
    script.hear(ready(0));
    assert_eq!(script.performs(), [(0, 0, 1), (0, 2, 1), (0, 4, 1)]);
    script.hear(ready(1));
    assert_eq!(script.performs(), [(1, 1, 1), (1, 3, 1), (1, 5, 1)]);
}

/// Seven runs of two points, in cohorts of at most three, on one accelerator for each slot.
fn cohorts(slots: usize) -> Script {
    let company = |run: usize| Some(usize::from(run >= 5));
    let runs = (0..7).map(|run| Known { company: company(run), ..FRESH }).collect();
    let accelerators: Vec<_> = (0..slots as u32).map(Some).collect();
    let state = State::new(Rules { cohort: 3, ..rules() }, &accelerators, runs, 0..0);
    let mut script = Script { state, now: Duration::ZERO, said: Vec::new() };
    script.hear(Event::Begin);
    script
}

#[test]
fn runs_of_a_point_are_handed_out_together_and_end_one_by_one() {
    let mut script = cohorts(1);
    script.hear(ready(0));
    assert_eq!(script.performs(), [(0, 0, 1), (0, 1, 1), (0, 2, 1)]);
    script.hear(reported(0, 1, finished()));
    assert_eq!((script.commits(), script.performs()), (vec![(1, Status::Finished)], vec![]));
    script.hear(reported(0, 0, Outcome::Diverged { step: 1 })).hear(reported(0, 2, finished()));
    assert_eq!(script.performs(), [(0, 3, 1), (0, 4, 1)], "the next point's runs are no company");
    script.hear(reported(0, 3, finished())).hear(reported(0, 4, finished()));
    assert_eq!(script.performs(), [(0, 5, 1), (0, 6, 1)]);
}

#[test]
fn a_worker_gets_no_more_than_it_has_room_for() {
    let mut script = cohorts(1);
    script.hear(Event::Ready { slot: 0, capacity: 2 });
    assert_eq!(script.performs(), [(0, 0, 1), (0, 1, 1)]);
}

#[test]
fn the_death_of_a_worker_costs_each_run_an_attempt_and_then_each_goes_alone() {
    let mut script = cohorts(1);
    script.hear(ready(0)).hear(reported(0, 1, finished())).hear(lost(0)).hear(gone(0));
    assert!(script.commits().is_empty(), "a run that has ended stays so, the others are tried again");
    script.hear(ready(0));
    assert_eq!(script.performs(), [(0, 0, 2)]);
    script.hear(reported(0, 0, finished()));
    assert_eq!(script.performs(), [(0, 2, 2)]);
    script.hear(lost(0)).hear(gone(0));
    assert_eq!(script.commits(), [(2, Status::Failed)]);
    script.hear(ready(0));
    assert_eq!(script.performs(), [(0, 3, 1), (0, 4, 1)], "innocent ones still go together");
}

#[test]
fn more_runs_than_there_is_memory_for_begin_anew_in_half_the_rows_and_in_a_new_process() {
    let room = |script: &Script| {
        let rows = script.said.iter().find_map(|action| match action {
            Action::Perform { rows, .. } => Some(*rows),
            _ => None,
        });
        rows.expect("runs are handed out")
    };
    let too_little = || failed(Failure::OutOfMemory);
    let mut script = cohorts(1);
    script.hear(ready(0));
    assert_eq!(room(&script), None, "as many as the grid says");
    script.hear(reported(0, 1, finished())).hear(reported(0, 0, too_little()));
    script.says(&[Action::Stop { slot: 0, manner: Manner::Firm }]);
    let reason = "why".to_owned();
    script.hear(reported(0, 2, too_little())).hear(gone(0)).says(&[
        Action::Tell(Happening::Crowded { slot: 0, runs: vec![0, 2], rows: 1, reason }),
        Action::Start { slot: 0 },
    ]);
    script.hear(ready(0));
    assert_eq!((script.performs(), room(&script)), (vec![(0, 0, 2)], Some(1)));
    // Alone it has nobody to make way for it; it has cost nobody a worker before, and isn't tried again.
    script.hear(reported(0, 0, too_little()));
    assert_eq!(script.commits(), [(0, Status::Failed)]);
    script.hear(gone(0)).hear(ready(0));
    assert_eq!((script.performs(), room(&script)), (vec![(0, 2, 2)], Some(1)), "the slot remembers");
}

#[test]
fn a_run_that_goes_alone_and_lacks_memory_fails_at_once() {
    let mut script = Script::new(1, vec![FRESH], 0..0);
    script.state = State::new(Rules { cohort: 3, ..rules() }, &[None], vec![FRESH], 0..0);
    script.hear(Event::Begin).hear(ready(0)).hear(reported(0, 0, failed(Failure::OutOfMemory)));
    assert_eq!(script.commits(), [(0, Status::Failed)]);
}

#[test]
fn a_run_that_fails_ends_its_worker_when_the_others_are_done() {
    let mut script = cohorts(1);
    script.hear(ready(0)).hear(reported(0, 0, failed(Failure::Error)));
    script.says(&[Action::Commit {
        run: 0,
        attempt: 1,
        outcome: failed(Failure::Error),
        source: Source::Computed,
    }]);
    script.hear(reported(0, 1, finished())).hear(reported(0, 2, finished()));
    assert_eq!(script.said[0], Action::Stop { slot: 0, manner: Manner::Firm });
}

#[test]
fn a_cohort_that_takes_a_device_down_does_not_condemn_it() {
    let mut script = cohorts(2);
    script.hear(ready(0)).hear(ready(1)).hear(reported(0, 1, failed(Failure::Device)));
    script.hear(gone(0)).hear(ready(0));
    assert_eq!(script.performs(), [(0, 0, 2)], "the accelerator is in use");
}

#[test]
fn a_cohort_has_the_time_of_all_its_runs() {
    let mut script = cohorts(1);
    script.hear(ready(0));
    for step in 1..=15 {
        script.after(99).hear(Event::Progress { slot: 0, run: 2, step, steps: 99 });
    }
    script.after(20).says(&[Action::Stop { slot: 0, manner: Manner::Firm }]);
    script.hear(gone(0));
    assert_eq!(script.commits(), [0, 1, 2].map(|run| (run, Status::TimedOut)));
}

#[test]
fn runs_that_are_asked_for_wait_for_each_other() {
    let runs = (0..3).map(|_| Known { to_ask: true, company: Some(0), ..FRESH }).collect();
    let state = State::new(Rules { cohort: 3, ..rules() }, &[Some(0)], runs, 0..0);
    let mut script = Script { state, now: Duration::ZERO, said: Vec::new() };
    script.hear(Event::Begin).says(&[0, 1, 2].map(|run| Action::Consult { run }));
    let miss = |run| Event::Cached { run, measurement: None };
    script.hear(miss(0)).says(&[]);
    script.hear(miss(2)).says(&[]);
    script.hear(miss(1)).says(&[Action::Start { slot: 0 }]);
    script.hear(ready(0));
    assert_eq!(script.performs().len(), 3);
}
