//! From what the store has to what a report shows: gathers the ensembles of a sweep and scores every point.
//!
//! Reads results only; it neither writes nor prints. A point that can't be scored gets the reason instead.

mod across;
mod audits;
mod components;
mod confirmation;
mod curves;
mod differences;
mod nulls;
mod reconstruction;
mod shadows;
mod stages;
mod subgroups;
mod together;

pub use across::appraise_across;
pub use audits::beside_oracle;
pub use confirmation::asked;
pub use stages::Staging;
pub use together::{Incompatible, Together, appraise_together};

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use sweep_disk::OsDisk;
use sweep_protocol::{measurement::Measurement, terms::ContentHash};
use thiserror::Error;

use crate::{
    audit,
    cluster::Frozen,
    frame::{
        Comparisons, CrossFitRow, Estimate, Frame, FrameError, Interval, PerNumber, PointScore, RunEnd,
        ScoreRow, Selection, SpreadRow, Unscored,
    },
    plan::{Plan, Point, Role, Run},
    score::{
        self, BOOTSTRAP_SEED, CrossFit, Difference, Ensemble, Incomparable, Kind, Model, Nulls, Oracle,
        PERMUTATION_SEED, Part, Resampled, Retrained, Score, Unlearned,
    },
    store::{ArrayError, Record, Recorded, Source, StoreError},
};

/// Failed to gather the results of a sweep.
#[derive(Debug, Error)]
pub enum AppraisalError {
    /// The results can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tables can't be made.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Sweeps don't compare.
    #[error(transparent)]
    Incompatible(#[from] Incompatible),
}

/// Why the models of a point can't be compared.
#[derive(Debug, Error)]
enum Unusable {
    #[error("{0}")]
    Incomparable(#[from] Incomparable),
    #[error("{0}")]
    Array(#[from] ArrayError),
    #[error(
        "runs {one} and {other} measured the same, bit for bit, though what they do depends on their seeds: the engine \
         didn't heed the seed, or one result was put in the other's place; repeat them with --retry finished"
    )]
    Twins { one: String, other: String },
}

/// Reads a results folder with the runs that were asked for by now. The plan in a folder that several schedulers share
/// names what the search could come to, because none of the schedulers may replace it while others read it.
pub fn read_asked(dir: &Path) -> Result<Recorded, StoreError> {
    let recorded = Recorded::read(dir)?;
    let grows = !recorded.plan.stages.is_empty() || recorded.plan.confirm.is_some();
    if !grows || !Frozen::is_in(dir) {
        return Ok(recorded);
    }
    let asked =
        asked(&recorded).map_err(|source| StoreError::PlanAbsurd { path: recorded.folder.plan(), source })?;
    Recorded::read_for(&OsDisk, dir, &asked)
}

/// Reads a results folder and scores every point against the oracle, with `replicates` bootstrap replicates behind each
/// interval and each comparison of points; none for 0.
pub fn appraise(dir: &Path, replicates: u32) -> Result<Frame, AppraisalError> {
    appraise_recorded(&read_asked(dir)?, replicates)
}

fn appraise_recorded(recorded: &Recorded, replicates: u32) -> Result<Frame, AppraisalError> {
    let ends = recorded.outcomes.iter().map(|(id, record)| (id.clone(), end(record))).collect();
    let appraiser = Appraiser { recorded, replicates };
    let stages = Staging::of(recorded).into_rows();
    let dropped: BTreeMap<usize, PointScore> = stages::dropped(&stages).collect();
    let mut appraised = appraiser.appraised();
    // Who was dropped has fewer models than the rest and is not compared.
    appraised.retain(|position, _| !dropped.contains_key(position));
    let compared = differences::compared(&recorded.plan, &appraised);
    let comparisons = Comparisons {
        differences: compared.differences,
        only_with_best: compared.only_with_best,
        selections: appraiser.selections(&appraised),
    };
    let subgroups = appraiser.subgroups(&appraised);
    let mut scores = rows(&recorded.plan, appraised);
    nulls::correct(&recorded.plan, &mut scores);
    scores.extend(dropped);
    let mut frame = Frame::of(&recorded.plan, &ends, &scores)?.with_comparisons(comparisons);
    frame.stages = stages;
    frame.subgroups = subgroups;
    frame.confirmations = appraiser.confirmations();
    (frame.audits, frame.losses) = appraiser.audits();
    frame.pictures = appraiser.pictures();
    frame.shadows = appraiser.shadows();
    frame.curves = appraiser.curves(&frame);
    Ok(frame)
}

fn end(record: &Record) -> RunEnd {
    let source = match record.source {
        Source::Computed => "computed",
        Source::Cached => "cached",
    };
    RunEnd { attempt: record.attempt, source: source.to_owned(), outcome: record.outcome.clone() }
}

/// The models of a group, or why they can't be audited.
type Group = Result<Vec<audit::Model>, String>;

/// Runs with what they measured.
type Finished<'a> = Vec<(&'a Run, &'a Measurement)>;

struct Appraiser<'a> {
    recorded: &'a Recorded,
    replicates: u32,
}

/// What scoring a point gives.
struct Appraised {
    score: Score,
    /// The score with its replicates, where there are any.
    resampled: Option<Resampled>,
    cross_fit: Option<CrossFit>,
    /// Exact tests; a stage does without.
    nulls: Option<Nulls>,
    /// Where there are several originals; a stage does without.
    components: Option<PerNumber<Option<SpreadRow>>>,
}

type Scored = BTreeMap<usize, Result<Appraised, Unscored>>;

impl Appraiser<'_> {
    fn appraised(&self) -> Scored {
        let plan = &self.recorded.plan;
        let points = plan.points.iter().enumerate();
        let judged =
            points.filter_map(|(position, point)| Some((position, plan.point_with(judge(point.role)?)?)));
        judged.map(|(position, judge)| (position, self.appraise(position, judge))).collect()
    }

    /// Scores a point at N = the number of its runs, against as many models of the oracle, and tests it.
    fn appraise(&self, point: usize, oracle_point: usize) -> Result<Appraised, Unscored> {
        let n = comparable(&self.recorded.plan, point);
        let (runs, retrained) = self.groups(point, oracle_point, n)?;
        let (unlearned, oracle) = self.both(&runs, &retrained)?;
        let appraised = self.compare(&unlearned, &oracle)?;
        let nulls = Nulls::of(&unlearned, &oracle, nulls::PERMUTATIONS, PERMUTATION_SEED);
        let components = self.components((&runs, &unlearned), (&retrained, &oracle));
        Ok(Appraised { nulls: nulls.ok(), components, ..appraised })
    }

    /// The first `n` models of a point, and as many of a group of retrained models.
    fn ensembles(
        &self,
        point: usize,
        oracle_point: usize,
        n: usize,
    ) -> Result<(Ensemble<Unlearned>, Oracle), Unscored> {
        let (unlearned, retrained) = self.groups(point, oracle_point, n)?;
        self.both(&unlearned, &retrained)
    }

    /// What runs of a point and of a group of retrained models have left, as ensembles.
    fn both(
        &self,
        unlearned: &Finished<'_>,
        retrained: &Finished<'_>,
    ) -> Result<(Ensemble<Unlearned>, Oracle), Unscored> {
        let unusable = |unusable: Unusable| unscored(&unusable);
        Ok((
            self.ensemble(unlearned).map_err(unusable)?,
            self.ensemble::<Retrained>(retrained).map_err(unusable)?,
        ))
    }

    /// The first `n` runs of a point, and as many of a group of retrained models.
    fn groups(
        &self,
        point: usize,
        oracle_point: usize,
        n: usize,
    ) -> Result<(Finished<'_>, Finished<'_>), Unscored> {
        let unlearned = self.finished(point, n);
        if unlearned.len() < n {
            return Err(Unscored::Incomplete { have: unlearned.len() as u64, want: n as u64 });
        }
        let retrained = self.finished(oracle_point, n);
        if retrained.len() < n {
            return Err(Unscored::OracleIncomplete { have: retrained.len() as u64, want: n as u64 });
        }
        Ok((unlearned, retrained))
    }

    /// The first `n` runs of a point, as far as they are measured.
    fn finished(&self, point: usize, n: usize) -> Finished<'_> {
        let runs = self.recorded.plan.runs_of(point).take(n);
        runs.filter_map(|run| Some((run, self.recorded.outcomes.get(&run.id)?.outcome.measurement()?)))
            .collect()
    }

    fn compare(&self, unlearned: &Ensemble<Unlearned>, oracle: &Oracle) -> Result<Appraised, Unscored> {
        let incomparable = |reason: Incomparable| unscored(&reason.into());
        let resampled = match self.replicates {
            0 => None,
            count => {
                let drawn = Resampled::of(unlearned, oracle, count as usize, BOOTSTRAP_SEED);
                Some(drawn.map_err(incomparable)?)
            }
        };
        let score = match &resampled {
            Some(resampled) => resampled.score().clone(),
            None => Score::of(unlearned, oracle).map_err(incomparable)?,
        };
        // Too few models to be halved are no reason to go without a score.
        let cross_fit = CrossFit::of(unlearned.confidences(), oracle.confidences()).ok();
        Ok(Appraised { score, resampled, cross_fit, nulls: None, components: None })
    }

    /// Of every label with several points, the best against the oracle, scored against the held-out group.
    fn selections(&self, appraised: &Scored) -> Vec<Selection> {
        let plan = &self.recorded.plan;
        let Some(held_out) = plan.point_with(Role::HeldOut) else { return Vec::new() };
        let mut labels: BTreeMap<&str, Vec<(usize, f64)>> = BTreeMap::new();
        for (&position, scored) in appraised {
            let point = &plan.points[position];
            if let (Role::Unlearn, Ok(scored)) = (point.role, scored) {
                labels.entry(&point.label).or_default().push((position, scored.score.value));
            }
        }
        let several = labels.into_values().filter(|points| points.len() > 1);
        let selection = |points: Vec<(usize, f64)>| {
            let best = points.iter().copied().reduce(|one, other| if other.1 > one.1 { other } else { one });
            let (point, chosen_on) = best?;
            let (unlearned, retrained) = self.groups(point, held_out, comparable(plan, point)).ok()?;
            let score = Score::of(&self.ensemble(&unlearned).ok()?, &self.ensemble(&retrained).ok()?).ok()?;
            Some(Selection { point, candidates: points.len() as u64, chosen_on, reported_on: score.value })
        };
        several.filter_map(selection).collect()
    }

    fn ensemble<K: Kind>(&self, runs: &[(&Run, &Measurement)]) -> Result<Ensemble<K>, Unusable> {
        let models =
            runs.iter().map(|(run, measured)| self.model(run, measured)).collect::<Result<Vec<_>, _>>()?;
        if let Some([one, other]) = self.twins(runs, &models) {
            return Err(Unusable::Twins {
                one: one.id.short().to_owned(),
                other: other.id.short().to_owned(),
            });
        }
        Ok(Ensemble::new(&models, runs.len())?)
    }

    /// Two runs that can't both be what they say: they draw differently, and yet have one array.
    fn twins<'r>(&self, runs: &[(&'r Run, &Measurement)], models: &[Model]) -> Option<[&'r Run; 2]> {
        let (first, _) = runs.first()?;
        let plan = &self.recorded.plan;
        if !plan.point(first).recipe().draws(plan.inputs.as_ref().map(|inputs| &inputs.sizes)) {
            return None;
        }
        let mut known: BTreeMap<&ContentHash, &Run> = BTreeMap::new();
        for ((run, measured), model) in runs.iter().zip(models) {
            // What left every weight as it was, or ruined the network, may well end in the same place.
            if measured.unchanged || is_saturated(&model.confidences) {
                continue;
            }
            if let Some(twin) = known.insert(&measured.confidences.blake3, run) {
                return Some([twin, run]);
            }
        }
        None
    }

    fn model(&self, run: &Run, measurement: &Measurement) -> Result<Model, Unusable> {
        Ok(Model {
            confidences: self.recorded.confidences_of(run, measurement)?.values,
            retain_accuracy: measurement.accuracy.retain,
            held_out_accuracy: measurement.accuracy.held_out(),
        })
    }
}

/// The retrained models that points of this role are compared with, if they are compared.
fn judge(role: Role) -> Option<Role> {
    match role {
        Role::Unlearn | Role::HeldOut => Some(Role::Oracle),
        Role::Confirm => Some(Role::HeldOut),
        Role::Original | Role::Oracle | Role::Shadow => None,
    }
}

/// Whether confidences take so few values that they say nothing about the examples.
fn is_saturated(confidences: &[f64]) -> bool {
    let bits: BTreeSet<u64> = confidences.iter().take(64).map(|value| value.to_bits()).collect();
    bits.len() <= 2
}

/// The rows of the scored points; floor and ceiling, between which all are normalised, are among them.
fn rows(plan: &Plan, appraised: Scored) -> BTreeMap<usize, PointScore> {
    let end = |is: &dyn Fn(&Point) -> bool| {
        let position = plan.points.iter().position(is)?;
        appraised.get(&position)?.as_ref().ok()?.resampled.clone()
    };
    let ceiling = end(&|point| point.role == Role::HeldOut);
    let ends = end(&Point::is_floor).zip(ceiling);
    appraised
        .into_iter()
        .map(|(position, scored)| {
            // Floor and ceiling were measured against the oracle.
            let ends = ends.as_ref().filter(|_| plan.points[position].role != Role::Confirm);
            (position, scored.map(|scored| row(scored, ends)))
        })
        .collect()
}

fn row(
    Appraised { score, resampled, cross_fit, nulls, components }: Appraised,
    ends: Option<&(Resampled, Resampled)>,
) -> ScoreRow {
    let part = |value, part| estimate(value, resampled.as_ref().map(|drawn| drawn.interval(part)));
    let normalised = resampled
        .as_ref()
        .zip(ends)
        .and_then(|(drawn, (floor, ceiling))| drawn.between(floor, ceiling).map(estimate_of));
    ScoreRow {
        n: score.n as u64,
        epsilons: score.epsilons.iter().map(|epsilon| epsilon.value()).collect(),
        forgetting_quality: part(score.forgetting_quality.value(), Part::ForgettingQuality),
        retain_ratio: part(score.retain_ratio, Part::RetainRatio),
        test_ratio: part(score.test_ratio, Part::TestRatio),
        score: part(score.value, Part::Value),
        normalised,
        cross_fit: cross_fit.map(|own| CrossFitRow {
            quality: estimate(own.quality, Some(own.interval)),
            told_apart: own.told_apart(),
        }),
        nulls: nulls.map(nulls::row),
        components,
    }
}

fn estimate(value: f64, interval: Option<score::Interval>) -> Estimate {
    Estimate { value, interval: interval.map(|ends| Interval { low: ends.low, high: ends.high }) }
}

fn estimate_of(difference: Difference) -> Estimate {
    estimate(difference.value, Some(difference.interval))
}

fn unscored(unusable: &Unusable) -> Unscored {
    let reason = unusable.to_string();
    match unusable {
        Unusable::Array(_) => Unscored::Lost { reason },
        Unusable::Incomparable(_) | Unusable::Twins { .. } => Unscored::Incomparable { reason },
    }
}

/// At how many models a point compares: all of its own, where the oracle has as many. The held-out group compares at the N
/// of the methods, so that the ceiling stands beside them.
fn comparable(plan: &Plan, point: usize) -> usize {
    let own = plan.runs_of(point).count();
    match plan.points[point].role {
        Role::HeldOut => own.min(plan.seeds as usize),
        _ => own,
    }
}
