//! What the words of workers mean to the scheduler core.

use sweep_protocol::{
    FORMAT,
    measurement::{Measurement, NamedFile},
    message::{FromWorker, Hello},
    terms::RunId,
};

use super::{
    core::Event,
    crew::{Call, Sent},
    dispatcher::Dispatcher,
    observer::Happening,
};
use crate::{
    engine::{Delivery, ForeignFormat},
    outcome::{Cause, Outcome},
    plan::PlannedEngine,
    store::Notice,
};

/// Longest message of a failure that is recorded, in bytes.
const MAX_MESSAGE: usize = 4096;

impl Dispatcher<'_> {
    /// The event that a call is, if it counts; what comes too late or twice is dropped, and said so where it matters.
    pub(super) fn hear(&mut self, sent: Sent) -> Option<Event> {
        let Sent { slot, process, call } = sent;
        match call {
            Call::Gone(words) if self.attendance.is_present(slot, process) => {
                Some(Event::Gone { slot, words: shortened(&words) })
            }
            Call::Gone(_) => None,
            Call::Delivery(Delivery::Message(message)) if !self.attendance.may_speak(slot, process) => {
                self.drop_late(*message);
                None
            }
            Call::Delivery(_) if !self.attendance.may_speak(slot, process) => None,
            Call::Delivery(Delivery::Lost(loss)) => Some(Event::Lost { slot, reason: loss.to_string() }),
            Call::Delivery(Delivery::Message(message)) => self.understand(slot, *message),
        }
    }

    fn understand(&mut self, slot: usize, message: FromWorker) -> Option<Event> {
        match message {
            FromWorker::Hello(hello) => Some(self.greet(slot, &hello)),
            FromWorker::Progress { run, step, steps } => {
                let run = self.position(slot, &run)?;
                self.touch.moved(run);
                Some(Event::Progress { slot, run, step, steps })
            }
            FromWorker::Finished { run, measurement } => {
                let position = self.ended(slot, run)?;
                let Some(measurement) = self.borne_out(position, *measurement) else {
                    let reason = "the worker named files that are not in the run's folder".to_owned();
                    return Some(Event::Lost { slot, reason });
                };
                let outcome = Outcome::Finished(Box::new(measurement));
                Some(Event::Reported { slot, run: position, outcome })
            }
            FromWorker::Diverged { run, step } => {
                let run = self.ended(slot, run)?;
                Some(Event::Reported { slot, run, outcome: Outcome::Diverged { step } })
            }
            FromWorker::Failed { run, failure, message } => {
                let run = self.ended(slot, run)?;
                let outcome =
                    Outcome::Failed { cause: Cause::Reported(failure), message: shortened(&message) };
                Some(Event::Reported { slot, run, outcome })
            }
        }
    }

    /// The run whose end a worker reports, if it was handed it; any other is said to be late.
    fn ended(&mut self, slot: usize, run: RunId) -> Option<usize> {
        let position = self.position(slot, &run);
        if position.is_none() {
            self.observer.event(&Happening::Notice(&Notice::LateOutcome { run }));
        }
        position
    }

    fn greet(&mut self, slot: usize, hello: &Hello) -> Event {
        let PlannedEngine { name, version, trains, .. } = &self.plan.engine;
        let reason = if hello.format != FORMAT {
            ForeignFormat(hello.format).to_string()
        } else if hello.engine != *name || hello.version != *version {
            let (other, release) = (shortened(&hello.engine), shortened(&hello.version));
            format!("the worker is engine `{other}` ({release}), the plan asks for `{name}` ({version})")
        } else if hello.trains != *trains {
            "the worker doesn't do what it did when it was asked who it is: train, or not".to_owned()
        } else {
            self.observer.event(&Happening::WorkerReady { slot, hello });
            return Event::Ready { slot, capacity: hello.capacity.get() as usize };
        };
        Event::Lost { slot, reason }
    }

    /// The run that a worker names, if it was handed it.
    fn position(&self, slot: usize, run: &RunId) -> Option<usize> {
        let handed = self.attendance.runs_at(slot).iter().copied();
        handed.into_iter().find(|&position| self.plan.runs[position].id == *run)
    }

    /// A result that counts for nothing is worth a word; that a worker which is being ended fails at its other runs too is not.
    fn drop_late(&mut self, message: FromWorker) {
        if let FromWorker::Finished { run, .. } | FromWorker::Diverged { run, .. } = message {
            self.observer.event(&Happening::Notice(&Notice::LateOutcome { run }));
        }
    }

    /// A measurement that answers all that was asked and whose files are there.
    fn borne_out(&self, run: usize, measurement: Measurement<NamedFile>) -> Option<Measurement> {
        let measurement = self.store.described(&self.plan.runs[run].id, measurement)?;
        self.is_answered(run, &measurement).then_some(measurement)
    }

    /// Whether a measurement has all that was asked for.
    pub(super) fn is_answered(&self, run: usize, measurement: &Measurement) -> bool {
        self.plan.is_answered(&self.plan.runs[run], measurement)
    }
}

/// The beginning of a text from a worker; it may be of any length.
fn shortened(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_MESSAGE)].to_owned()
}
