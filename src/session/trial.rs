//! What a run and a pass cost here: tried on the workers that the sweep would have, side by side.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    path::Path,
    sync::Arc,
    time::Instant,
};

use sweep_methods::StartsFrom;
use sweep_protocol::{
    message::Job,
    recipe::{Phase, Recipe, Train},
    terms::{Positive, SetSizes},
};
use thiserror::Error;

use super::{Engine, Prepared, Session, SessionError, slots};
use crate::{
    forecast::{Cost, Costs},
    measuring::{BenchError, MeasuringError, Workplace, folder_in, keep_one, scratch, side_by_side},
    plan::{FLOOR, Plan, Role},
    pool,
};

/// Images that a trial trains on, at most: enough for dozens of steps, and seconds even where one pass is an hour.
const IMAGES: f64 = 4096.0;
/// Labels that are tried of an engine that trains nothing.
const LABELS: usize = 32;
/// Files that are kept to see what keeping one takes.
const KEPT: u32 = 16;
/// What is kept of a run: its array, and the line that names it.
const KEPT_OF_A_RUN: f64 = 2.0;

/// Why the workers could not be tried.
#[derive(Debug, Error)]
pub enum TrialError {
    /// They can't be started.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// One of them could not do its part.
    #[error("a worker on trial: {0}")]
    Worker(#[from] BenchError),
    /// There is no room for what they write.
    #[error(transparent)]
    Scratch(#[from] MeasuringError),
    /// None of the labels could be tried.
    #[error("no label of this sweep could be tried; `{label}`: {reason}")]
    Untried {
        /// One of them.
        label: String,
        /// Why not.
        reason: String,
    },
    /// The plan has nothing to try.
    #[error("nothing of this sweep can be tried before one of its runs has finished")]
    Nothing,
}

impl Session<'_> {
    /// How many workers the sweep would have here.
    pub fn width(&self, prepared: &Prepared) -> Result<NonZeroUsize, SessionError> {
        let count = self.slots_for(prepared)?.len();
        Ok(NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN))
    }

    /// Tries the workers that the sweep would have: each does a small part of a training run, or a run of every label where
    /// the engine trains nothing. Nothing is written into the results.
    pub fn trial(&self, prepared: &Prepared) -> Result<Costs, TrialError> {
        let plan = prepared.selected();
        let workers: Vec<_> = self.slots_for(prepared)?.into_iter().map(|slot| slot.command).collect();
        let parts = parts(&plan);
        let (first, rest) = parts.split_first().ok_or(TrialError::Nothing)?;
        let scratch = scratch()?;
        let one = |_, desk: &mut Workplace<'_>| -> Result<Vec<Attempted>, TrialError> {
            let mut perform = |part: &TrialJob| tried(part, desk, scratch.path());
            let cold = perform(first)?.map(|cold| Timed { is_first: true, ..cold });
            let mut tried: Vec<Attempted> = rest.iter().map(perform).collect::<Result<_, _>>()?;
            tried.push(cold);
            Ok(tried)
        };
        let (mut all, mut untried) = (Vec::new(), BTreeMap::new());
        side_by_side(&workers, workers.len(), &one, &mut |tried| {
            for one in tried {
                match one {
                    Ok(timed) => all.push(timed),
                    Err(Untried { label, reason }) => _ = untried.insert(label.to_string(), reason),
                }
            }
            Ok(())
        })?;
        if let (true, Some((label, reason))) = (all.is_empty(), untried.first_key_value()) {
            return Err(TrialError::Untried { label: label.clone(), reason: reason.clone() });
        }
        let kept = keeping(scratch.path())?;
        Ok(costs(&all, kept, untried))
    }

    fn slots_for(&self, prepared: &Prepared) -> Result<Vec<pool::SlotSpec>, SessionError> {
        let (plan, settings) = (&prepared.plan, prepared.grid.settings());
        let engine = Engine::of(&plan.engine, settings.toy_examples, None, self.program);
        slots(&settings.pool, engine, self.jobs, self.watcher)
    }
}

/// One job of a trial.
struct TrialJob {
    job: Job,
    label: Arc<str>,
    /// Its passes over the retain set.
    passes: f64,
}

/// What one job has taken.
struct Timed {
    label: Arc<str>,
    passes: f64,
    /// From sending the job to its measurement, in seconds.
    wall_s: f64,
    recipe_s: f64,
    /// Whether a worker had to be started for it.
    is_first: bool,
}

/// A label whose run gave no measurement.
struct Untried {
    label: Arc<str>,
    reason: String,
}

/// What trying one job has come to.
type Attempted = Result<Timed, Untried>;

impl Timed {
    /// Seconds beside its passes.
    fn beside_s(&self) -> f64 {
        self.wall_s - if self.passes > 0.0 { self.recipe_s } else { 0.0 }
    }
}

/// What each worker does: where the engine trains, train for a moment; else a run of each label. What comes first comes twice.
fn parts(plan: &Plan) -> Vec<TrialJob> {
    if plan.engine.trains {
        let fresh = |role| plan.point_with(role).filter(|&point| starts_fresh(plan, point));
        let trained = [Role::Oracle, Role::HeldOut, Role::Original].into_iter().find_map(fresh);
        trained.map_or_else(Vec::new, |point| training(plan, point))
    } else {
        let mut seen = BTreeSet::new();
        let is_new = |run: &&crate::plan::Run| seen.insert(Arc::clone(&plan.point(run).label));
        let firsts: Vec<_> = plan.runs.iter().filter(is_new).take(LABELS).collect();
        let again = firsts.first().copied();
        again.into_iter().chain(firsts).filter_map(|run| part(plan, run.point)).collect()
    }
}

fn starts_fresh(plan: &Plan, point: usize) -> bool {
    let method = sweep_methods::find(&plan.points[point].method);
    method.is_some_and(|method| method.starts_from == StartsFrom::Fresh)
}

/// Training for a moment as the sweep does, twice: what a worker allocates and chooses once, in the first, is not what passes
/// cost. Where training is a function of the user's own, measuring alone.
fn training(plan: &Plan, point: usize) -> Vec<TrialJob> {
    let Some(part) = part(plan, point) else { return Vec::new() };
    let sizes = plan.inputs.as_ref().map(|inputs| inputs.sizes);
    let moment = sizes.and_then(|sizes| Some((moment(&part.job.recipe, &sizes)?, sizes)));
    let (label, recipe, passes): (Arc<str>, _, _) = match moment {
        Some((recipe, sizes)) => (part.label, recipe.clone(), recipe.passes(&sizes)),
        None => (FLOOR.into(), Recipe::default(), 0.0),
    };
    let job = Job { recipe, ..part.job };
    [job.clone(), job].map(|job| TrialJob { job, label: Arc::clone(&label), passes }).into()
}

/// A training recipe that ends after a moment; none where training is a function of the user's own.
fn moment(recipe: &Recipe, sizes: &SetSizes) -> Option<Recipe> {
    let [Phase::Train(train)] = recipe.phases.as_slice() else { return None };
    let share = (IMAGES / sizes.retain as f64).min(train.epochs.get());
    let train = Train { epochs: Positive::new(share).ok()?, ..train.clone() };
    Some(Recipe { phases: vec![Phase::Train(train)] })
}

/// The first run of a point.
fn part(plan: &Plan, point: usize) -> Option<TrialJob> {
    let run = plan.runs.iter().position(|run| run.point == point)?;
    let job = pool::job(plan, run, (1, ".".into()), &|_| None)?;
    let job = Job { keep_weights: false, beside: Vec::new(), ..job };
    let point = &plan.points[point];
    Some(TrialJob { job, label: Arc::clone(&point.label), passes: point.passes })
}

/// Where the engine trains, every run costs what this one does, and a failure is an error; else the label goes without.
fn tried(part: &TrialJob, desk: &mut Workplace<'_>, scratch: &Path) -> Result<Attempted, TrialError> {
    match timed(part, desk, scratch) {
        Err(TrialError::Worker(
            BenchError::Refused { message: reason } | BenchError::Failed { message: reason },
        )) if part.job.inputs.is_none() => Ok(Err(Untried { label: Arc::clone(&part.label), reason })),
        timed => timed.map(Ok),
    }
}

fn timed(part: &TrialJob, desk: &mut Workplace<'_>, scratch: &Path) -> Result<Timed, TrialError> {
    let folder = folder_in(scratch)?;
    let job = Job { folder: folder.path().to_owned(), ..part.job.clone() };
    let began = Instant::now();
    let measured = desk.perform(job)?;
    Ok(Timed {
        label: Arc::clone(&part.label),
        passes: part.passes,
        wall_s: began.elapsed().as_secs_f64(),
        recipe_s: measured.unlearn_s,
        is_first: false,
    })
}

/// Seconds of putting what a run leaves on the disk.
fn keeping(scratch: &Path) -> Result<f64, TrialError> {
    let began = Instant::now();
    for _ in 0..KEPT {
        keep_one(scratch)?;
    }
    Ok(began.elapsed().as_secs_f64() / f64::from(KEPT) * KEPT_OF_A_RUN)
}

/// What the jobs of all workers say about a run.
fn costs(timed: &[Timed], kept: f64, untried: BTreeMap<String, String>) -> Costs {
    let (first, rest): (Vec<_>, Vec<_>) = timed.iter().partition(|timed| timed.is_first);
    let trained: Vec<&&Timed> =
        rest.iter().filter(|timed| timed.passes > 0.0 && timed.recipe_s > 0.0).collect();
    let mut labels: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    if trained.is_empty() {
        for timed in &rest {
            labels.entry(&timed.label).or_default().push(timed.wall_s);
        }
    }
    let beside = mean(rest.iter().copied().map(Timed::beside_s));
    let pass = mean(trained.iter().map(|timed| timed.recipe_s / timed.passes));
    // What could not be tried costs what the others do.
    let any =
        (!trained.is_empty() || !untried.is_empty()).then_some(Cost { pass_s: pass, run_s: beside + kept });
    let label = |(label, walls): (&str, Vec<f64>)| {
        (label.to_owned(), Cost { pass_s: 0.0, run_s: mean(walls.into_iter()) + kept })
    };
    Costs {
        start_s: (mean(first.iter().copied().map(Timed::beside_s)) - beside).max(0.0),
        any,
        labels: labels.into_iter().map(label).collect(),
        finished: 0,
        untried,
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}
