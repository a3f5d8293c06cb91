//! The scheduler without the world: what happened goes in, what is to be done comes out.
//!
//! Nothing here waits, reads a clock, draws a number or touches a file, so every sequence of events can be tried: the
//! gates `SIM` and `EXH` do. Two stages: the runs that train originals before everything else, then the rest in the
//! order of the plan.

mod attendance;
mod clock;
mod devices;
mod event;
mod loss;
mod queue;
mod seat;
#[cfg(test)]
mod tests;

pub use attendance::Attendance;
pub use clock::{Clock, Moment, TICK};
pub use event::{Action, Attempt, End, Event, Hindrance};
pub use queue::Known;
pub use seat::Rules;

use std::{ops::Range, time::Duration};

use sweep_protocol::message::Failure;

use super::observer::{Happening, Interruption};
use crate::{
    engine::Manner,
    outcome::{Cause, Outcome, Status},
    store::Source,
};
use devices::Devices;
use queue::Queue;
use seat::{After, Seat, Slot};

/// Everything that the scheduler knows.
#[derive(Debug, Clone)]
pub struct State {
    rules: Rules,
    queue: Queue,
    slots: Vec<Slot>,
    devices: Devices,
    halt: Option<End>,
    /// Whether runs at work are stopped, too.
    hurried: bool,
    ended: bool,
}

/// Takes in one event and says what to do, in this order. `now` never goes back.
pub fn step(state: &mut State, event: Event, now: Duration) -> Vec<Action> {
    let mut actions = Vec::new();
    state.take(event, now, &mut actions);
    if !state.ended {
        state.close_quarantined(now, &mut actions);
        state.assign(now, &mut actions);
        state.finish(now, &mut actions);
    }
    actions
}

impl State {
    /// Nothing has happened yet. `accelerators` has one entry for each slot: the accelerator that it works on, or none
    /// for the CPU. `originals` are the positions of the runs that train
    /// originals, one behind the other.
    pub fn new(
        rules: Rules,
        accelerators: &[Option<u32>],
        runs: Vec<Known>,
        originals: Range<usize>,
    ) -> Self {
        Self {
            rules,
            queue: Queue::new(runs, originals),
            slots: accelerators.iter().map(|&accelerator| Slot::new(accelerator)).collect(),
            devices: Devices::default(),
            halt: None,
            hurried: false,
            ended: false,
        }
    }

    fn take(&mut self, event: Event, now: Duration, actions: &mut Vec<Action>) {
        match event {
            Event::Begin => {}
            Event::Tick => self.watch(now, actions),
            Event::Ready { slot, capacity } => self.ready(slot, capacity),
            Event::StartFailed { slot, reason, hindrance } => {
                self.start_failed(slot, reason, hindrance, now, actions);
            }
            Event::Progress { slot, run, step, steps } => self.progress(slot, run, step, steps, now, actions),
            Event::Reported { slot, run, outcome } => self.reported(slot, run, outcome, now, actions),
            Event::Lost { slot, reason } => self.lost(slot, reason, now, actions),
            Event::Gone { slot, words } => self.gone(slot, &words, now, actions),
            Event::Cached { run, measurement } => match measurement {
                Some(measurement) => {
                    let outcome = Outcome::Finished(measurement);
                    self.conclude(Attempt { run, number: 0 }, outcome, Source::Cached, actions);
                }
                None => self.queue.not_cached(run),
            },
            Event::Claimed { run, attempt } => self.queue.claimed(run, attempt),
            Event::Elsewhere { run } => self.queue.put_aside(run),
            Event::EndedElsewhere { run, status } => {
                self.reconsider(run);
                self.ended(run, status);
            }
            Event::TakenOver { run } => {
                self.reconsider(run);
                self.queue.taken_over(run);
            }
            Event::Freed { run } => self.queue.freed(run),
            Event::Interrupted(interruption) => self.interrupted(interruption, now, actions),
        }
    }

    fn ready(&mut self, slot: usize, capacity: usize) {
        let slot = &mut self.slots[slot];
        if matches!(slot.seat, Seat::Starting { .. }) {
            slot.seat = Seat::Idle;
            slot.capacity = capacity.max(1);
            slot.failed_starts = 0;
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
            && let Some(member) = work.runs.iter_mut().find(|member| member.attempt.run == run)
        {
            if member.step.is_none_or(|before| step > before) {
                member.step = Some(step);
                work.moved = now;
            }
            actions.push(Action::Tell(Happening::Progress { slot, run, step, steps }));
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
        let Some(attempt) = self.slots[number].attempt_at(run) else {
            actions.push(Action::Tell(Happening::Dropped { slot: number, run }));
            return;
        };
        match outcome {
            Outcome::Failed { cause: Cause::Reported(Failure::Refused), message } => {
                self.slots[number].end(run, false, now);
                self.queue.put_back(run);
                self.halt.get_or_insert(End::Refused { message });
            }
            Outcome::Failed { cause: Cause::Reported(Failure::Device), message } => {
                self.device_failed(number, message, now, actions);
            }
            Outcome::Failed { cause: Cause::Reported(Failure::OutOfMemory), message }
                if self.rows_of(number, run) > 1 =>
            {
                self.crowded(number, message, now, actions);
            }
            outcome => {
                let slot = &mut self.slots[number];
                if let Some(accelerator) = slot.accelerator {
                    self.devices.worked(accelerator);
                }
                // An error may leave debris in the process, on the device or off it.
                if slot.end(run, matches!(outcome, Outcome::Failed { .. }), now) {
                    self.stop(number, After::Nothing, Manner::Firm, now, actions);
                }
                self.conclude(attempt, outcome, Source::Computed, actions);
            }
        }
    }

    fn conclude(
        &mut self,
        Attempt { run, number: attempt }: Attempt,
        outcome: Outcome,
        source: Source,
        actions: &mut Vec<Action>,
    ) {
        self.ended(run, outcome.status());
        actions.push(Action::Commit { run, attempt, outcome, source });
    }

    fn ended(&mut self, run: usize, status: Status) {
        if let Some((run, status)) = self.queue.conclude(run, status) {
            self.halt.get_or_insert(End::OriginalFailed { run, status });
        }
    }

    /// Takes back what followed from an end that was not the one that is recorded.
    fn reconsider(&mut self, run: usize) {
        self.ended = false;
        if self.queue.is_original(run) {
            self.halt.take_if(|halt| matches!(halt, End::OriginalFailed { .. }));
        }
    }

    fn interrupted(&mut self, interruption: Interruption, now: Duration, actions: &mut Vec<Action>) {
        let at_work = |slot: &Slot| if let Seat::Busy(work) = &slot.seat { work.runs.len() } else { 0 };
        let running = self.slots.iter().map(at_work).sum();
        match &mut self.halt {
            // Who asks for less than was asked for before changes nothing.
            Some(End::Drained { by }) if interruption != Interruption::Drain => *by = interruption,
            Some(_) => {}
            None => self.halt = Some(End::Drained { by: interruption }),
        }
        actions.push(Action::Tell(Happening::Draining { by: interruption, running }));
        let manner = match interruption {
            Interruption::Drain | Interruption::Interrupt(0 | 1) => return,
            Interruption::Interrupt(2) | Interruption::Terminate => Manner::Firm,
            Interruption::Interrupt(_) => Manner::Kill,
        };
        self.hurried = true;
        for number in 0..self.slots.len() {
            self.send_away(number, manner, now, actions);
        }
    }

    /// Ends the worker at a slot because the sweep is to end; its run stays pending.
    fn send_away(&mut self, number: usize, manner: Manner, now: Duration, actions: &mut Vec<Action>) {
        let after = match &mut self.slots[number].seat {
            Seat::Busy(work) => After::Abandoned { runs: work.attempts() },
            Seat::Starting { .. } | Seat::Idle => After::Nothing,
            Seat::Stopping { after, .. } => {
                // What ends the sweep may have ended the worker: a cluster signals every process of a job.
                if let After::Died(death) = after {
                    *after = After::Abandoned { runs: std::mem::take(&mut death.runs) };
                }
                if manner == Manner::Kill {
                    actions.push(Action::Stop { slot: number, manner });
                }
                return;
            }
            Seat::Empty | Seat::Broken { .. } => return,
        };
        self.stop(number, after, manner, now, actions);
    }
}
