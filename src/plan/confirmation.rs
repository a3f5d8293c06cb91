use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sweep_protocol::terms::{RunId, Seed};

use super::{CONFIRM_SEEDS, Plan, PlanFault, Point, Role, Run};

/// How the points are confirmed that a search has found: the best of many owe a part of their numbers to luck, and fresh
/// seeds don't share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// How many of the best points of every [contest](Plan::contest); those with the defaults of their methods come beside them.
    pub top: u64,
    /// Models of each, and of the held-out group that they are compared with.
    pub seeds: u64,
}

impl Plan {
    /// What was `searched` of this plan, the whole held-out group, and the points at these positions on fresh seeds, which
    /// come behind all others: the first seed of each, then the second. This plan if none are to be confirmed.
    pub fn confirming(&self, searched: &Self, points: &[usize]) -> Result<Self, PlanFault> {
        let Some(Confirm { seeds, .. }) = self.confirm else { return Ok(searched.clone()) };
        let asked: BTreeSet<&RunId> = searched.runs.iter().map(|run| &run.id).collect();
        let mut plan = self.clone();
        plan.runs.retain(|run| asked.contains(&run.id) || self.point(run).role == Role::HeldOut);
        let fresh = (CONFIRM_SEEDS..).take(seeds as usize).map(Seed);
        let mut runs = Vec::new();
        for &position in points {
            let point = Point { role: Role::Confirm, ..self.points[position].clone() };
            let ids = self.names(&point)?.runs(&point.parameters.to_map(), &point.recipe(), fresh.clone());
            let at = plan.points.len();
            runs.extend(ids.zip(fresh.clone()).map(|(id, seed)| Run { id, point: at, seed }));
            plan.points.push(point);
        }
        runs.sort_by_key(|run| run.seed);
        plan.runs.extend(runs);
        Ok(plan)
    }
}
