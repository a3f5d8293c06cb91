//! `sweep work`: one scheduler among several on a shared results folder; what a cluster, ssh or `HyperQueue` starts.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use clap::Args;

use super::{
    CommandError, Exit, disk,
    inputs::{self, Prepared},
    progress::Manner,
    run::{self, Places, Retry},
    slots::{self, Engine},
    terminal,
};
use crate::{
    cluster::{self, Claims, Frozen, Lease, Lookout, Owner, Squeue, Task},
    disk::Disk,
    plan::{Plan, Run},
    pool::{self, Ending, How, Interruption, STALL_TIMEOUT},
    store::{Cache, ChangedInputs, Recorded, Share, Store, StoreError},
};

/// Oldest answer of the cluster that is good enough, unless beats are longer.
const ASK_EVERY: Duration = Duration::from_secs(30);
/// What is left of the notice for stopping runs, recording and asking for another turn.
const RESERVE: Duration = Duration::from_secs(45);
/// The share in the results of whoever says what is asked for.
const REQUEST: &str = "request";
/// How long another command may take to share the same folder.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep, shared by `sweep submit` or `sweep run --shared`
    dir: PathBuf,
    /// On a cluster, don't ask for another turn when the time runs out
    #[arg(long)]
    no_requeue: bool,
    /// How to show progress
    #[arg(long, value_enum, default_value = "auto")]
    progress: Manner,
}

pub(super) fn work(arguments: &Arguments) -> Result<Exit, CommandError> {
    let dir = absolute(&arguments.dir)?;
    let frozen = Frozen::read(&dir)?;
    let folder = &frozen.working_folder;
    env::set_current_dir(folder).map_err(|source| CommandError::Folder { path: folder.clone(), source })?;
    let only = frozen.only.as_deref().map(inputs::filter).transpose()?;
    let place = Place { disk: disk::disk()?, dir: &dir, frozen: &frozen, progress: arguments.progress };
    let (ending, plan) = place.work(&[], |plan| Ok(inputs::selected(plan, only.as_ref()).into_owned()))?;
    let drained = matches!(ending.how, How::Drained { by } if by != Interruption::Terminate);
    let exit = match run::conclude(ending, &plan, &dir)? {
        // That runs failed is in the results; the worker itself did its work.
        Exit::SomeRunsFailed => Exit::Done,
        exit => exit,
    };
    match task() {
        Some(task) if drained && !arguments.no_requeue && has_runs_left(&dir, &plan)? => {
            terminal::talk("note: runs are left; asking the cluster for another turn");
            cluster::requeue(&task)?;
            Ok(Exit::Done)
        }
        Some(_) if drained => Ok(Exit::Done),
        _ => Ok(exit),
    }
}

fn has_runs_left(dir: &Path, plan: &Plan) -> Result<bool, CommandError> {
    let recorded = Recorded::read(dir)?;
    Ok(plan.runs.iter().any(|run| !recorded.has_ended(&run.id)))
}

/// The whole name of a folder.
pub(super) fn absolute(dir: &Path) -> Result<PathBuf, CommandError> {
    fs::canonicalize(dir).map_err(|source| CommandError::Folder { path: dir.to_owned(), source })
}

/// What the command line says about a folder that is to be shared.
pub(super) struct Sharing<'a> {
    pub(super) places: &'a Places,
    pub(super) only: Option<&'a str>,
    pub(super) jobs: Option<u32>,
    pub(super) changed_inputs: ChangedInputs,
}

/// Refuses a plan that asks more of finished runs than was measured: what has ended on a shared folder stands.
fn refuse_measured_less(disk: &dyn Disk, plan: &Plan, dir: &Path) -> Result<(), CommandError> {
    let recorded = Recorded::read_for(disk, dir, plan)?;
    let lacks = |run: &Run| {
        let measured = recorded.outcomes.get(&run.id).and_then(|record| record.outcome.measurement());
        measured.is_some_and(|measured| !plan.is_answered(run, measured))
    };
    if plan.runs.iter().any(lacks) {
        return Err(CommandError::MeasuredLess { dir: dir.to_owned() });
    }
    Ok(())
}

/// Freezes a plan in its results folder, where workers find it.
pub(super) fn share(
    disk: &Arc<dyn Disk>,
    prepared: &Prepared,
    sharing: &Sharing<'_>,
    dir: &Path,
) -> Result<(), CommandError> {
    if !prepared.plan.stages.is_empty() {
        return Err(CommandError::StagesShared { dir: dir.to_owned() });
    }
    // Before anything is written: a refused plan must not become what workers find.
    refuse_measured_less(&**disk, &prepared.plan, dir)?;
    let share = Share::named(REQUEST);
    let asked = Instant::now();
    // Held until the folder says that it is shared.
    let (_store, notices) = loop {
        let plan = &prepared.plan;
        match run::opened(prepared, plan, sharing.changed_inputs, |opening| {
            Store::open_share(disk.clone(), dir, opening, &share)
        }) {
            // Another host may be sharing the same folder just now.
            Err(CommandError::Store(StoreError::Locked { .. })) if asked.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(100));
            }
            opened => break opened?,
        }
    };
    terminal::notes(&notices);
    let here = env::current_dir().map_err(|source| CommandError::Folder { path: ".".into(), source })?;
    let settings = prepared.grid.settings();
    let frozen = Frozen {
        cache: sharing.places.cache(&prepared.plan).map(|cache| here.join(cache)),
        working_folder: here,
        pool: settings.pool.clone(),
        only: sharing.only.map(str::to_owned),
        jobs: sharing.jobs,
        toy_examples: settings.toy_examples,
        heartbeat: settings.cluster.heartbeat,
        notice: settings.cluster.slurm.signal_before,
    };
    Ok(frozen.write(&**disk, dir)?)
}

/// A shared folder, and how to work there.
pub(super) struct Place<'a> {
    pub(super) disk: Arc<dyn Disk>,
    /// Absolute.
    pub(super) dir: &'a Path,
    pub(super) frozen: &'a Frozen,
    pub(super) progress: Manner,
}

impl Place<'_> {
    /// Carries out what nobody else does of the runs that `select` takes from the plan, and those again that ended as
    /// `retry` says.
    pub(super) fn work(
        &self,
        retry: &[Retry],
        select: impl FnOnce(&Plan) -> Result<Plan, CommandError>,
    ) -> Result<(Ending, Plan), CommandError> {
        let frozen = self.frozen;
        let failed = |source| CommandError::Folder { path: self.dir.to_owned(), source };
        let silence = frozen.pool.stall_timeout.unwrap_or(STALL_TIMEOUT);
        let squeue = Squeue::new(ASK_EVERY.min(2 * frozen.heartbeat));
        let lookout = Lookout::new(Owner::here(task()), squeue);
        let lease = Lease { beat: frozen.heartbeat, silence };
        let disk = self.disk.clone();
        let claims = Claims::join(disk.clone(), self.dir, lease, lookout).map_err(failed)?;
        let (mut store, plan, notices) =
            Store::join(disk.clone(), self.dir, claims, &pool::this_scheduler())?;
        terminal::notes(&notices);
        let selected = select(&plan)?;
        let engine = Engine::of(selected.engine, frozen.toy_examples, frozen.cache.as_deref());
        let mut settings = slots::settings(&frozen.pool, engine, frozen.jobs)?;
        settings.notice = Some(frozen.notice.saturating_sub(RESERVE).max(frozen.notice / 2));
        run::reopen(&mut store, &selected, retry)?;
        let cache = frozen.cache.as_deref().map(|dir| Cache::open_on(disk, dir)).transpose()?;
        let ending = run::perform(&selected, &mut store, cache.as_ref(), &settings, self.progress)?;
        Ok((ending, selected))
    }
}

/// The cluster's task that this process belongs to.
fn task() -> Option<Task> {
    let value = |name| env::var(name).ok();
    let job = value("SLURM_JOB_ID")?;
    let id = match (value("SLURM_ARRAY_JOB_ID"), value("SLURM_ARRAY_TASK_ID")) {
        (Some(array), Some(task)) => format!("{array}_{task}"),
        _ => job,
    };
    let restarts = value("SLURM_RESTART_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0);
    Some(Task { id, restarts })
}
