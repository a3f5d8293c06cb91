//! Carries out what the scheduler core says, and tells it what happened.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, never, select_biased};
use sweep_protocol::{
    FORMAT,
    measurement::Measurement,
    message::{Failure, FromWorker, Hello},
    terms::RunId,
};
use thiserror::Error;

use super::{
    core::{Action, End, Event, Known, State, Tidings, step},
    crew::{Call, Crew, Sent},
    ending::Ending,
    job,
    observer::{Happening, Interruption, Observer},
    settings::Settings,
};
use crate::{
    engine::Delivery,
    outcome::{Cause, Outcome},
    plan::Plan,
    store::{Cache, Committed, Fetched, Notice, Source, Store, StoreError},
};

/// How often the limits on time are looked at.
const TICK: Duration = Duration::from_millis(250);
/// Longest message of a failure that is recorded, in bytes.
const MAX_MESSAGE: usize = 4096;

/// Failed to carry out a sweep. What was recorded before is safe.
#[derive(Debug, Error)]
pub enum PoolError {
    /// The results can't be written any more.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no place for a worker.
    #[error("the pool has no slots; name at least one device")]
    NoSlots,
}

/// Carries out the runs of a plan that have no final outcome yet, and returns when no worker is left.
///
/// The workers are tied to the calling thread: they die with it.
pub fn run(
    plan: &Plan,
    store: &mut Store,
    cache: Option<&Cache>,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<Ending, PoolError> {
    if settings.slots.is_empty() {
        return Err(PoolError::NoSlots);
    }
    reopen_unanswered(plan, store, observer)?;
    let known = (0..plan.runs.len()).map(|run| known(plan, store, cache, run)).collect();
    let original = job::original(plan);
    let state = State::new(settings.rules(), settings.slots.len(), known, original);
    let crew = Crew::new(settings.slots.len(), settings.grace);
    let at = vec![None; settings.slots.len()];
    let interruptions = settings.interruptions.clone();
    let mut dispatcher = Dispatcher {
        plan,
        store,
        cache,
        settings,
        observer,
        crew,
        interruptions,
        at,
        events: VecDeque::new(),
    };
    let (state, end) = dispatcher.run(state)?;
    let broken = state.broken().map(|(slot, reason)| (slot, reason.to_owned())).collect();
    Ok(Ending::of(plan, store, end, broken))
}

/// Forgets finished runs that lack what the plan asks them to measure: their models are gone.
fn reopen_unanswered(plan: &Plan, store: &mut Store, observer: &mut dyn Observer) -> Result<(), StoreError> {
    let lacking = plan.runs.iter().filter(|run| {
        let measured = store.outcome(&run.id).and_then(Outcome::measurement);
        measured.is_some_and(|measured| !plan.is_answered(run, measured))
    });
    let lacking: Vec<RunId> = lacking.map(|run| run.id.clone()).collect();
    lacking.iter().try_for_each(|run| store.reopen(run))?;
    if !lacking.is_empty() {
        observer.event(&Happening::Notice(&Notice::MeasuredAgain { runs: lacking.len() }));
    }
    Ok(())
}

fn known(plan: &Plan, store: &Store, cache: Option<&Cache>, run: usize) -> Known {
    let id = &plan.runs[run].id;
    Known {
        status: store.outcome(id).filter(|outcome| outcome.is_final()).map(Outcome::status),
        attempts: store.attempts(id),
        cacheable: cache.is_some() && job::is_cacheable(plan, run),
    }
}

struct Dispatcher<'a> {
    plan: &'a Plan,
    store: &'a mut Store,
    cache: Option<&'a Cache>,
    settings: &'a Settings,
    observer: &'a mut dyn Observer,
    crew: Crew,
    interruptions: Receiver<Interruption>,
    /// Which run each slot was handed last.
    at: Vec<Option<usize>>,
    /// What the carrying out of actions has brought about.
    events: VecDeque<Event>,
}

/// Time that counts: a pause of the whole process (Ctrl-Z, suspend) makes no run late.
struct Clock {
    now: Duration,
    looked: Instant,
}

impl Clock {
    fn now(&mut self) -> Duration {
        let passed = self.looked.elapsed();
        self.looked += passed;
        self.now += passed.min(4 * TICK);
        self.now
    }
}

impl Dispatcher<'_> {
    fn run(&mut self, mut state: State) -> Result<(State, End), PoolError> {
        let mut clock = Clock { now: Duration::ZERO, looked: Instant::now() };
        let mut ticked = Duration::ZERO;
        self.events.push_back(Event::Begin);
        loop {
            let event = self.next();
            let now = clock.now();
            let tick = (now.saturating_sub(ticked) >= TICK).then_some(Event::Tick);
            if tick.is_some() {
                ticked = now;
            }
            for event in event.into_iter().chain(tick) {
                for action in step(&mut state, event, now) {
                    if let Some(end) = self.carry_out(action)? {
                        return Ok((state, end));
                    }
                }
            }
        }
    }

    /// What happens next; nothing if that takes longer than a tick.
    fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        let sent = select_biased! {
            recv(self.interruptions) -> interruption => {
                if interruption.is_err() {
                    self.interruptions = never();
                }
                return interruption.ok().map(Event::Interrupted);
            }
            recv(self.crew.gone()) -> sent => sent.ok()?,
            recv(self.crew.talk()) -> sent => sent.ok()?,
            default(TICK) => return None,
        };
        self.hear(sent)
    }

    fn hear(&mut self, sent: Sent) -> Option<Event> {
        let slot = sent.slot;
        if self.crew.is_late(&sent) {
            self.drop_late(sent.call);
            return None;
        }
        match sent.call {
            Call::Gone(words) => Some(Event::Gone { slot, words: shortened(&words) }),
            Call::Delivery(Delivery::Lost(loss)) => Some(Event::Lost { slot, reason: loss.to_string() }),
            Call::Delivery(Delivery::Message(message)) => self.understand(slot, *message),
        }
    }

    fn understand(&mut self, slot: usize, message: FromWorker) -> Option<Event> {
        let (run, outcome) = match message {
            FromWorker::Hello(hello) => return Some(self.greet(slot, &hello)),
            FromWorker::Progress { run, step, steps } => {
                let run = self.position(slot, &run)?;
                return Some(Event::Progress { slot, run, step, steps });
            }
            FromWorker::Finished { run, measurement } => {
                let position = self.position(slot, &run)?;
                if !self.is_borne_out(position, &measurement) {
                    let reason = "the worker named files that are not in the run's folder".to_owned();
                    return Some(Event::Lost { slot, reason });
                }
                (run, Outcome::Finished(measurement))
            }
            FromWorker::Diverged { run, step } => (run, Outcome::Diverged { step }),
            FromWorker::Failed { run, failure, message } => {
                (run, Outcome::Failed { cause: Cause::Reported(failure), message: shortened(&message) })
            }
        };
        self.position(slot, &run).map(|run| Event::Reported { slot, run, outcome })
    }

    fn greet(&mut self, slot: usize, hello: &Hello) -> Event {
        let engine = self.plan.engine.word();
        let reason = if hello.format != FORMAT {
            format!(
                "the worker speaks format {}, this sweep speaks {FORMAT}; install both from one release",
                hello.format
            )
        } else if hello.engine != engine {
            format!("the worker is engine `{}`, the plan asks for `{engine}`", shortened(&hello.engine))
        } else {
            self.observer.event(&Happening::WorkerReady { slot, hello });
            return Event::Ready { slot };
        };
        Event::Lost { slot, reason }
    }

    /// The run that a worker names, if it is the one that it was handed; anything else it says about runs is dropped.
    fn position(&self, slot: usize, run: &RunId) -> Option<usize> {
        self.at[slot].filter(|&position| self.plan.runs[position].id == *run)
    }

    fn drop_late(&mut self, call: Call) {
        let Call::Delivery(Delivery::Message(message)) = call else { return };
        if let FromWorker::Finished { run, .. }
        | FromWorker::Diverged { run, .. }
        | FromWorker::Failed { run, .. } = *message
        {
            self.observer.event(&Happening::Notice(&Notice::LateOutcome { run }));
        }
    }

    fn is_borne_out(&self, run: usize, measurement: &Measurement) -> bool {
        self.is_answered(run, measurement) && self.store.holds(&self.plan.runs[run].id, measurement)
    }

    /// Whether a measurement has all that was asked for.
    fn is_answered(&self, run: usize, measurement: &Measurement) -> bool {
        let weights = measurement.weights.is_some() || !self.needs_weights(run);
        weights && self.plan.is_answered(&self.plan.runs[run], measurement)
    }

    fn needs_weights(&self, run: usize) -> bool {
        self.plan.inputs.is_some() && job::keeps_weights(self.plan, run)
    }

    fn carry_out(&mut self, action: Action) -> Result<Option<End>, PoolError> {
        match action {
            Action::Start { slot } => self.start(slot),
            Action::Perform { slot, run, attempt } => self.perform(slot, run, attempt)?,
            Action::Stop { slot, manner } => self.crew.stop(slot, manner),
            Action::Consult { run } => self.consult(run)?,
            Action::Commit { run, attempt, outcome, source } => {
                self.commit(run, attempt, &outcome, source)?;
            }
            Action::Tell(tidings) => self.tell(&tidings),
            Action::End(end) => return Ok(Some(end)),
        }
        Ok(None)
    }

    fn start(&mut self, slot: usize) {
        self.observer.event(&Happening::WorkerStarting { slot });
        self.at[slot] = None;
        if let Err(error) = self.crew.start(slot, &self.settings.slots[slot]) {
            self.events.push_back(Event::StartFailed { slot, reason: error.to_string() });
        }
    }

    fn perform(&mut self, slot: usize, run: usize, attempt: u32) -> Result<(), PoolError> {
        let id = &self.plan.runs[run].id;
        let folder = self.store.begin(id, attempt, slot)?;
        self.at.iter_mut().filter(|at| **at == Some(run)).for_each(|at| *at = None);
        self.at[slot] = Some(run);
        let Some(job) = job::build(self.plan, self.store, run, attempt, folder) else {
            self.refuse(slot, run, "the recorded original has no weights; carry it out again".to_owned());
            return Ok(());
        };
        let log = self.store.log(id, attempt)?;
        if let Err(error) = self.crew.perform(slot, job, log) {
            self.refuse(slot, run, error.to_string());
            return Ok(());
        }
        self.observer.event(&Happening::Started { slot, run, attempt });
        Ok(())
    }

    fn refuse(&mut self, slot: usize, run: usize, message: String) {
        let outcome = Outcome::Failed { cause: Cause::Reported(Failure::Refused), message };
        self.events.push_back(Event::Reported { slot, run, outcome });
    }

    fn consult(&mut self, run: usize) -> Result<(), PoolError> {
        let id = &self.plan.runs[run].id;
        let mut measurement = None;
        if let Some(cache) = self.cache.filter(|cache| cache.has(id)) {
            let folder = self.store.make_run_folder(id)?;
            match cache.fetch(id, &folder) {
                Fetched::Hit(found) if self.is_answered(run, &found) => measurement = Some(found),
                Fetched::Hit(_) | Fetched::Miss => {}
                Fetched::Damaged(notice) => self.observer.event(&Happening::Notice(&notice)),
            }
        }
        self.events.push_back(Event::Cached { run, measurement });
        Ok(())
    }

    fn commit(
        &mut self,
        run: usize,
        attempt: u32,
        outcome: &Outcome,
        source: Source,
    ) -> Result<(), PoolError> {
        let id = &self.plan.runs[run].id;
        let slot = self.at.iter().position(|&at| at == Some(run)).filter(|_| source == Source::Computed);
        if let Some(slot) = slot {
            self.crew.rest(slot);
            self.at[slot] = None;
        }
        if self.store.commit(id, attempt, outcome, source)? == Committed::Late {
            self.observer.event(&Happening::Notice(&Notice::LateOutcome { run: id.clone() }));
            return Ok(());
        }
        self.observer.event(&Happening::Ended { slot, run, outcome, source });
        if let (Some(cache), Some(measurement), Source::Computed) =
            (self.cache, outcome.measurement(), source)
            && job::is_cacheable(self.plan, run)
            && let Err(notice) = cache.keep(id, &self.store.folder().run(id), measurement)
        {
            self.observer.event(&Happening::Notice(&notice));
        }
        Ok(())
    }

    fn tell(&mut self, tidings: &Tidings) {
        let happening = match tidings {
            &Tidings::Progress { slot, run, step, steps } => Happening::Progress { slot, run, step, steps },
            Tidings::WorkerLost { slot, reason } => Happening::WorkerLost { slot: *slot, reason },
            Tidings::SlotBroken { slot, reason } => Happening::SlotBroken { slot: *slot, reason },
            Tidings::Retrying { run, attempt, reason } => {
                Happening::Retrying { run: *run, attempt: *attempt, reason }
            }
            &Tidings::Abandoned { slot, run } => Happening::Abandoned { slot, run },
            &Tidings::Draining { by, running } => Happening::Draining { by, running },
            Tidings::Dropped { run, .. } => {
                let notice = Notice::LateOutcome { run: self.plan.runs[*run].id.clone() };
                return self.observer.event(&Happening::Notice(&notice));
            }
        };
        self.observer.event(&happening);
    }
}

/// The beginning of a text from a worker; it may be of any length.
fn shortened(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_MESSAGE)].to_owned()
}
