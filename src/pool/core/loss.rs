//! What becomes of a slot, of a run and of a device when a worker is lost.

use std::time::Duration;

use sweep_protocol::message::Failure;

use super::{
    Action, Hindrance, State,
    seat::{After, Seat},
};
use crate::{
    engine::Manner,
    outcome::{Cause, Outcome},
    pool::observer::Happening,
    store::Source,
};

/// The longest rest before a worker is started once more.
const LONGEST_REST: Duration = Duration::from_secs(8);

/// A run that has cost its worker.
#[derive(Debug, Clone)]
pub(super) struct Death {
    pub(super) run: usize,
    pub(super) attempt: u32,
    pub(super) cause: Cause,
    pub(super) message: String,
}

impl State {
    /// The process is not there (any more).
    pub(super) fn start_failed(
        &mut self,
        number: usize,
        reason: String,
        hindrance: Hindrance,
        now: Duration,
        actions: &mut Vec<Action>,
    ) {
        let slot = &mut self.slots[number];
        slot.failed_starts += 1;
        let most = match hindrance {
            Hindrance::Fault => self.rules.starts,
            Hindrance::Shortage => self.rules.shortages,
        };
        if slot.failed_starts >= most {
            self.break_slot(number, reason, actions);
        } else {
            slot.seat = Seat::Empty;
            let doublings = (slot.failed_starts - 1).min(10);
            slot.rests_until = now + (self.rules.rest * (1 << doublings)).min(LONGEST_REST);
            actions.push(Action::Tell(Happening::WorkerLost { slot: number, reason }));
        }
    }

    fn break_slot(&mut self, number: usize, reason: String, actions: &mut Vec<Action>) {
        self.slots[number].seat = Seat::Broken { reason: reason.clone() };
        actions.push(Action::Tell(Happening::SlotBroken { slot: number, reason }));
    }

    /// The worker is still to be ended, and reaped, before anything else happens at its slot.
    pub(super) fn lost(&mut self, number: usize, reason: String, now: Duration, actions: &mut Vec<Action>) {
        let after = match &self.slots[number].seat {
            Seat::Starting { .. } => After::FailedStart { reason },
            Seat::Idle => After::Nothing,
            Seat::Busy(work) => After::Died(Death {
                run: work.run,
                attempt: work.attempt,
                cause: Cause::WorkerLost,
                message: reason,
            }),
            Seat::Empty | Seat::Stopping { .. } | Seat::Broken { .. } => return,
        };
        self.stop(number, after, Manner::Firm, now, actions);
    }

    pub(super) fn gone(&mut self, number: usize, words: &str, now: Duration, actions: &mut Vec<Action>) {
        let seat = &mut self.slots[number].seat;
        // A process that could not be killed may still go one day; its slot stays out of use.
        if !matches!(seat, Seat::Stopping { .. }) {
            return;
        }
        if let Seat::Stopping { after, .. } = std::mem::take(seat) {
            self.after(number, after, words, now, actions);
        }
    }

    /// Deals with what was held back until the process was gone.
    fn after(&mut self, number: usize, after: After, words: &str, now: Duration, actions: &mut Vec<Action>) {
        match after {
            After::Nothing => {}
            After::FailedStart { reason } => {
                self.start_failed(number, join(&reason, words), Hindrance::Fault, now, actions);
            }
            After::Abandoned { run } => {
                self.queue.put_back(run);
                actions.push(Action::Tell(Happening::Abandoned { slot: number, run }));
            }
            After::TimedOut { run, attempt, after_s } => {
                self.conclude(run, attempt, Outcome::TimedOut { after_s }, Source::Computed, actions);
            }
            After::Died(mut death) => {
                if death.cause == Cause::WorkerLost {
                    death.message = join(&death.message, words);
                    let reason = death.message.clone();
                    actions.push(Action::Tell(Happening::WorkerLost { slot: number, reason }));
                }
                self.died(number, death, actions);
            }
        }
    }

    /// Tries a run once more that has cost its worker, unless it has cost too many.
    fn died(&mut self, number: usize, death: Death, actions: &mut Vec<Action>) {
        let Death { run, attempt, cause, message } = death;
        if let Some(accelerator) = self.slots[number].accelerator {
            self.devices.lost(accelerator, run, &message);
        }
        if self.queue.crashed(run) > self.rules.retries {
            self.conclude(run, attempt, Outcome::Failed { cause, message }, Source::Computed, actions);
        } else {
            self.queue.put_back(run);
            actions.push(Action::Tell(Happening::Retrying { run, attempt, reason: message }));
        }
    }

    /// A worker says that its device failed: the process is of no more use.
    pub(super) fn device_failed(
        &mut self,
        number: usize,
        (run, attempt): (usize, u32),
        message: String,
        now: Duration,
        actions: &mut Vec<Action>,
    ) {
        let death = Death { run, attempt, cause: Cause::Reported(Failure::Device), message };
        self.stop(number, After::Died(death), Manner::Firm, now, actions);
    }

    /// The process can't be killed: it keeps its slot, its run goes on elsewhere.
    pub(super) fn give_up(&mut self, number: usize, now: Duration, actions: &mut Vec<Action>) {
        let Seat::Stopping { after, .. } = std::mem::take(&mut self.slots[number].seat) else { return };
        self.break_slot(number, "its process can't be killed".to_owned(), actions);
        let broken = self.slots[number].seat.clone();
        self.after(number, after, "", now, actions);
        self.slots[number].seat = broken;
    }

    /// Takes the slots of quarantined devices out of use, each when its worker is done with its run.
    pub(super) fn close_quarantined(&mut self, now: Duration, actions: &mut Vec<Action>) {
        for number in 0..self.slots.len() {
            let slot = &self.slots[number];
            let Some(reason) = slot.accelerator.and_then(|accelerator| self.devices.quarantined(accelerator))
            else {
                continue;
            };
            match slot.seat {
                Seat::Empty => {
                    let reason = reason.to_owned();
                    self.break_slot(number, reason, actions);
                }
                Seat::Idle | Seat::Starting { .. } => {
                    self.stop(number, After::Nothing, Manner::Firm, now, actions);
                }
                Seat::Busy(_) | Seat::Stopping { .. } | Seat::Broken { .. } => {}
            }
        }
    }
}

fn join(reason: &str, words: &str) -> String {
    if words.is_empty() { reason.to_owned() } else { format!("{reason}: {words}") }
}
