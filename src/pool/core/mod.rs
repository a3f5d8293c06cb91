//! The scheduler without the world: what happened goes in, what is to be done comes out.
//!
//! Nothing here waits, reads a clock, draws a number or touches a file, so every sequence of events can be tried in a
//! test. Two stages: the run that trains the original before everything else, then the rest in the order of the plan.

mod event;
mod queue;
mod seat;
#[cfg(test)]
mod tests;

pub(super) use event::{Action, End, Event, Tidings};
pub(super) use queue::Known;
pub(super) use seat::Rules;

use std::time::Duration;

use sweep_protocol::message::Failure;

use super::observer::Interruption;
use crate::{
    engine::Manner,
    outcome::{Cause, Outcome, Status},
    store::Source,
};
use queue::Queue;
use seat::{After, Seat, Slot};

/// Everything that the scheduler knows.
#[derive(Debug, Clone)]
pub(super) struct State {
    rules: Rules,
    queue: Queue,
    slots: Vec<Slot>,
    halt: Option<End>,
    ended: bool,
}

/// Takes in one event and says what to do, in this order. `now` never goes back.
pub(super) fn step(state: &mut State, event: Event, now: Duration) -> Vec<Action> {
    let mut actions = Vec::new();
    state.take(event, now, &mut actions);
    if !state.ended {
        state.assign(now, &mut actions);
        state.finish(now, &mut actions);
    }
    actions
}

impl State {
    /// Nothing has happened yet. `original` is the position of the run that trains the original, if the plan has one.
    pub(super) fn new(rules: Rules, slots: usize, runs: Vec<Known>, original: Option<usize>) -> Self {
        let slots = vec![Slot::default(); slots];
        Self { rules, queue: Queue::new(runs, original), slots, halt: None, ended: false }
    }

    fn take(&mut self, event: Event, now: Duration, actions: &mut Vec<Action>) {
        match event {
            Event::Begin => {}
            Event::Tick => self.watch(now, actions),
            Event::Ready { slot } => self.ready(slot),
            Event::StartFailed { slot, reason } => self.start_failed(slot, reason, actions),
            Event::Progress { slot, run, step, steps } => self.progress(slot, run, step, steps, now, actions),
            Event::Reported { slot, run, outcome } => self.reported(slot, run, outcome, now, actions),
            Event::Lost { slot, reason } => self.lost(slot, reason, now, actions),
            Event::Gone { slot, words } => self.gone(slot, &words, actions),
            Event::Cached { run, measurement } => match measurement {
                Some(measurement) => {
                    self.conclude(run, 0, Outcome::Finished(measurement), Source::Cached, actions);
                }
                None => self.queue.not_cached(run),
            },
            Event::Claimed { run, attempt } => self.queue.claimed(run, attempt),
            Event::Elsewhere { run } => self.queue.put_aside(run),
            Event::EndedElsewhere { run, status } => self.ended(run, status),
            Event::Freed { run } => self.queue.freed(run),
            Event::Interrupted(interruption) => self.interrupted(interruption, now, actions),
        }
    }

    fn ready(&mut self, slot: usize) {
        let slot = &mut self.slots[slot];
        if matches!(slot.seat, Seat::Starting { .. }) {
            slot.seat = Seat::Idle;
            slot.failed_starts = 0;
        }
    }

    /// The process is not there (any more).
    fn start_failed(&mut self, number: usize, reason: String, actions: &mut Vec<Action>) {
        let slot = &mut self.slots[number];
        slot.failed_starts += 1;
        if slot.failed_starts >= self.rules.starts {
            slot.seat = Seat::Broken { reason: reason.clone() };
            actions.push(Action::Tell(Tidings::SlotBroken { slot: number, reason }));
        } else {
            slot.seat = Seat::Empty;
            actions.push(Action::Tell(Tidings::WorkerLost { slot: number, reason }));
        }
    }

    fn progress(
        &mut self,
        slot: usize,
        run: usize,
        step: u64,
        steps: u64,
        now: Duration,
        actions: &mut Vec<Action>,
    ) {
        if let Seat::Busy(work) = &mut self.slots[slot].seat
            && work.run == run
        {
            if work.step.is_none_or(|before| step > before) {
                work.step = Some(step);
                work.moved = now;
            }
            actions.push(Action::Tell(Tidings::Progress { slot, run, step, steps }));
        }
    }

    fn reported(
        &mut self,
        number: usize,
        run: usize,
        outcome: Outcome,
        now: Duration,
        actions: &mut Vec<Action>,
    ) {
        let slot = &mut self.slots[number];
        let Some(work) = slot.working_on(run) else {
            actions.push(Action::Tell(Tidings::Dropped { slot: number, run }));
            return;
        };
        let attempt = work.attempt;
        match outcome {
            Outcome::Failed { cause: Cause::Reported(Failure::Refused), message } => {
                slot.seat = Seat::Idle;
                self.queue.put_back(run);
                self.halt.get_or_insert(End::Refused { message });
            }
            Outcome::Failed { cause: Cause::Reported(Failure::Device), message } => {
                self.stop(number, After::Device { run, attempt, message }, Manner::Firm, now, actions);
            }
            outcome => {
                slot.struck_by = None;
                // An error may leave debris in the process, on the device or off it.
                if matches!(outcome, Outcome::Failed { .. }) {
                    self.stop(number, After::Nothing, Manner::Firm, now, actions);
                } else {
                    slot.seat = Seat::Idle;
                }
                self.conclude(run, attempt, outcome, Source::Computed, actions);
            }
        }
    }

    /// The worker is still to be ended, and reaped, before anything else happens at its slot.
    fn lost(&mut self, number: usize, reason: String, now: Duration, actions: &mut Vec<Action>) {
        let after = match &self.slots[number].seat {
            Seat::Starting { .. } => After::FailedStart { reason },
            Seat::Idle => After::Nothing,
            Seat::Busy(work) => After::Lost { run: work.run, attempt: work.attempt, reason },
            Seat::Empty | Seat::Stopping { .. } | Seat::Broken { .. } => return,
        };
        self.stop(number, after, Manner::Firm, now, actions);
    }

    fn gone(&mut self, number: usize, words: &str, actions: &mut Vec<Action>) {
        let seat = &mut self.slots[number].seat;
        // A process that could not be killed may still go one day; its slot stays out of use.
        if !matches!(seat, Seat::Stopping { .. }) {
            return;
        }
        if let Seat::Stopping { after, .. } = std::mem::take(seat) {
            self.after(number, after, words, actions);
        }
    }

    /// Deals with what was held back until the process was gone.
    fn after(&mut self, number: usize, after: After, words: &str, actions: &mut Vec<Action>) {
        match after {
            After::Nothing => {}
            After::FailedStart { reason } => self.start_failed(number, join(&reason, words), actions),
            After::Abandoned { run } => {
                self.queue.put_back(run);
                actions.push(Action::Tell(Tidings::Abandoned { slot: number, run }));
            }
            After::TimedOut { run, attempt, after_s } => {
                self.conclude(run, attempt, Outcome::TimedOut { after_s }, Source::Computed, actions);
            }
            After::Lost { run, attempt, reason } => {
                let message = join(&reason, words);
                actions.push(Action::Tell(Tidings::WorkerLost { slot: number, reason: message.clone() }));
                self.again_or(run, attempt, Cause::WorkerLost, message, actions);
            }
            After::Device { run, attempt, message } => {
                let slot = &mut self.slots[number];
                if slot.struck_by.replace(run).is_some_and(|before| before != run) {
                    let reason = format!("its device failed two runs in a row: {message}");
                    slot.seat = Seat::Broken { reason: reason.clone() };
                    actions.push(Action::Tell(Tidings::SlotBroken { slot: number, reason }));
                }
                self.again_or(run, attempt, Cause::Reported(Failure::Device), message, actions);
            }
        }
    }

    fn again_or(
        &mut self,
        run: usize,
        attempt: u32,
        cause: Cause,
        message: String,
        actions: &mut Vec<Action>,
    ) {
        if self.queue.crashed(run) > self.rules.retries {
            self.conclude(run, attempt, Outcome::Failed { cause, message }, Source::Computed, actions);
        } else {
            self.queue.put_back(run);
            actions.push(Action::Tell(Tidings::Retrying { run, attempt, reason: message }));
        }
    }

    fn conclude(
        &mut self,
        run: usize,
        attempt: u32,
        outcome: Outcome,
        source: Source,
        actions: &mut Vec<Action>,
    ) {
        self.ended(run, outcome.status());
        actions.push(Action::Commit { run, attempt, outcome, source });
    }

    fn ended(&mut self, run: usize, status: Status) {
        if let Some(status) = self.queue.conclude(run, status) {
            self.halt.get_or_insert(End::OriginalFailed { status });
        }
    }

    fn interrupted(&mut self, interruption: Interruption, now: Duration, actions: &mut Vec<Action>) {
        let running = self.slots.iter().filter(|slot| matches!(slot.seat, Seat::Busy(_))).count();
        match &mut self.halt {
            Some(End::Drained { by }) => *by = interruption,
            Some(_) => {}
            None => self.halt = Some(End::Drained { by: interruption }),
        }
        actions.push(Action::Tell(Tidings::Draining { by: interruption, running }));
        let manner = match interruption {
            Interruption::Interrupt(0 | 1) | Interruption::Drain => return,
            Interruption::Interrupt(2) | Interruption::Terminate => Manner::Firm,
            Interruption::Interrupt(_) => Manner::Kill,
        };
        for number in 0..self.slots.len() {
            let after = match &self.slots[number].seat {
                Seat::Busy(work) => After::Abandoned { run: work.run },
                Seat::Starting { .. } => After::Nothing,
                Seat::Stopping { .. } if manner == Manner::Kill => {
                    actions.push(Action::Stop { slot: number, manner });
                    continue;
                }
                Seat::Empty | Seat::Idle | Seat::Stopping { .. } | Seat::Broken { .. } => continue,
            };
            self.stop(number, after, manner, now, actions);
        }
    }
}

fn join(reason: &str, words: &str) -> String {
    if words.is_empty() { reason.to_owned() } else { format!("{reason}: {words}") }
}
