//! One scheduler among several on a shared results folder.

use std::{
    borrow::Cow,
    env, thread,
    time::{Duration, Instant},
};

use super::{
    Carried, Engine, Only, Prepared, Session, SessionError, absolute, functions, prepared::selected, strategy,
};
use crate::{
    cluster::{Claims, Frozen, Lease, Lookout, Owner, Squeue},
    plan::{Plan, Run},
    pool::{self, STALL_TIMEOUT},
    store::{Recorded, Share, Store, StoreError},
};

/// Oldest answer of the cluster that is good enough, unless beats are longer.
const ASK_EVERY: Duration = Duration::from_secs(30);
/// What is left of the notice for stopping runs, recording and asking for another turn.
const RESERVE: Duration = Duration::from_secs(45);
/// The share in the results of whoever says what is asked for.
const REQUEST: &str = "request";
/// How long another command may take to share the same folder.
const PATIENCE: Duration = Duration::from_secs(20);

impl Session<'_> {
    /// Shares the results folder, unless it is shared already, and carries out what nobody else does of a grid's runs.
    pub fn run_shared<'p>(&self, prepared: &'p Prepared) -> Result<Carried<'p>, SessionError> {
        self.keep_apart(prepared)?;
        self.share(prepared)?;
        let dir = absolute(self.dir)?;
        let here = Session { dir: &dir, ..self.clone() };
        let frozen = Frozen::read(&dir)?;
        let (mut store, _) = here.joined(&frozen)?;
        here.carry_out_shared(&prepared.plan, prepared.only.as_ref(), &mut store, &frozen)
    }

    /// Carries out what nobody else does of the runs of a folder that was shared; its whole name is given, and the working
    /// folder must be the one that it was shared from. A command of the user's is started only if it is `trusted`: who says
    /// what is asked for there may be anybody.
    pub fn work(&self, frozen: &Frozen, trusted: bool) -> Result<Carried<'static>, SessionError> {
        let only = frozen.only.as_deref().map(Only::parse).transpose()?;
        let (mut store, plan) = self.joined(frozen)?;
        if let (Some(command), false) = (&plan.engine.command, trusted) {
            let reason = "the results folder names it, whoever made that".to_owned();
            return Err(SessionError::Untrusted { command: command.line(), reason });
        }
        if !trusted {
            functions::refuse_unseen(&plan)?;
        }
        let Carried { ending, plan } = self.carry_out_shared(&plan, only.as_ref(), &mut store, frozen)?;
        Ok(Carried { ending, plan: Cow::Owned(plan.into_owned()) })
    }

    /// Freezes a plan in its results folder, where other schedulers find it.
    pub fn share(&self, prepared: &Prepared) -> Result<(), SessionError> {
        // Before anything is written: a refused plan must not become what others find.
        self.refuse_measured_less(&prepared.plan)?;
        let share = Share::named(REQUEST);
        let asked = Instant::now();
        // Held until the folder says that it is shared.
        let _store = loop {
            match self.opened(prepared, &prepared.plan, |opening| {
                Store::open_share(self.disk.clone(), self.dir, opening, &share)
            }) {
                // Another host may be sharing the same folder just now.
                Err(SessionError::Store(StoreError::Locked { .. })) if asked.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(100));
                }
                opened => break opened?,
            }
        };
        let here = env::current_dir().map_err(|source| SessionError::Folder { path: ".".into(), source })?;
        let settings = prepared.grid.settings();
        let frozen = Frozen {
            cache: self.cache_of(&prepared.plan).map(|cache| here.join(cache)),
            working_folder: here,
            pool: settings.pool.clone(),
            only: prepared.only.as_ref().map(|only| only.text().to_owned()),
            jobs: self.jobs,
            toy_examples: settings.toy_examples,
            heartbeat: settings.cluster.heartbeat,
            notice: settings.cluster.slurm.signal_before,
        };
        Ok(frozen.write(&*self.disk, self.dir)?)
    }

    /// How many runs of a grid are asked for by now and have no end.
    pub fn pending(&self, prepared: &Prepared) -> Result<usize, SessionError> {
        let whole = &prepared.plan;
        let read = |plan: &Plan| Recorded::read_for(&*self.disk, self.dir, plan);
        let asked = selected(strategy(whole).ask(whole, &read)?, prepared.only.as_ref());
        let recorded = read(&asked)?;
        Ok(asked.runs.iter().filter(|run| !recorded.has_ended(&run.id)).count())
    }

    /// Refuses a plan that asks more of finished runs than was measured: what has ended on a shared folder stands.
    fn refuse_measured_less(&self, plan: &Plan) -> Result<(), SessionError> {
        let recorded = Recorded::read_for(&*self.disk, self.dir, plan)?;
        let lacks = |run: &Run| {
            let measured = recorded.outcomes.get(&run.id).and_then(|record| record.outcome.measurement());
            measured.is_some_and(|measured| !plan.is_answered(run, measured))
        };
        if plan.runs.iter().any(lacks) {
            return Err(SessionError::MeasuredLess { dir: self.dir.to_owned() });
        }
        Ok(())
    }

    /// Takes part in the folder; returns its plan.
    fn joined(&self, frozen: &Frozen) -> Result<(Store, Plan), SessionError> {
        let silence = frozen.pool.stall_timeout.unwrap_or(STALL_TIMEOUT);
        let squeue = Squeue::new(ASK_EVERY.min(2 * frozen.heartbeat));
        let lookout = Lookout::new(Owner::here(self.task.clone()), squeue);
        let lease = Lease { beat: frozen.heartbeat, silence };
        let claims = Claims::join(self.disk.clone(), self.dir, lease, lookout)
            .map_err(|source| self.folder_failed(source))?;
        let (store, plan, notices) =
            Store::join(self.disk.clone(), self.dir, claims, &pool::this_scheduler())?;
        self.notice(&notices);
        Ok((store, plan))
    }

    fn carry_out_shared<'p>(
        &self,
        whole: &'p Plan,
        only: Option<&Only>,
        store: &mut Store,
        frozen: &Frozen,
    ) -> Result<Carried<'p>, SessionError> {
        let cache = frozen.cache.as_deref();
        let engine = Engine::of(&whole.engine, frozen.toy_examples, cache, self.program);
        let mut means = self.means(&frozen.pool, engine, cache, frozen.jobs)?;
        means.settings.notice = Some(frozen.notice.saturating_sub(RESERVE).max(frozen.notice / 2));
        let asked = strategy(whole).ask(whole, &|plan| Ok(store.recorded(plan)))?;
        self.reopen(store, &selected(asked, only))?;
        self.carry_out(whole, only, store, &means)
    }
}
