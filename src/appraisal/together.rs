//! Several sweeps that share their retrained models, as one: what differs between their points is told like within a sweep.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use sweep_protocol::terms::RunId;
use thiserror::Error;

use super::{AppraisalError, appraise_recorded, read_asked};
use crate::{
    frame::Frame,
    plan::{Plan, PlannedInputs, Point, Role, Run},
    store::Recorded,
};

/// Why sweeps don't compare.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Incompatible {
    /// Of points of one forget set.
    #[error(
        "the scores in `{}` and `{}` don't compare, because their {what} differ; sweeps of one engine version on the same data, \
         network, recipe and original do; `sweep across` takes several forget sets",
        one.display(), other.display()
    )]
    Scores {
        /// What differs.
        what: &'static str,
        /// A results folder.
        one: PathBuf,
        /// Another.
        other: PathBuf,
    },
    /// Of forget sets.
    #[error("`{}` and `{}` don't stand side by side: {what}", one.display(), other.display())]
    ForgetSets {
        /// Why.
        what: &'static str,
        /// A results folder.
        one: PathBuf,
        /// Another.
        other: PathBuf,
    },
}

/// Several sweeps as one.
#[derive(Debug, Clone)]
pub struct Together {
    /// All points, at one N.
    pub frame: Frame,
    /// Whether some sweep has more models per point than were compared.
    pub is_cut: bool,
    /// Points with fewer models, which a staged sweep has dropped; they can't be compared.
    pub left_out: usize,
}

/// Reads results folders whose oracles are the same models and scores all their points at the smallest N among them, as
/// [`appraise`](super::appraise) does for one folder. A point that not all of them have bears the name of its sweep.
pub fn appraise_together(dirs: &[PathBuf], replicates: u32) -> Result<Together, AppraisalError> {
    let sweeps = dirs.iter().map(|dir| read_asked(dir)).collect::<Result<Vec<_>, _>>()?;
    let plans: Vec<&Plan> = sweeps.iter().map(|sweep| &sweep.plan).collect();
    let n = plans.iter().map(|plan| plan.seeds).min().unwrap_or(0);
    let is_cut = plans.iter().any(|plan| plan.seeds != n);
    let cut: Vec<Plan> = plans.iter().map(|plan| plan.limited(|_| n)).collect();
    for (other, plan) in cut.iter().enumerate().skip(1) {
        if let Some(what) = difference(&cut[0], plan) {
            let [one, other] = [0, other].map(|at| dirs[at].clone());
            return Err(Incompatible::Scores { what, one, other }.into());
        }
    }
    let points = cut.iter().flat_map(|plan| (0..plan.points.len()).map(move |point| (plan, point)));
    let left_out = points.filter(|(plan, point)| is_short(plan, *point, n)).count();
    let plan = joined(&cut, &names(&cut, dirs), n);
    let recorded = Recorded::together(plan, &sweeps);
    Ok(Together { frame: appraise_recorded(&recorded, replicates)?, is_cut, left_out })
}

/// What makes scores incomparable.
fn difference(one: &Plan, other: &Plan) -> Option<&'static str> {
    fn differs<T: PartialEq>(plans: [&Plan; 2], of: fn(&PlannedInputs) -> T) -> bool {
        let [one, other] = plans.map(|plan| plan.inputs.as_ref().map(of));
        one != other
    }
    let plans = [one, other];
    let oracles = plans.map(|plan| plan.point_with(Role::Oracle).map(|point| ids(plan, point)));
    [
        (one.engine != other.engine, "engines"),
        (differs(plans, |inputs| inputs.data_hash.clone()), "data sets"),
        (differs(plans, |inputs| inputs.network.clone()), "networks"),
        (one.originals != other.originals || differs(plans, originals), "originals"),
        (oracles[0] != oracles[1], "retrained models"),
    ]
    .into_iter()
    .find_map(|(differs, what)| differs.then_some(what))
}

/// The originals by their content.
pub(super) fn originals(inputs: &PlannedInputs) -> Vec<String> {
    inputs.originals.iter().map(|original| original.word().to_owned()).collect()
}

fn ids(plan: &Plan, point: usize) -> BTreeSet<RunId> {
    plan.runs_of(point).map(|run| run.id.clone()).collect()
}

/// What to call each sweep: by its name, or by its folder where two have one name.
fn names(plans: &[Plan], dirs: &[PathBuf]) -> Vec<String> {
    let unique: BTreeSet<&str> = plans.iter().map(|plan| plan.name.as_str()).collect();
    let by_name = unique.len() == plans.len();
    let name = |(plan, dir): (&Plan, &PathBuf)| {
        if by_name { plan.name.clone() } else { Path::new(dir).display().to_string() }
    };
    plans.iter().zip(dirs).map(name).collect()
}

/// Whether a staged sweep has dropped a point before it had N models.
fn is_short(plan: &Plan, point: usize, n: u64) -> bool {
    plan.points[point].role == Role::Unlearn && (plan.runs_of(point).count() as u64) < n
}

/// Names what differs between points that their own sweeps call the same: what one grid has fixed, another may have fixed
/// otherwise.
fn tell_apart(points: &mut [Point], titles: &[String]) {
    let mut alike: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (position, title) in titles.iter().enumerate() {
        alike.entry(title).or_default().push(position);
    }
    for group in alike.into_values().filter(|group| group.len() > 1) {
        let settings: Vec<_> = group.iter().map(|&position| points[position].parameters.to_map()).collect();
        let names: BTreeSet<&String> = settings.iter().flat_map(BTreeMap::keys).collect();
        let differs = |name: &&String| settings.iter().any(|own| own.get(*name) != settings[0].get(*name));
        let differing: Vec<String> = names.into_iter().filter(differs).cloned().collect();
        for position in group {
            let point = &mut points[position];
            point.varied = point.varied.iter().chain(&differing).cloned().collect();
        }
    }
}

/// One plan with the points of all; points are the same if their runs are.
fn joined(plans: &[Plan], names: &[String], n: u64) -> Plan {
    let mut found: BTreeMap<BTreeSet<RunId>, usize> = BTreeMap::new();
    for plan in plans {
        for point in 0..plan.points.len() {
            *found.entry(ids(plan, point)).or_default() += 1;
        }
    }
    let (mut points, mut runs): (Vec<Point>, Vec<Run>) = (Vec::new(), Vec::new());
    let mut titles = Vec::new();
    for (plan, name) in plans.iter().zip(names) {
        for (position, point) in plan.points.iter().enumerate() {
            let single = point.role != Role::Unlearn && points.iter().any(|known| known.role == point.role);
            // What was confirmed was so against another group than the oracle.
            if is_short(plan, position, n) || matches!(point.role, Role::Confirm | Role::Shadow) {
                continue;
            }
            // Taken out, so that the next sweep that has it does not add it again.
            let Some(count) = found.remove(&ids(plan, position)).filter(|_| !single) else { continue };
            let own = plan.runs_of(position).map(|run| Run { point: points.len(), ..run.clone() });
            runs.extend(own);
            let mut point = point.clone();
            titles.push(point.title());
            if point.role == Role::Unlearn && count < plans.len() {
                point.label = format!("{name}/{}", point.label).into();
            }
            points.push(point);
        }
    }
    tell_apart(&mut points, &titles);
    let audits = plans[0].audit.clone().filter(|_| plans.iter().all(|plan| plan.audit == plans[0].audit));
    Plan {
        name: names.join(" + "),
        seeds: n,
        stages: Vec::new(),
        confirm: None,
        keep_models: false,
        shadows: None,
        accuracies: false,
        audit: audits,
        points,
        runs,
        ..plans[0].clone()
    }
}
