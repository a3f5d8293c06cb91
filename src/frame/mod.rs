//! The results of a sweep as two typed tables, runs and points, and as plain rows for figures and reports.
//!
//! A frame is made from a plan, the ends of its runs and the scores of its points, and from nothing else: it can be
//! made again at any time. It is the only place that knows polars, and it knows no file. Text from strangers is made
//! [printable] on the way in, so nothing behind it can be obeyed by a terminal.
//!
//! Two executions of one sweep give the same tables, except for the columns that stand last: `attempt`, `source`,
//! `unlearn_s`, `measure_s` of the runs, and `unlearn_s_mean` of the points. What is absent is an empty cell, never NaN.

mod across;
mod audit;
mod comparison;
mod components;
mod confirmation;
mod curve;
mod estimate;
mod export;
mod flag;
mod gather;
mod name;
mod null;
mod per_number;
mod point;
mod run;
#[cfg(test)]
pub(crate) mod sample;
mod score;
mod shadow;
mod stage;
mod subgroup;
mod sweep;
mod table;
mod text;
mod threads;

pub use across::{Across, AcrossRow, CrossedRow};
pub use audit::{AuditNumbers, AuditRow, LossRow, PictureRow};
pub use comparison::{Comparisons, Paired, Ranks, Selection, Standing, ToldApart};
pub use components::SpreadRow;
pub use confirmation::ConfirmationRow;
pub use curve::{CurveLine, CurveReading, CurveRow, MOST_FILES, TrainingCurves};
pub use estimate::{Estimate, Interval, Mean, decimals};
pub use flag::Flag;
pub use name::{Name, hollow};
pub use null::{NullRow, ShiftRow, Tested};
pub use per_number::PerNumber;
pub use point::{Counts, Means, PointRow};
pub use run::{Measured, RunEnd, RunRow};
pub use score::{CrossFitRow, PointScore, ScoreRow, Unscored};
pub use shadow::{MemorizedRow, ShadowRow, ShadowRows};
pub use stage::{Entrant, Sentinel, StageRow};
pub use subgroup::{GroupedBy, SubgroupRow};
pub use sweep::Sweep;
pub use text::{inert, printable, shortened};
pub use threads::{NoThreads, make_threads};

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, PolarsError};
use sweep_protocol::terms::RunId;
use thiserror::Error;

use crate::plan::{Plan, Point, Role, Run};

/// Failed to make the tables.
#[derive(Debug, Error)]
pub enum FrameError {
    /// A run names a point that the plan doesn't have.
    #[error("run {} belongs to point {point}, but the plan has {points}; `plan.json` is damaged", run.short())]
    NoSuchPoint {
        /// The run.
        run: RunId,
        /// The position that it names.
        point: usize,
        /// Points in the plan.
        points: usize,
    },
    /// A table can't be built or written.
    #[error("failed to make the table of {table}: {source}")]
    Table {
        /// `runs`, `points`, `groups` or `audits`.
        table: &'static str,
        /// What polars says.
        source: PolarsError,
    },
}

/// The results of a sweep.
#[derive(Debug, Clone)]
pub struct Frame {
    /// What all rows have in common.
    pub sweep: Sweep,
    /// Varied hyper-parameters that are the same in all ranked points, which names leave out: `lr=0.001`.
    pub shared: Vec<String>,
    /// The points, in the order of the grid.
    pub points: Vec<PointRow>,
    /// The runs, in the order of the plan.
    pub runs: Vec<RunRow>,
    /// What the scores say together.
    pub comparisons: Comparisons,
    /// The stages of a staged sweep, as far as they were entered.
    pub stages: Vec<StageRow>,
    /// The points that were carried out once more on fresh seeds, in the order in which they were chosen.
    pub confirmations: Vec<ConfirmationRow>,
    /// What parts of the forget set show, point by point in the order of the grid; empty where none could be tested.
    pub subgroups: Vec<SubgroupRow>,
    /// What the audits say, point by point in the order of the grid; empty where none is named.
    pub audits: Vec<AuditRow>,
    /// Losses behind the attack `simple-mia`, the oracle's first; empty where it isn't named.
    pub losses: Vec<LossRow>,
    /// What is found of images in the weights, where pictures of it were asked for.
    pub pictures: Vec<PictureRow>,
    /// What shadow networks show, where the grid asks for some.
    pub shadows: Option<ShadowRows>,
    /// What the loops of runs read while they trained.
    pub curves: TrainingCurves,
    /// Who is ranked where, by position.
    ranks: BTreeMap<usize, Ranks>,
    run_table: DataFrame,
    point_table: DataFrame,
}

impl Frame {
    /// Gathers the runs of a plan and the scores of its points, the latter by position in [`Plan::points`]. A run
    /// without an end is pending; a point without a score gets the reason that its role or its runs give.
    pub fn of(
        plan: &Plan,
        ends: &BTreeMap<RunId, RunEnd>,
        scores: &BTreeMap<usize, PointScore>,
    ) -> Result<Self, FrameError> {
        let (sweep, count) = (Sweep::of(plan), plan.points.len());
        if let Some(run) = plan.runs.iter().find(|run| run.point >= count) {
            return Err(FrameError::NoSuchPoint { run: run.id.clone(), point: run.point, points: count });
        }
        let in_runs = |source| FrameError::Table { table: "runs", source };
        let originals = originals(plan, ends);
        let row = |run: &Run| {
            let judged = plan.point(run).is_judged() || plan.point(run).role == Role::Confirm;
            let original = originals.get(&plan.original_of(run.seed)).filter(|_| judged);
            let mut row = RunRow::of(run, ends.get(&run.id), original.copied());
            row.measured = row.measured.filter(|_| !measured_elsewhere(plan, plan.point(run).role));
            row
        };
        let runs: Vec<RunRow> = plan.runs.iter().map(row).collect();
        let (names, shared) = name::names(&plan.points);
        let mut points = rows(plan, scores, names);
        let run_table = table::runs(&runs, &points).map_err(in_runs)?;
        for (point, (counts, means)) in points.iter_mut().zip(gather::gather(&runs, count)) {
            point.counts = counts;
            point.means = means;
        }
        for run in &runs {
            run.flags.iter().for_each(|flag| points[run.point].counts.add(*flag));
        }
        for (position, point) in points.iter_mut().enumerate() {
            if !scores.contains_key(&position) {
                point.score = Err(reason(point));
            }
        }
        let point_table =
            table::points(&points, &sweep).map_err(|source| FrameError::Table { table: "points", source })?;
        let frame = Self {
            sweep,
            shared,
            points,
            runs,
            comparisons: Comparisons::default(),
            stages: Vec::new(),
            confirmations: Vec::new(),
            subgroups: Vec::new(),
            audits: Vec::new(),
            losses: Vec::new(),
            pictures: Vec::new(),
            shadows: None,
            curves: TrainingCurves::default(),
            ranks: BTreeMap::new(),
            run_table,
            point_table,
        };
        Ok(frame.with_comparisons(Comparisons::default()))
    }

    /// The points that have runs with a flag, in the order of the grid.
    pub fn flagged(&self, flag: Flag) -> impl Iterator<Item = &PointRow> {
        self.points.iter().filter(move |point| point.counts.flagged(flag) > 0)
    }

    /// The points that take part in the ranking and have a score, best first; equals by cost, then in the order of the
    /// grid.
    pub fn ranking(&self) -> Vec<(&PointRow, &ScoreRow)> {
        let mut ranked: Vec<_> = self
            .points
            .iter()
            .filter(|point| point.is_ranked())
            .filter_map(|point| point.score.as_ref().ok().map(|score| (point, score)))
            .collect();
        ranked.sort_by(|(left, ours), (right, theirs)| {
            let by_score = theirs.score.value.total_cmp(&ours.score.value);
            by_score.then(left.passes.total_cmp(&right.passes))
        });
        ranked
    }

    /// The points that would take part in the ranking but have no score, with the reason, in the order of the grid.
    pub fn dashes(&self) -> Vec<(&PointRow, &Unscored)> {
        let ranked = self.points.iter().filter(|point| point.is_ranked());
        ranked.filter_map(|point| point.score.as_ref().err().map(|reason| (point, reason))).collect()
    }

    /// Retrained models scored as if they were unlearned.
    pub fn ceiling(&self) -> Option<&PointRow> {
        self.points.iter().find(|point| point.is_ceiling())
    }

    /// The original scored as if it were unlearned, where the grid asks for it.
    pub fn floor(&self) -> Option<&PointRow> {
        self.points.iter().find(|point| point.is_floor())
    }

    /// The first point with this role.
    pub fn point_with(&self, role: Role) -> Option<&PointRow> {
        self.points.iter().find(|point| point.role == role)
    }

    /// The tables as files: name and bytes.
    pub fn files(&self) -> Result<Vec<(&'static str, Vec<u8>)>, FrameError> {
        let in_runs = |source| FrameError::Table { table: "runs", source };
        let in_points = |source| FrameError::Table { table: "points", source };
        let ranks: Vec<_> = self.points.iter().map(|point| self.ranks(point)).collect();
        let points = table::with_ranks(&self.point_table, &ranks).map_err(in_points)?;
        let mut files = vec![
            ("runs.csv", export::csv(&self.run_table).map_err(in_runs)?),
            ("points.csv", export::csv(&points).map_err(in_points)?),
            ("runs.parquet", export::parquet(&self.run_table).map_err(in_runs)?),
            ("points.parquet", export::parquet(&points).map_err(in_points)?),
        ];
        if !self.subgroups.is_empty() {
            let in_groups = |source| FrameError::Table { table: "groups", source };
            let table = subgroup::table(&self.subgroups, &self.points, &self.sweep).map_err(in_groups)?;
            files.push(("groups.csv", export::csv(&table).map_err(in_groups)?));
        }
        if !self.comparisons.differences.is_empty() {
            let in_differences = |source| FrameError::Table { table: "differences", source };
            let table = table::differences(&self.comparisons, &self.points).map_err(in_differences)?;
            files.push(("differences.csv", export::csv(&table).map_err(in_differences)?));
        }
        if !self.audits.is_empty() {
            let in_audits = |source| FrameError::Table { table: "audits", source };
            let table = audit::table(&self.audits, &self.points, &self.sweep).map_err(in_audits)?;
            files.push(("audits.csv", export::csv(&table).map_err(in_audits)?));
        }
        if let Some(rows) = &self.shadows {
            let in_shadows = |source| FrameError::Table { table: "shadow networks", source };
            let images = shadow::images(&rows.images, &self.sweep).map_err(in_shadows)?;
            let attacks = shadow::attacks(&rows.attacks, &self.points, &self.sweep).map_err(in_shadows)?;
            files.push(("memorization.csv", export::csv(&images).map_err(in_shadows)?));
            files.push(("shadows.csv", export::csv(&attacks).map_err(in_shadows)?));
        }
        Ok(files)
    }
}

/// The retain accuracy of the originals by their numbers: of the runs that train them, or of the floor, which is the same
/// networks.
fn originals(plan: &Plan, ends: &BTreeMap<RunId, RunEnd>) -> BTreeMap<u64, f64> {
    let measured = |is: &dyn Fn(&Point) -> bool| -> BTreeMap<u64, f64> {
        let runs = plan.runs.iter().filter(|run| is(plan.point(run))).rev();
        let measured = |run: &Run| {
            let measurement = ends.get(&run.id)?.outcome.measurement()?;
            Some((plan.original_of(run.seed), measurement.accuracy.retain.get()))
        };
        runs.filter_map(measured).collect()
    };
    let mut found = measured(&Point::is_floor);
    if !measured_elsewhere(plan, Role::Original) {
        found.extend(measured(&|point| point.role == Role::Original));
    }
    found
}

/// Whether runs of a role were measured on another split: their accuracies are of other sets than those of all others.
fn measured_elsewhere(plan: &Plan, role: Role) -> bool {
    role.forgets_nothing() && plan.inputs.as_ref().is_some_and(|inputs| inputs.original_split.is_some())
}

fn rows(plan: &Plan, scores: &BTreeMap<usize, PointScore>, names: Vec<Name>) -> Vec<PointRow> {
    let parameters = run::parameters(plan);
    let score = |position| match scores.get(&position) {
        Some(Ok(row)) if !row.is_finite() => Err(Unscored::NotFinite),
        Some(Err(Unscored::Incomparable { reason })) => {
            Err(Unscored::Incomparable { reason: printable(reason) })
        }
        Some(Err(Unscored::Lost { reason })) => Err(Unscored::Lost { reason: printable(reason) }),
        Some(Err(Unscored::Dropped { n, reason })) => {
            Err(Unscored::Dropped { n: *n, reason: printable(reason) })
        }
        Some(score) => score.clone(),
        None => Err(Unscored::NotComputed),
    };
    let points = plan.points.iter().zip(parameters).zip(names).enumerate();
    let row = |(position, ((point, parameters), name))| {
        PointRow::of(position, (point, name), parameters, score(position))
    };
    points.map(row).collect()
}

/// Why a point for which no score was handed over has none.
fn reason(point: &PointRow) -> Unscored {
    match point.role {
        Role::Original | Role::Oracle | Role::Shadow => Unscored::Reference(point.role.word()),
        Role::HeldOut | Role::Unlearn | Role::Confirm if point.counts.finished == point.counts.planned => {
            Unscored::NotComputed
        }
        Role::HeldOut | Role::Unlearn | Role::Confirm => {
            Unscored::Incomplete { have: point.counts.finished, want: point.counts.planned }
        }
    }
}

#[cfg(test)]
mod tests;
