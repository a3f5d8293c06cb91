//! A sweep as a library: opens the results, shares them, fills the slots, resumes, and carries out what a strategy asks for.
//!
//! Owns: everything between a grid and its recorded results that is no scheduling and no storing. It prints nothing: what
//! happens is told to a [`Watcher`]. The test `tests/session.rs` runs and scores a sweep with it and shows how it is used.

mod apart;
mod asked;
mod command;
mod commit;
mod devices;
mod error;
mod functions;
mod libtorch;
mod machine;

mod original;
mod package;
mod prepared;
mod repeated;
mod shared;
mod slots;
mod stopwatch;
mod strategy;
mod sureness;
mod torch;
mod trial;
mod watcher;
mod weak_original;
mod whereabouts;

pub use asked::Asking;
pub use devices::kind_of_devices;
pub use error::SessionError;
pub use libtorch::{By, Libtorch, LibtorchError};
pub use package::PackageError;
pub use prepared::{Only, Outside, Prepared, resolve};
pub use repeated::{RepeatError, finished};
pub use slots::{Engine, slots};
pub use strategy::{Results, Strategy, strategy};
pub use torch::{Findings, TorchEngine, this_program};
pub use trial::TrialError;
pub use watcher::{Remark, Unwatched, Watcher};
pub use weak_original::WeakOriginal;

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::json;
use sweep_disk::Disk;

use crate::{
    cluster::{Frozen, Task},
    grid::PoolSettings,
    outcome::Status,
    plan::{Plan, Run},
    pool::{self, Ending, How, Settings},
    store::{Cache, ChangedInputs, Damage, Notice, Opening, Recorded, Store, StoreError},
};
use prepared::selected;
use stopwatch::Stopwatch;
use watcher::Attentive;

/// Where and how a sweep is carried out.
#[derive(Clone)]
pub struct Session<'a> {
    /// The file system of results and cache.
    pub disk: Arc<dyn Disk>,
    /// Folder of the results.
    pub dir: &'a Path,
    /// Folder of originals and retrained models that sweeps share, whether this one has anything to share or not.
    pub cache: Option<&'a Path>,
    /// The program `sweep`: the toy engine's workers are processes of it.
    pub program: &'a Path,
    /// Workers at a time on each device, instead of what the grid says.
    pub jobs: Option<u32>,
    /// Ends that are repeated.
    pub retry: &'a [Status],
    /// What to do if the data or the original changed since the last time.
    pub changed_inputs: ChangedInputs,
    /// Whether to go on with a checkpoint that knows hardly more than chance would.
    pub accept_weak_original: bool,
    /// The cluster's task that this process belongs to.
    pub task: Option<Task>,
    /// Whether signals to this process are wishes to end early ([`pool::signals`]), as long as runs are carried out.
    pub heeds_signals: bool,
    /// Who is told how it goes.
    pub watcher: &'a dyn Watcher,
}

/// What was carried out.
#[derive(Debug)]
pub struct Carried<'p> {
    /// How it ended.
    pub ending: Ending,
    /// The runs that were asked for in the end, this time and before.
    pub plan: Cow<'p, Plan>,
}

/// What the runs of one session have in common.
struct Means {
    cache: Option<Cache>,
    settings: Settings,
}

impl Session<'_> {
    /// Carries out what is missing of a grid's runs: alone, or beside others where the folder is shared.
    pub fn run<'p>(&self, prepared: &'p Prepared) -> Result<Carried<'p>, SessionError> {
        self.keep_apart(prepared)?;
        if Frozen::is_in(self.dir) { self.run_shared(prepared) } else { self.run_alone(prepared) }
    }

    /// Refuses to write results over what the sweep reads.
    pub fn keep_apart(&self, prepared: &Prepared) -> Result<(), SessionError> {
        apart::check(self.dir, self.cache, prepared.grid.settings())
    }

    /// The cache, where a plan has anything to share: an engine that trains nothing has nothing worth keeping.
    fn cache_of(&self, plan: &Plan) -> Option<&Path> {
        self.cache.filter(|_| plan.engine.trains)
    }

    /// The lock on the results ends with this function.
    fn run_alone<'p>(&self, prepared: &'p Prepared) -> Result<Carried<'p>, SessionError> {
        let (whole, settings) = (&prepared.plan, prepared.grid.settings());
        let read = |plan: &Plan| Recorded::read_for(&*self.disk, self.dir, plan);
        let first = strategy(whole).ask(whole, &read)?;
        // Before anything is written: a pool that can't work leaves no trace.
        let cache = self.cache_of(whole);
        let engine = Engine::of(&whole.engine, settings.toy_examples, cache, self.program);
        let means = self.means(&settings.pool, engine, cache, self.jobs)?;
        let mut store =
            self.opened(prepared, &first, |opening| Store::open_on(self.disk.clone(), self.dir, opening))?;
        self.reopen(&mut store, &selected(Cow::Borrowed(&*first), prepared.only.as_ref()))?;
        if let Some(ending) = self.look_at_originals(&first, &mut store, &means)? {
            return Ok(Carried { ending, plan: prepared.selected() });
        }
        self.carry_out(whole, prepared.only.as_ref(), &mut store, &means)
    }

    /// Carries out the runs that are missing, and notes what that has cost.
    fn carry_out<'p>(
        &self,
        whole: &'p Plan,
        only: Option<&Only>,
        store: &mut Store,
        means: &Means,
    ) -> Result<Carried<'p>, SessionError> {
        let (stopwatch, before) = (Stopwatch::start(), store.records().len());
        let carried = self.carry_out_all(whole, only, store, means)?;
        if store.records().len() > before {
            store.spend(stopwatch.read(&means.settings.slots))?;
        }
        Ok(carried)
    }

    /// Carries out the runs that the strategy asks for until it asks for no more.
    fn carry_out_all<'p>(
        &self,
        whole: &'p Plan,
        only: Option<&Only>,
        store: &mut Store,
        means: &Means,
    ) -> Result<Carried<'p>, SessionError> {
        let strategy = strategy(whole);
        let ask = |store: &Store| strategy.ask(whole, &|plan| Ok(store.recorded(plan)));
        let mut asked = ask(store)?;
        loop {
            // The plan of a shared folder is what all schedulers begin with: it stays.
            if let (Cow::Owned(plan), false) = (&asked, store.is_shared()) {
                store.ask(plan)?;
            }
            let runs = asked.runs.len();
            let plan = selected(asked, only);
            let (mut ending, drained) = self.perform(&plan, store, means)?;
            let next = ask(store)?;
            if ending.how != How::Complete || next.runs.len() <= runs {
                return Ok(Carried { ending, plan });
            }
            if let Some(by) = drained {
                // All that was asked for had ended when the wish came, and nothing new is started.
                ending.pending += next.runs.len() - runs;
                ending.how = How::Drained { by };
                return Ok(Carried { ending, plan: next });
            }
            asked = next;
        }
    }

    fn perform(
        &self,
        plan: &Plan,
        store: &mut Store,
        means: &Means,
    ) -> Result<(Ending, Option<pool::Interruption>), SessionError> {
        let is_settled =
            |run: &Run| store.outcome(&run.id).is_some_and(|outcome| plan.is_settled(run, outcome));
        let ended: Vec<usize> = (0..plan.runs.len()).filter(|&run| is_settled(&plan.runs[run])).collect();
        let observer = self.watcher.begins(plan, means.settings.slots.len(), &ended);
        let mut attentive = Attentive { observer, drained: None };
        let ending = pool::run(plan, store, means.cache.as_ref(), &means.settings, &mut attentive)?;
        Ok((ending, attentive.drained))
    }

    fn means(
        &self,
        pool: &PoolSettings,
        engine: Engine<'_>,
        cache: Option<&Path>,
        jobs: Option<u32>,
    ) -> Result<Means, SessionError> {
        let mut settings = Settings::new(slots(pool, engine, jobs, self.watcher)?);
        let cohorts = settings.slots.iter().map(|slot| devices::cohort(pool, slot.device));
        settings.cohort = cohorts.max().unwrap_or(1) as usize;
        settings.run_timeout = pool.run_timeout;
        settings.stall_timeout = pool.stall_timeout.unwrap_or(settings.stall_timeout);
        if self.heeds_signals {
            settings.interruptions = pool::signals()?;
        }
        let cache = cache.map(|dir| Cache::open_on(self.disk.clone(), dir)).transpose()?;
        Ok(Means { cache, settings })
    }

    /// Opens results for this process and this plan.
    fn opened(
        &self,
        prepared: &Prepared,
        plan: &Plan,
        open: impl FnOnce(&Opening<'_>) -> Result<(Store, Vec<Notice>), StoreError>,
    ) -> Result<Store, SessionError> {
        let holder = pool::this_scheduler();
        let mut provenance = json!({
            "sweep": holder.version,
            "engine": prepared.plan.engine.version,
            "images left out": prepared.plan.inputs.as_ref().map_or(0, |inputs| inputs.skipped_images),
            "host": holder.host,
            "started": holder.since,
            "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            "processor": machine::processor(),
            "gpus": machine::gpus(&prepared.plan.engine),
            "command": machine::command(),
            "commit": commit::commit_of(prepared.grid.path()),
        });
        prepared.grid.settings().remarks.enter(&mut provenance);
        let opening = Opening {
            plan,
            grid: &prepared.text,
            included: &prepared.grid.included(),
            provenance: &provenance,
            holder: &holder,
            damage: Damage::Refuse,
            changed_inputs: self.changed_inputs,
        };
        let (store, notices) = open(&opening)?;
        self.notice(&notices);
        Ok(store)
    }

    /// Takes back the ends that are to be repeated.
    fn reopen(&self, store: &mut Store, plan: &Plan) -> Result<(), StoreError> {
        let is_named =
            |run: &&Run| store.outcome(&run.id).is_some_and(|end| self.retry.contains(&end.status()));
        let named: Vec<_> = plan.runs.iter().filter(is_named).map(|run| run.id.clone()).collect();
        named.iter().try_for_each(|run| store.reopen(run))
    }

    fn notice(&self, notices: &[Notice]) {
        for notice in notices {
            self.watcher.notice(notice);
        }
    }

    fn folder_failed(&self, source: std::io::Error) -> SessionError {
        SessionError::Folder { path: self.dir.to_owned(), source }
    }
}

/// The whole name of a folder.
pub fn absolute(dir: &Path) -> Result<PathBuf, SessionError> {
    std::fs::canonicalize(dir).map_err(|source| SessionError::Folder { path: dir.to_owned(), source })
}
