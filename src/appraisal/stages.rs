//! How far a staged sweep is: replays its decisions from what is recorded.
//!
//! Nothing about stages is written down but their sizes: the same results always give the same decisions, so that a killed
//! sweep goes on where it was and a report shows what happened.

use std::collections::BTreeSet;

use super::{Appraiser, unscored};
use crate::{
    frame::{Entrant, PointScore, Sentinel, StageRow, Unscored, decimals, printable},
    plan::{Plan, Role},
    score::{Incomparable, Objective},
    stage::{Verdict, error_of_one, is_sentinel, judge, leaders},
    store::Recorded,
};

/// The stages of a sweep as far as they are known: all but the last are decided.
#[derive(Debug)]
pub struct Staging {
    stages: Vec<StageRow>,
    /// Runs that each point may have by now.
    limits: Vec<u64>,
}

impl Staging {
    /// Replays the stages of a plan, which may hold more runs than were asked for so far.
    pub fn of(recorded: &Recorded) -> Self {
        let plan = &recorded.plan;
        let appraiser = Appraiser { recorded, replicates: 0 };
        let mut staging = Self { stages: Vec::new(), limits: vec![0; plan.points.len()] };
        let mut alive: Vec<usize> =
            (0..plan.points.len()).filter(|&position| plan.points[position].is_judged()).collect();
        let contests: BTreeSet<&str> = alive.iter().map(|&position| plan.contest(position)).collect();
        let error = error_of_one(alive.len() - contests.len(), plan.stages.len());
        let mut sentinels: Vec<usize> = Vec::new();
        for &n in &plan.stages {
            staging.enter(plan, &[alive.as_slice(), &sentinels].concat(), n);
            let stage = appraiser.stage(&alive, &sentinels, (n, error));
            let decided = stage.decided;
            // Who has no number can't win, and is asked for no more runs.
            let behind = stage.entrants.iter().filter(|it| it.left.is_some() && it.objective.is_some());
            let dropped = behind.map(|it| it.point);
            sentinels.extend(dropped.filter(|&point| is_sentinel(&plan.points[point].title())));
            alive = stage.entrants.iter().filter(|it| it.left.is_none()).map(|it| it.point).collect();
            staging.stages.push(stage);
            if !decided || alive.is_empty() {
                break;
            }
        }
        staging
    }

    /// The plan with the runs that may be carried out by now: all, unless it is staged.
    pub fn asked(&self, plan: &Plan) -> Plan {
        if plan.stages.is_empty() {
            return plan.clone();
        }
        plan.limited(|point| self.limits[point])
    }

    /// What stands in the report.
    pub fn into_rows(self) -> Vec<StageRow> {
        self.stages
    }

    /// The points that go on get `n` runs each, and everything that they are compared with as many.
    fn enter(&mut self, plan: &Plan, alive: &[usize], n: u64) {
        for (position, limit) in self.limits.iter_mut().enumerate() {
            if plan.points[position].role == Role::Shadow {
                *limit = u64::MAX;
            } else if !plan.points[position].is_judged() || alive.contains(&position) {
                *limit = n;
            }
        }
    }
}

/// The scores that stages leave to the report: the reason for every point that was dropped.
pub(super) fn dropped(stages: &[StageRow]) -> impl Iterator<Item = (usize, PointScore)> {
    stages.iter().flat_map(|stage| {
        stage.entrants.iter().filter_map(|entrant| {
            let reason = entrant.left.clone()?;
            Some((entrant.point, Err(Unscored::Dropped { n: stage.n, reason })))
        })
    })
}

impl Appraiser<'_> {
    fn stage(&self, alive: &[usize], sentinels: &[usize], (n, error): (u64, f64)) -> StageRow {
        let plan = &self.recorded.plan;
        let last = plan.stages.last() == Some(&n);
        let complete = self.is_complete(alive, n);
        let oracle = plan.point_with(Role::Oracle).filter(|_| complete);
        let of = |&point: &usize| oracle.map(|oracle| self.objective(point, oracle, n as usize));
        let objectives: Vec<Result<Option<Objective>, Unscored>> = alive.iter().filter_map(of).collect();
        let known = |nth: usize| objectives.get(nth)?.as_ref().ok()?.as_ref();
        let rated = |(nth, &point): (usize, &usize)| (plan.contest(point), known(nth).map(Objective::value));
        // There are none before all runs of the stage have ended.
        let candidates: Vec<(&str, Option<f64>)> =
            alive.iter().enumerate().take(objectives.len()).map(rated).collect();
        let leaders = leaders(candidates.iter().copied());
        // The last stage drops nobody; the leaderboard shows what came of it.
        let verdicts = if last {
            Vec::new()
        } else {
            judge(&candidates, |leader, other| known(leader)?.lead(known(other)?, error))
        };
        let entrants = alive.iter().enumerate().map(|(nth, &point)| Entrant {
            point,
            objective: candidates.get(nth).and_then(|(_, value)| *value),
            left: verdicts.get(nth).and_then(|&verdict| {
                let leader = |leader: usize| plan.points[alive[leader]].title();
                reason(verdict, &objectives[nth], leader).map(|reason| printable(&reason))
            }),
        });
        let sentinels = sentinels.iter().filter(|_| last).map(|point| {
            let objective = of(point).and_then(|objective| Some(objective.ok()??.value()));
            let best = leaders.get(plan.contest(*point));
            let wins = objective.zip(best).map(|(own, (_, best))| own > *best);
            Sentinel { point: *point, objective, wins }
        });
        let mut leading: Vec<usize> = leaders.values().map(|&(nth, _)| alive[nth]).collect();
        leading.sort_unstable();
        StageRow {
            n,
            decided: complete && !last,
            entrants: entrants.collect(),
            sentinels: sentinels.collect(),
            leaders: leading,
        }
    }

    /// What a point is judged by, at its first `n` models; `None` where they are too few to be halved.
    pub(super) fn objective(
        &self,
        point: usize,
        oracle: usize,
        n: usize,
    ) -> Result<Option<Objective>, Unscored> {
        let (unlearned, retrained) = self.ensembles(point, oracle, n)?;
        match Objective::of(&unlearned, &retrained) {
            Ok(objective) => Ok(Some(objective)),
            Err(Incomparable::TooFewToHalve { .. }) => Ok(None),
            Err(reason) => Err(unscored(&reason.into())),
        }
    }

    /// Whether all runs that a stage asks for have ended.
    fn is_complete(&self, alive: &[usize], n: u64) -> bool {
        let plan = &self.recorded.plan;
        let ended = |point: usize| {
            let runs = plan.runs_of(point).take(n as usize);
            runs.filter(|run| self.recorded.has_ended(&run.id)).count() as u64 == n
        };
        plan.point_with(Role::Oracle).is_some_and(ended) && alive.iter().all(|&point| ended(point))
    }
}

/// Why a point is dropped, in words.
fn reason(
    verdict: Verdict,
    objective: &Result<Option<Objective>, Unscored>,
    title: impl Fn(usize) -> String,
) -> Option<String> {
    match (verdict, objective) {
        (Verdict::Behind { leader, by }, Ok(Some(own))) => Some(format!(
            "its quality × utility {} lies clearly below that of {2}, by at least {1}",
            decimals(own.value()),
            decimals(by),
            title(leader)
        )),
        (_, Err(unscored)) => Some(unscored.to_string()),
        (_, Ok(_)) => None,
    }
}
