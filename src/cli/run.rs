//! `sweep run`: carries out what is missing, then makes the report.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{
    CommandError, Exit, apart, disk,
    inputs::{GridArguments, Prepared},
    plan,
    progress::{Manner, SweepProgress},
    report::{self, Shown},
    slots, terminal,
    work::{self, Sharing},
};
use crate::{
    appraisal::Staging,
    cluster::Frozen,
    frame::{Frame, PointRow, Unscored},
    outcome::{Outcome, Status},
    plan::{EngineName, Plan, Role, Run},
    pool::{self, Ending, How, Interruption, Settings},
    store::{Cache, ChangedInputs, Damage, Notice, Opening, Recorded, Store, StoreError},
};

/// Where results live unless `--out` and `--cache` say otherwise.
const RESULTS: &str = "results";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    grid: GridArguments,
    #[command(flatten)]
    places: Places,
    /// Workers at a time on each device (default: one per core, or one per GPU)
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    jobs: Option<u32>,
    /// Show the plan and stop
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Carry out runs again that ended so
    #[arg(long, value_enum, value_name = "STATUS")]
    retry: Vec<Retry>,
    /// Let other hosts work on the same results: give each the same command, or `sweep work` on the folder
    #[arg(long)]
    shared: bool,
    /// Go on although the data or the original changed since the last time
    #[arg(long)]
    accept_changed_inputs: bool,
    /// How to show progress
    #[arg(long, value_enum, default_value = "auto")]
    progress: Manner,
    #[command(flatten)]
    shown: Shown,
}

/// Where results and the shared cache are.
#[derive(Debug, Args)]
pub(super) struct Places {
    /// Folder of the results (default: results/NAME)
    #[arg(short, long, value_name = "DIR", env = "SWEEP_OUT")]
    out: Option<PathBuf>,
    /// Folder of originals and retrained models that all sweeps share
    #[arg(long, value_name = "DIR", env = "SWEEP_CACHE", default_value = "results/cache")]
    cache: PathBuf,
    /// Neither use nor fill the shared cache
    #[arg(long)]
    no_cache: bool,
}

/// Ends that may be repeated on request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Retry {
    /// Failed
    Failed,
    /// Took too long
    TimedOut,
    /// Diverged
    Diverged,
    /// Finished
    Finished,
}

impl Places {
    pub(super) fn results(&self, plan: &Plan) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new(RESULTS).join(&plan.name))
    }

    /// The cache, where the plan has anything to share: the toy engine trains nothing worth keeping.
    pub(super) fn cache(&self, plan: &Plan) -> Option<PathBuf> {
        (!self.no_cache && plan.engine == EngineName::Torch).then(|| self.cache.clone())
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, CommandError> {
    let prepared = Prepared::read(&arguments.grid)?;
    let selected = prepared.selected();
    if arguments.dry_run {
        plan::show(&selected, &arguments.places)?;
        return Ok(Exit::Done);
    }
    let dir = arguments.places.results(&prepared.plan);
    apart::check(&dir, prepared.grid.settings())?;
    let ending = if arguments.shared || Frozen::is_in(&dir) {
        beside_others(arguments, &prepared, &selected, &dir)?
    } else {
        carry_out(arguments, &prepared, &selected, &dir)?
    };
    // Who is stopped has seconds left, and nobody looks at the report of a drained sweep that is about to go on.
    if !matches!(ending.how, How::Drained { by } if by != Interruption::Interrupt(1)) {
        let frame = report::make(&dir, &arguments.shown)?;
        return conclude_with(&frame, ending, &selected, &dir);
    }
    conclude(ending, &selected, &dir)
}

/// Works on a folder that others may work on, too.
fn beside_others(
    arguments: &Arguments,
    prepared: &Prepared,
    selected: &Plan,
    dir: &Path,
) -> Result<Ending, CommandError> {
    let disk = disk::disk()?;
    work::share(&disk, prepared, &arguments.sharing(), dir)?;
    let dir = work::absolute(dir)?;
    let frozen = Frozen::read(&dir)?;
    let place = work::Place { disk, dir: &dir, frozen: &frozen, progress: arguments.progress };
    place.work(&arguments.retry, |_| Ok(selected.clone())).map(|(ending, _)| ending)
}

/// Opens the results and hands the selected runs to the pool, stage after stage where the sweep is staged. The lock on
/// the results ends with this function.
fn carry_out(
    arguments: &Arguments,
    prepared: &Prepared,
    selected: &Plan,
    dir: &Path,
) -> Result<Ending, CommandError> {
    let disk = disk::disk()?;
    let staged = !selected.stages.is_empty();
    let known = if staged { Some(Recorded::read_for(&*disk, dir, selected)?) } else { None };
    let first = known.map(|recorded| Staging::of(&recorded).asked(selected));
    let changed = changed_inputs(arguments.accept_changed_inputs);
    let (mut store, notices) =
        opened(prepared, first.as_ref().unwrap_or(&prepared.plan), changed, |opening| {
            Store::open_on(disk.clone(), dir, opening)
        })?;
    terminal::notes(&notices);
    reopen(&mut store, selected, &arguments.retry)?;
    let grid = prepared.grid.settings();
    let shared = arguments.places.cache(selected);
    let engine = slots::Engine::of(grid.engine, grid.toy_examples, shared.as_deref());
    let settings = slots::settings(&grid.pool, engine, arguments.jobs)?;
    let cache = shared.map(|dir| Cache::open_on(disk, &dir)).transpose()?;
    let perform =
        |plan: &Plan, store: &mut Store| perform(plan, store, cache.as_ref(), &settings, arguments.progress);
    if staged { stage_by_stage(selected, &mut store, perform) } else { perform(selected, &mut store) }
}

/// Takes back the ends that are to be repeated.
pub(super) fn reopen(store: &mut Store, plan: &Plan, retry: &[Retry]) -> Result<(), StoreError> {
    let names = |outcome: &Outcome| retry.iter().any(|retry| retry.names(outcome));
    let named = plan.runs.iter().filter(|run| store.outcome(&run.id).is_some_and(names));
    let named: Vec<_> = named.map(|run| run.id.clone()).collect();
    named.iter().try_for_each(|run| store.reopen(run))
}

/// Carries out the runs that the recorded results ask for until they ask for no more.
fn stage_by_stage(
    plan: &Plan,
    store: &mut Store,
    mut perform: impl FnMut(&Plan, &mut Store) -> Result<Ending, CommandError>,
) -> Result<Ending, CommandError> {
    let mut asked = Staging::of(&store.recorded(plan)).asked(plan);
    loop {
        store.ask(&asked)?;
        let ending = perform(&asked, store)?;
        let next = Staging::of(&store.recorded(plan)).asked(plan);
        if ending.how != How::Complete || next.runs.len() <= asked.runs.len() {
            return Ok(ending);
        }
        asked = next;
    }
}

pub(super) fn perform(
    plan: &Plan,
    store: &mut Store,
    cache: Option<&Cache>,
    settings: &Settings,
    manner: Manner,
) -> Result<Ending, CommandError> {
    let is_settled = |run: &&Run| store.outcome(&run.id).is_some_and(|outcome| plan.is_settled(run, outcome));
    let ended = plan.runs.iter().filter(is_settled).count();
    let mut progress = SweepProgress::new(plan, settings.slots.len(), ended, manner);
    let ending = pool::run(plan, store, cache, settings, &mut progress);
    progress.finish();
    Ok(ending?)
}

/// Opens results for this process and this plan.
pub(super) fn opened(
    prepared: &Prepared,
    plan: &Plan,
    changed_inputs: ChangedInputs,
    open: impl FnOnce(&Opening<'_>) -> Result<(Store, Vec<Notice>), StoreError>,
) -> Result<(Store, Vec<Notice>), CommandError> {
    let holder = pool::this_scheduler();
    let provenance = json!({
        "sweep": holder.version,
        "engine": prepared.engine,
        "images left out": prepared.plan.inputs.as_ref().map_or(0, |inputs| inputs.skipped_images),
        "host": holder.host,
        "started": holder.since,
        "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
    });
    let opening = Opening {
        plan,
        grid: &prepared.text,
        provenance: &provenance,
        holder: &holder,
        damage: Damage::Refuse,
        changed_inputs,
    };
    Ok(open(&opening)?)
}

impl Arguments {
    fn sharing(&self) -> Sharing<'_> {
        Sharing {
            places: &self.places,
            only: self.grid.only.as_deref(),
            jobs: self.jobs,
            changed_inputs: changed_inputs(self.accept_changed_inputs),
        }
    }
}

pub(super) fn changed_inputs(accepted: bool) -> ChangedInputs {
    if accepted { ChangedInputs::Accept } else { ChangedInputs::Refuse }
}

/// That all runs have ended is not all: what they measured must still be there.
fn conclude_with(frame: &Frame, ending: Ending, plan: &Plan, dir: &Path) -> Result<Exit, CommandError> {
    let exit = conclude(ending, plan, dir)?;
    let lost = |point: &&PointRow| matches!(point.score, Err(Unscored::Lost { .. }));
    match frame.points.iter().filter(lost).count() {
        points if points > 0 && matches!(exit, Exit::Done | Exit::SomeRunsFailed) => {
            Err(CommandError::MeasurementsLost { points, dir: dir.to_owned() })
        }
        _ => Ok(exit),
    }
}

pub(super) fn conclude(ending: Ending, plan: &Plan, dir: &Path) -> Result<Exit, CommandError> {
    let Ending { finished, diverged, failed, pending, how } = ending;
    terminal::talk(&format!(
        "{}: {finished} finished, {diverged} diverged, {failed} failed, {pending} pending; results in {}",
        plan.name,
        dir.display()
    ));
    match how {
        How::Complete if failed + diverged > 0 => Ok(Exit::SomeRunsFailed),
        How::Complete => Ok(Exit::Done),
        How::Drained { by: Interruption::Interrupt(_) } => Ok(Exit::Interrupted),
        How::Drained { by: Interruption::Terminate } => Ok(Exit::Terminated),
        How::Drained { by: Interruption::Drain } => Ok(Exit::Drained),
        How::Refused { message } => Err(CommandError::Refused { message }),
        How::NoWorkers { reasons } => Err(CommandError::NoWorkers { reasons }),
        How::OriginalFailed { message, .. } => {
            let original = plan.point_with(Role::Original).and_then(|point| plan.runs_of(point).next());
            let recorded = Recorded::read(dir)?;
            let log = original
                .map_or_else(|| dir.to_owned(), |run| recorded.run_folder(&run.id).join("worker.log"));
            Err(CommandError::original_failed(message, &log))
        }
    }
}

impl Retry {
    fn names(self, outcome: &Outcome) -> bool {
        let status = match self {
            Self::Failed => Status::Failed,
            Self::TimedOut => Status::TimedOut,
            Self::Diverged => Status::Diverged,
            Self::Finished => Status::Finished,
        };
        outcome.status() == status
    }
}
