//! What becomes of a slot, of a run and of a device when a worker is lost.

use std::time::Duration;

use sweep_protocol::message::Failure;

use super::{
    Action, Attempt, Hindrance, State,
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

/// The end of a worker, and the runs that it cost it, or that it took with it.
#[derive(Debug, Clone)]
pub(super) struct Death {
    pub(super) runs: Vec<Attempt>,
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
            Seat::Busy(work) => {
                After::Died(Death { runs: work.attempts(), cause: Cause::WorkerLost, message: reason })
            }
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
            After::Abandoned { runs } => {
                for Attempt { run, .. } in runs {
                    self.queue.put_back(run);
                    actions.push(Action::Tell(Happening::Abandoned { slot: number, run }));
                }
            }
            After::Crowded { runs, rows, reason } => {
                self.slots[number].room = Some(rows);
                let runs: Vec<usize> = runs.into_iter().map(|attempt| attempt.run).collect();
                for &run in &runs {
                    self.queue.put_back(run);
                }
                actions.push(Action::Tell(Happening::Crowded { slot: number, runs, rows, reason }));
            }
            After::TimedOut { runs, after_s } => {
                for attempt in runs {
                    self.conclude(attempt, Outcome::TimedOut { after_s }, Source::Computed, actions);
                }
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

    /// Tries runs once more that have cost their worker, unless they have cost too many. Of several nobody knows which
    /// one it was: each has made an attempt, and the device is not blamed before one has failed there alone.
    fn died(&mut self, number: usize, death: Death, actions: &mut Vec<Action>) {
        let Death { runs, cause, message } = death;
        if let (Some(accelerator), [alone]) = (self.slots[number].accelerator, runs.as_slice()) {
            self.devices.lost(accelerator, alone.run, &message);
        }
        for attempt in runs {
            let Attempt { run, number: attempt_number } = attempt;
            if self.queue.crashed(run) > self.rules.retries {
                let outcome = Outcome::Failed { cause, message: message.clone() };
                self.conclude(attempt, outcome, Source::Computed, actions);
            } else {
                self.queue.put_back(run);
                let reason = message.clone();
                actions.push(Action::Tell(Happening::Retrying { run, attempt: attempt_number, reason }));
            }
        }
    }

    /// A worker says that its device failed: the process is of no more use, and its runs are to be tried elsewhere.
    pub(super) fn device_failed(
        &mut self,
        number: usize,
        message: String,
        now: Duration,
        actions: &mut Vec<Action>,
    ) {
        let Seat::Busy(work) = &self.slots[number].seat else { return };
        let death = Death { runs: work.attempts(), cause: Cause::Reported(Failure::Device), message };
        self.stop(number, After::Died(death), Manner::Firm, now, actions);
    }

    /// A worker that computes several rows at once says that it lacks the memory: what hasn't ended begins anew in half the
    /// rows, and in a new process, because the old one doesn't get back what the failed attempt has taken.
    pub(super) fn crowded(
        &mut self,
        number: usize,
        reason: String,
        now: Duration,
        actions: &mut Vec<Action>,
    ) {
        let Seat::Busy(work) = &self.slots[number].seat else { return };
        let after = After::Crowded { runs: work.attempts(), rows: self.rows(number) as u32 / 2, reason };
        self.stop(number, after, Manner::Firm, now, actions);
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
