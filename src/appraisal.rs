//! From what the store has to what a report shows: gathers the ensembles of a sweep and scores every point.
//!
//! Reads results only; it neither writes nor prints. A point that can't be scored gets the reason instead.

mod audits;
mod stages;

pub use stages::Staging;

use std::{collections::BTreeMap, io, path::Path};

use sweep_inputs::npy::{self, Array, NpyError};
use sweep_protocol::{
    measurement::{Artifact, Measurement},
    terms::ContentHash,
};
use thiserror::Error;

use crate::{
    frame::{Estimate, Frame, FrameError, Interval, PointScore, RunEnd, ScoreRow, Unscored},
    plan::{Plan, Role, Run},
    score::{Ensemble, Incomparable, Kind, Model, Oracle, Retrained, Score, Unlearned},
    store::{Folder, Record, Recorded, Source, StoreError},
};

/// Seed of the bootstrap: the same results give the same intervals.
const BOOTSTRAP_SEED: u64 = 0;

/// Failed to gather the results of a sweep.
#[derive(Debug, Error)]
pub enum AppraisalError {
    /// The results can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tables can't be made.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// Why the models of a point can't be compared.
#[derive(Debug, Error)]
enum Unusable {
    #[error("{0}")]
    Incomparable(#[from] Incomparable),
    #[error("run {run}: {source}")]
    Array { run: String, source: NpyError },
    #[error("run {run}: failed to read what it measured: {source}")]
    Unreadable { run: String, source: io::Error },
    #[error("run {run}: {file} is not what was measured; delete the run's folder and use --retry finished")]
    Damaged { run: String, file: String },
}

/// Reads a results folder and scores every point against the oracle, with `replicates` bootstrap replicates behind each
/// interval.
pub fn appraise(dir: &Path, replicates: u32) -> Result<Frame, AppraisalError> {
    let recorded = Recorded::read(dir)?;
    let ends = recorded.outcomes.iter().map(|(id, record)| (id.clone(), end(record))).collect();
    let appraiser = Appraiser { folder: Folder::new(dir), recorded: &recorded, replicates };
    let mut scores = appraiser.scores();
    let stages = Staging::of(&recorded).into_rows();
    scores.extend(stages::dropped(&stages));
    let mut frame = Frame::of(&recorded.plan, &ends, &scores)?;
    frame.stages = stages;
    (frame.audits, frame.losses) = appraiser.audits();
    Ok(frame)
}

fn end(record: &Record) -> RunEnd {
    let source = match record.source {
        Source::Computed => "computed",
        Source::Cached => "cached",
    };
    RunEnd { attempt: record.attempt, source: source.to_owned(), outcome: record.outcome.clone() }
}

struct Appraiser<'a> {
    folder: Folder,
    recorded: &'a Recorded,
    replicates: u32,
}

impl Appraiser<'_> {
    fn scores(&self) -> BTreeMap<usize, PointScore> {
        let plan = &self.recorded.plan;
        let scored = |role| matches!(role, Role::Unlearn | Role::HeldOut);
        let points = plan.points.iter().enumerate().filter(|(_, point)| scored(point.role));
        let Some(oracle_point) = plan.point_with(Role::Oracle) else { return BTreeMap::new() };
        points.map(|(position, _)| (position, self.score(position, oracle_point))).collect()
    }

    /// Scores a point at N = the number of its runs, against as many models of the oracle.
    fn score(&self, point: usize, oracle_point: usize) -> PointScore {
        self.score_at(point, oracle_point, comparable(&self.recorded.plan, point))
    }

    /// Scores the first `n` runs of a point against as many models of the oracle.
    fn score_at(&self, point: usize, oracle_point: usize, n: usize) -> PointScore {
        let unlearned = self.finished(point, n);
        if unlearned.len() < n {
            return Err(Unscored::Incomplete { have: unlearned.len() as u64, want: n as u64 });
        }
        let retrained = self.finished(oracle_point, n);
        if retrained.len() < n {
            return Err(Unscored::OracleIncomplete { have: retrained.len() as u64, want: n as u64 });
        }
        self.compare(&unlearned, &retrained)
            .map_err(|unusable| Unscored::Incomparable { reason: unusable.to_string() })
    }

    /// The first `n` runs of a point, as far as they are measured.
    fn finished(&self, point: usize, n: usize) -> Vec<(&Run, &Measurement)> {
        let runs = self.recorded.plan.runs_of(point).take(n);
        runs.filter_map(|run| Some((run, self.recorded.outcomes.get(&run.id)?.outcome.measurement()?)))
            .collect()
    }

    fn compare(
        &self,
        unlearned: &[(&Run, &Measurement)],
        retrained: &[(&Run, &Measurement)],
    ) -> Result<ScoreRow, Unusable> {
        let unlearned: Ensemble<Unlearned> = self.ensemble(unlearned)?;
        let oracle: Oracle = self.ensemble::<Retrained>(retrained)?;
        let score = Score::of(&unlearned, &oracle)?;
        let intervals = match self.replicates {
            0 => None,
            count => Some(Score::interval(&unlearned, &oracle, count as usize, BOOTSTRAP_SEED)?),
        };
        let of = |value, interval: Option<crate::score::Interval>| Estimate {
            value,
            interval: interval.map(|ends| Interval { low: ends.low, high: ends.high }),
        };
        let (quality, value) = intervals.map(|both| (both.forgetting_quality, both.value)).unzip();
        Ok(ScoreRow {
            n: score.n as u64,
            epsilons: score.epsilons.iter().map(|epsilon| epsilon.value()).collect(),
            forgetting_quality: of(score.forgetting_quality.value(), quality),
            retain_ratio: score.retain_ratio,
            test_ratio: score.test_ratio,
            score: of(score.value, value),
        })
    }

    fn ensemble<K: Kind>(&self, runs: &[(&Run, &Measurement)]) -> Result<Ensemble<K>, Unusable> {
        let models =
            runs.iter().map(|(run, measured)| self.model(run, measured)).collect::<Result<Vec<_>, _>>()?;
        Ok(Ensemble::new(&models, runs.len())?)
    }

    fn model(&self, run: &Run, measurement: &Measurement) -> Result<Model, Unusable> {
        let array = array(run, &self.folder.confidences(&run.id), &measurement.confidences)?;
        Ok(Model {
            confidences: array.values,
            retain_accuracy: measurement.accuracy.retain,
            held_out_accuracy: measurement.accuracy.held_out(),
        })
    }
}

/// Reads an array that a run has left, if it is still the one.
fn array(run: &Run, path: &Path, artifact: &Artifact) -> Result<Array, Unusable> {
    let name = || run.id.short().to_owned();
    let bytes = std::fs::read(path).map_err(|source| Unusable::Unreadable { run: name(), source })?;
    if ContentHash::from(*blake3::hash(&bytes).as_bytes()) != artifact.blake3 {
        return Err(Unusable::Damaged { run: name(), file: artifact.file.clone() });
    }
    npy::decode(path, &bytes).map_err(|source| Unusable::Array { run: name(), source })
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
