//! Carries out what the scheduler core says, and tells it what happened.

use std::{
    collections::VecDeque,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, never, select_biased};
use sweep_protocol::{
    message::{Failure, Job},
    terms::RunId,
};
use thiserror::Error;

use super::{
    core::{Action, Attempt, Attendance, Clock, End, Event, Hindrance, Known, State, TICK, step},
    crew::Crew,
    ending::Ending,
    job,
    observer::{Happening, Interruption, Observer},
    settings::Settings,
    touch::Touch,
};
use crate::{
    outcome::{Cause, Outcome},
    plan::Plan,
    store::{Cache, Committed, Fetched, Notice, Source, Store, StoreError},
};

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
    let companies = if settings.cohort > 1 { job::companies(plan) } else { vec![None; plan.runs.len()] };
    let known = companies.into_iter().enumerate();
    let known = known.map(|(run, company)| Known { company, ..known_of(plan, store, cache, run) }).collect();
    let state = State::new(settings.rules(), &settings.accelerators(), known, plan.training_originals());
    let crew = Crew::new(settings.slots.len(), settings.grace);
    let attendance = Attendance::new(settings.slots.len());
    let interruptions = settings.interruptions.clone();
    let mut dispatcher = Dispatcher {
        plan,
        store,
        cache,
        settings,
        observer,
        crew,
        interruptions,
        attendance,
        events: VecDeque::new(),
        stop_at: None,
        touch: Touch::default(),
    };
    let (state, end) = dispatcher.run(state)?;
    dispatcher.store.release()?;
    let broken = state.broken().map(|(slot, reason)| (slot, reason.to_owned())).collect();
    Ok(Ending::of(plan, store, end, broken))
}

/// Forgets finished runs that lack what the plan asks them to measure: their models are gone.
fn reopen_unanswered(plan: &Plan, store: &mut Store, observer: &mut dyn Observer) -> Result<(), StoreError> {
    if store.is_shared() {
        // What has ended there stands.
        return Ok(());
    }
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

fn known_of(plan: &Plan, store: &Store, cache: Option<&Cache>, run: usize) -> Known {
    let id = &plan.runs[run].id;
    Known {
        status: store.outcome(id).filter(|outcome| outcome.is_final()).map(Outcome::status),
        attempts: store.attempts(id),
        to_ask: store.is_shared() || (cache.is_some() && job::is_cacheable(plan, run)),
        company: None,
    }
}

pub(super) struct Dispatcher<'a> {
    pub(super) plan: &'a Plan,
    pub(super) store: &'a mut Store,
    cache: Option<&'a Cache>,
    pub(super) settings: &'a Settings,
    pub(super) observer: &'a mut dyn Observer,
    crew: Crew,
    interruptions: Receiver<Interruption>,
    pub(super) attendance: Attendance,
    /// What the carrying out of actions has brought about.
    pub(super) events: VecDeque<Event>,
    /// When the runs at work are stopped.
    stop_at: Option<Duration>,
    /// What is to be told to other schedulers.
    pub(super) touch: Touch,
}

impl Dispatcher<'_> {
    fn run(&mut self, mut state: State) -> Result<(State, End), PoolError> {
        let began = Instant::now();
        let mut clock = Clock::default();
        self.events.push_back(Event::Begin);
        loop {
            let event = self.next();
            let moment = clock.look(began.elapsed());
            let tick = moment.is_tick.then_some(Event::Tick);
            if moment.is_tick {
                self.keep_in_touch(moment.now)?;
                if self.stop_at.take_if(|at| moment.now >= *at).is_some() {
                    self.events.push_back(Event::Interrupted(Interruption::Interrupt(2)));
                }
            }
            if event == Some(Event::Interrupted(Interruption::Drain)) {
                self.stop_at = self.settings.notice.map(|notice| moment.now + notice);
            }
            for event in event.into_iter().chain(tick) {
                for action in step(&mut state, event, moment.now) {
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

    fn carry_out(&mut self, action: Action) -> Result<Option<End>, PoolError> {
        match action {
            Action::Start { slot } => self.start(slot),
            Action::Perform { slot, cohort, rows } => self.perform(slot, &cohort, rows)?,
            Action::Stop { slot, manner } => {
                self.attendance.leaves(slot);
                self.crew.stop(slot, manner);
            }
            Action::Consult { run } => self.consult(run)?,
            Action::Commit { run, attempt, outcome, source } => {
                self.commit(run, attempt, &outcome, source)?;
            }
            Action::Tell(happening) => self.observer.event(&happening),
            // What another scheduler has done about a run may leave something to do after all.
            Action::End(end) => return Ok((!self.events.iter().any(Event::reconsiders)).then_some(end)),
        }
        Ok(None)
    }

    fn start(&mut self, slot: usize) {
        self.observer.event(&Happening::WorkerStarting { slot });
        let process = self.attendance.arrives(slot);
        if let Err(error) = self.crew.start((slot, process), &self.settings.slots[slot]) {
            let hindrance = if error.is_shortage() { Hindrance::Shortage } else { Hindrance::Fault };
            self.events.push_back(Event::StartFailed { slot, reason: error.to_string(), hindrance });
        }
    }

    fn perform(&mut self, slot: usize, cohort: &[Attempt], most: Option<u32>) -> Result<(), PoolError> {
        let mut rows = Vec::with_capacity(cohort.len());
        for attempt in cohort {
            let id = &self.plan.runs[attempt.run].id;
            let folder = self.store.begin(id, attempt.number, slot)?;
            rows.push(job::row(self.plan, *attempt, folder));
        }
        let runs: Vec<usize> = cohort.iter().map(|attempt| attempt.run).collect();
        self.attendance.handed(slot, &runs);
        let Some(job) = job::build(self.plan, runs[0], rows, &job::recorded(self.store)) else {
            let message = "the recorded original has no weights; carry it out again";
            self.refuse(slot, &runs, message);
            return Ok(());
        };
        let job = Job { rows: most.and_then(NonZeroU32::new), ..job };
        // What the worker says of several is in the log of the first.
        let log = self.store.log(&self.plan.runs[runs[0]].id, cohort[0].number)?;
        if let Err(error) = self.crew.perform(slot, job, log) {
            self.refuse(slot, &runs, &error.to_string());
            return Ok(());
        }
        for &Attempt { run, number: attempt } in cohort {
            self.observer.event(&Happening::Started { slot, run, attempt });
        }
        Ok(())
    }

    fn refuse(&mut self, slot: usize, runs: &[usize], message: &str) {
        for &run in runs {
            let message = message.to_owned();
            let outcome = Outcome::Failed { cause: Cause::Reported(Failure::Refused), message };
            self.events.push_back(Event::Reported { slot, run, outcome });
        }
    }

    fn consult(&mut self, run: usize) -> Result<(), PoolError> {
        let id = &self.plan.runs[run].id;
        if !self.claim(run)? {
            return Ok(());
        }
        let mut measurement = None;
        if let Some(cache) = self.cache.filter(|cache| job::is_cacheable(self.plan, run) && cache.has(id)) {
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

    pub(super) fn commit(
        &mut self,
        run: usize,
        attempt: u32,
        outcome: &Outcome,
        source: Source,
    ) -> Result<Committed, PoolError> {
        let id = &self.plan.runs[run].id;
        let slot = if source == Source::Computed { self.attendance.ended(run) } else { None };
        if let Some(slot) = slot.filter(|&slot| self.attendance.runs_at(slot).is_empty()) {
            self.crew.rest(slot);
        }
        if self.store.commit(id, attempt, outcome, source)? == Committed::Late {
            self.observer.event(&Happening::Notice(&Notice::LateOutcome { run: id.clone() }));
            self.heed(run);
            return Ok(Committed::Late);
        }
        self.observer.event(&Happening::Ended { slot, run, outcome, source });
        if let (Some(cache), Some(measurement), Source::Computed) =
            (self.cache, outcome.measurement(), source)
            && job::is_cacheable(self.plan, run)
            && let Err(notice) = cache.keep(id, &self.store.run_folder(id), measurement)
        {
            self.observer.event(&Happening::Notice(&notice));
        }
        Ok(Committed::Recorded)
    }
}
