//! Which points a search has found, and what is left of their numbers on fresh seeds.
//!
//! Nothing about the choice is written down but the runs that it asks for: the same results always give the same choice.

use std::collections::{BTreeMap, BTreeSet};

use sweep_methods::find;

use super::{Appraiser, Staging, estimate_of};
use crate::{
    frame::{ConfirmationRow, StageRow},
    plan::{Plan, PlanFault, Point, Role},
    score::Objective,
    store::Recorded,
};

/// The plan with all that may be carried out by now: what the search asks for, and what confirms it once that has ended.
/// `recorded` is about the whole plan, which may hold more runs than were asked for so far.
pub fn asked(recorded: &Recorded) -> Result<Plan, PlanFault> {
    let whole = &recorded.plan;
    let staging = Staging::of(recorded);
    let searched = staging.asked(whole);
    if whole.confirm.is_none() || !searched.runs.iter().all(|run| recorded.has_ended(&run.id)) {
        return Ok(searched);
    }
    let chosen = chosen(recorded, &staging.into_rows());
    if chosen.is_empty() { Ok(searched) } else { whole.confirming(&searched, &chosen) }
}

/// The best points of every contest by cross-fitted quality × utility, the best first, and behind them those with the defaults of
/// their methods, in the order of the grid.
fn chosen(recorded: &Recorded, stages: &[StageRow]) -> Vec<usize> {
    let plan = &recorded.plan;
    let dropped: BTreeSet<usize> = super::stages::dropped(stages).map(|(position, _)| position).collect();
    let appraiser = Appraiser { recorded, replicates: 0 };
    let Some((oracle, confirm)) = plan.point_with(Role::Oracle).zip(plan.confirm) else { return Vec::new() };
    let value = |position: usize| -> Option<f64> {
        let objective = appraiser.objective(position, oracle, plan.seeds as usize).ok()??;
        Some(objective.value()).filter(|value| value.is_finite())
    };
    // Points of several labels may be the same runs.
    let mut known = BTreeSet::new();
    let candidates = (0..plan.points.len())
        .filter(|at| plan.points[*at].is_judged() && !dropped.contains(at))
        .filter(|at| known.insert(plan.runs_of(*at).next().map(|run| &run.id)));
    let mut found: Vec<(usize, f64)> = candidates.filter_map(|at| Some((at, value(at)?))).collect();
    let usual: Vec<usize> =
        found.iter().map(|&(position, _)| position).filter(|&at| has_defaults(&plan.points[at])).collect();
    // A stable sort: of equals the first of the grid comes first.
    found.sort_by(|one, other| other.1.total_cmp(&one.1));
    let mut taken: BTreeMap<&str, u64> = BTreeMap::new();
    let is_taken = |position: &usize| {
        let taken = taken.entry(plan.contest(*position)).or_default();
        *taken += 1;
        *taken <= confirm.top
    };
    let mut chosen: Vec<usize> = found.iter().map(|&(position, _)| position).filter(is_taken).collect();
    chosen.extend(usual.into_iter().filter(|at| !chosen.contains(at)).collect::<Vec<_>>());
    chosen
}

/// Whether all hyper-parameters of a point are its method's own.
pub(super) fn has_defaults(point: &Point) -> bool {
    find(&point.method).is_some_and(|method| {
        !method.open
            && method.parameters.iter().all(|own| point.parameters.get(own.name) == Some(&own.default()))
    })
}

impl Appraiser<'_> {
    /// What is left of the numbers of the points that were confirmed.
    pub(super) fn confirmations(&self) -> Vec<ConfirmationRow> {
        let plan = &self.recorded.plan;
        let Some(confirm) = plan.confirm else { return Vec::new() };
        let of: BTreeMap<(&str, String), usize> = plan
            .points
            .iter()
            .enumerate()
            .filter(|(_, point)| point.is_judged())
            .map(|(position, point)| ((&*point.label, point.title()), position))
            .collect();
        let n = plan.seeds.min(confirm.seeds) as usize;
        let fresh = plan.points.iter().enumerate().filter(|(_, point)| point.role == Role::Confirm);
        let row = |(fresh, point): (usize, &Point)| {
            Some(self.confirmation(*of.get(&(&*point.label, point.title()))?, fresh, n))
        };
        fresh.filter_map(row).collect()
    }

    /// At `n` models on both occasions, so that what was found and what is left of it compare.
    fn confirmation(&self, point: usize, fresh: usize, n: usize) -> ConfirmationRow {
        let plan = &self.recorded.plan;
        let against =
            |role, point| -> Option<Objective> { self.objective(point, plan.point_with(role)?, n).ok()? };
        let (found, left) = (against(Role::Oracle, point), against(Role::HeldOut, fresh));
        let optimism = found.as_ref().zip(left.as_ref()).and_then(|(found, left)| found.less(left));
        let measured = |objective: Option<Objective>| objective?.measured().map(estimate_of);
        ConfirmationRow {
            point,
            fresh,
            n: n as u64,
            searched: measured(found),
            confirmed: measured(left),
            optimism: optimism.map(estimate_of),
        }
    }
}
