//! Several sweeps that unlearn different forget sets from the same originals, side by side: what a point reaches with one forget
//! set is one draw of what it would reach with others.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{
    AppraisalError, Appraiser, appraise_recorded, comparable,
    components::{numbers, of_deviation},
    judge, read_asked,
    together::{Incompatible, originals},
};
use crate::{
    frame::{Across, AcrossRow, CrossedRow, Frame, PerNumber, PointRow, ScoreRow, printable},
    plan::Plan,
    score::{Crossed, Crossing},
    store::Recorded,
};

/// Reads results folders of sweeps of one engine, network and set of originals, each of another forget set, scores every point of
/// each, and puts those together that all have a score for.
pub fn appraise_across(dirs: &[PathBuf], replicates: u32) -> Result<Across, AppraisalError> {
    let sweeps = dirs.iter().map(|dir| read_asked(dir)).collect::<Result<Vec<_>, _>>()?;
    for (at, sweep) in sweeps.iter().enumerate().skip(1) {
        for (before, other) in sweeps[..at].iter().enumerate() {
            if let Some(what) = difference(&other.plan, &sweep.plan) {
                let [one, other] = [before, at].map(|at| dirs[at].clone());
                return Err(Incompatible::ForgetSets { what, one, other }.into());
            }
        }
    }
    let frames: Vec<Frame> =
        sweeps.iter().map(|sweep| appraise_recorded(sweep, replicates)).collect::<Result<_, _>>()?;
    let mut rows: Vec<AcrossRow> =
        judged(&frames[0]).filter_map(|point| row(&sweeps, &frames, point)).collect();
    let is_missing = |point: &&PointRow| !rows.iter().any(|row| is_same(&row.point, point));
    let left_out: BTreeSet<&str> =
        frames.iter().flat_map(judged).filter(is_missing).map(|point| point.title.as_str()).collect();
    let left_out = left_out.len();
    let mean = |row: &AcrossRow| {
        row.mean(|score| Some(score.score.value)).map_or(f64::NEG_INFINITY, |mean| mean.value)
    };
    let place = |row: &AcrossRow| (row.point.is_floor(), !row.point.is_ceiling());
    rows.sort_by(|one, other| place(one).cmp(&place(other)).then(mean(other).total_cmp(&mean(one))));
    Ok(Across {
        names: names(&sweeps, dirs),
        sweeps: frames.into_iter().map(|frame| frame.sweep).collect(),
        rows,
        left_out,
    })
}

/// The points of a sweep that are compared with retrained models.
fn judged(frame: &Frame) -> impl Iterator<Item = &PointRow> {
    frame.points.iter().filter(|point| judge(point.role).is_some())
}

/// What keeps two sweeps from standing side by side.
fn difference(one: &Plan, other: &Plan) -> Option<&'static str> {
    let (Some(mine), Some(theirs)) = (&one.inputs, &other.inputs) else {
        return Some("nothing is forgotten, since an engine that doesn't train has no data");
    };
    [
        (one.engine != other.engine, "their engines differ"),
        (mine.network != theirs.network, "their networks differ"),
        (
            originals(mine) != originals(theirs),
            "their originals differ; the sweeps of one grid with `forget = [...]` in [data] share them",
        ),
        (one.seeds != other.seeds, "their numbers of models per point differ"),
        (mine.data_hash == theirs.data_hash, "both forget the same; `sweep compare` is for these"),
    ]
    .into_iter()
    .find_map(|(differs, what)| differs.then_some(what))
}

/// What the forget sets are called: by the folder of the data set, or by that of the results where two have one name.
fn names(sweeps: &[Recorded], dirs: &[PathBuf]) -> Vec<String> {
    let last =
        |path: &Path| path.file_name().map_or_else(String::new, |name| printable(&name.to_string_lossy()));
    let of_data = |sweep: &Recorded| {
        sweep.plan.inputs.as_ref().map_or_else(String::new, |inputs| last(Path::new(&inputs.data)))
    };
    let names: Vec<String> = sweeps.iter().map(of_data).collect();
    let unique: BTreeSet<&String> = names.iter().collect();
    if unique.len() == names.len() {
        names
    } else {
        dirs.iter().map(|dir| printable(&dir.to_string_lossy())).collect()
    }
}

fn is_same(one: &PointRow, other: &PointRow) -> bool {
    one.role == other.role
        && one.label == other.label
        && one.method == other.method
        && one.parameters == other.parameters
}

/// A point that every sweep has a score of.
fn row(sweeps: &[Recorded], frames: &[Frame], point: &PointRow) -> Option<AcrossRow> {
    let found = |frame: &Frame| frame.points.iter().find(|other| is_same(point, other)).cloned();
    let points: Vec<PointRow> = frames.iter().map(found).collect::<Option<_>>()?;
    let scores: Vec<ScoreRow> = points.iter().map(|point| point.score.clone().ok()).collect::<Option<_>>()?;
    let rank = |(frame, own): (&Frame, &PointRow)| {
        frame.ranking().iter().position(|(ranked, _)| ranked.position == own.position).map(|above| above + 1)
    };
    Some(AcrossRow {
        point: point.clone(),
        ranks: frames.iter().zip(&points).map(rank).collect(),
        spreads: spreads(sweeps, &points),
        scores,
    })
}

/// Which part of a point's distance from retraining is whose.
fn spreads(sweeps: &[Recorded], points: &[PointRow]) -> PerNumber<Option<CrossedRow>> {
    let crossings = sweeps.iter().zip(points).map(|(sweep, point)| crossings(sweep, point.position));
    let Some(crossings) = crossings.collect::<Option<Vec<_>>>() else { return PerNumber::default() };
    PerNumber::of_all(crossings).map(|crossings: Vec<Option<Crossing>>| {
        Crossed::of(&crossings.into_iter().collect::<Option<Vec<_>>>()?).map(crossed)
    })
}

/// The numbers of a point's models, original by original, beside those of its oracle's; none of a number that they lack.
fn crossings(sweep: &Recorded, position: usize) -> Option<PerNumber<Option<Crossing>>> {
    let plan = &sweep.plan;
    let appraiser = Appraiser { recorded: sweep, replicates: 0 };
    let oracle_point = plan.point_with(judge(plan.points[position].role)?)?;
    let (runs, retrained) = appraiser.groups(position, oracle_point, comparable(plan, position)).ok()?;
    let (unlearned, oracle) = appraiser.both(&runs, &retrained).ok()?;
    let both = numbers(&runs, &unlearned).zip(numbers(&retrained, &oracle));
    Some(both.map(|(own, retrained)| {
        Some(Crossing { unlearned: appraiser.by_original(&runs, &own?), retrained: retrained? })
    }))
}

fn crossed(parts: Crossed) -> CrossedRow {
    CrossedRow {
        forget_set: of_deviation(parts.forget_set),
        original: parts.original.map(of_deviation),
        both: parts.both.map(of_deviation),
        unlearning: of_deviation(parts.unlearning),
        oracle: of_deviation(parts.oracle),
    }
}
