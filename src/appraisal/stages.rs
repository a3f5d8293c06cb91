//! How far a staged sweep is: replays its decisions from what is recorded.
//!
//! Nothing about stages is written down but their sizes: the same results always give the same decisions, so that a killed
//! sweep goes on where it was and a report shows what happened. Intervals behind decisions always rest on the same number
//! of replicates, whatever a report shows.

use std::{collections::BTreeSet, path::Path};

use super::{Appraised, Appraiser, row};
use crate::{
    cluster::Frozen,
    frame::{Entrant, PointScore, StageRow, Unscored, decimals, printable},
    plan::{Plan, Role},
    stage::{Verdict, judge},
    store::{Recorded, StoreError},
};

/// Bootstrap replicates behind the intervals that decide.
const REPLICATES: u32 = 200;

/// Reads a results folder with the runs that were asked for by now. The plan in a folder that several schedulers share
/// names all runs that its stages could come to, because none of the schedulers may replace it while others read it.
pub fn read_asked(dir: &Path) -> Result<Recorded, StoreError> {
    let mut recorded = Recorded::read(dir)?;
    if !recorded.plan.stages.is_empty() && Frozen::is_in(dir) {
        recorded.plan = Staging::of(&recorded).asked(&recorded.plan);
        let asked: BTreeSet<_> = recorded.plan.runs.iter().map(|run| &run.id).collect();
        recorded.outcomes.retain(|run, _| asked.contains(run));
    }
    Ok(recorded)
}

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
        let appraiser = Appraiser { recorded, replicates: REPLICATES };
        let mut staging = Self { stages: Vec::new(), limits: vec![0; plan.points.len()] };
        let mut alive: Vec<usize> =
            (0..plan.points.len()).filter(|&position| plan.points[position].is_judged()).collect();
        for &n in &plan.stages {
            staging.enter(plan, &alive, n);
            let stage = appraiser.stage(&alive, n);
            let decided = stage.decided;
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

    /// The points that are left get `n` runs each, and everything that they are compared with as many.
    fn enter(&mut self, plan: &Plan, alive: &[usize], n: u64) {
        for (position, limit) in self.limits.iter_mut().enumerate() {
            if !plan.points[position].is_judged() || alive.contains(&position) {
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
    fn stage(&self, alive: &[usize], n: u64) -> StageRow {
        let plan = &self.recorded.plan;
        let last = plan.stages.last() == Some(&n);
        let complete = self.is_complete(alive, n);
        let appraised: Vec<Result<Appraised, Unscored>> = match (complete, plan.point_with(Role::Oracle)) {
            // The last stage drops nobody; its scores stand in the leaderboard.
            (true, Some(oracle)) if !last => {
                alive.iter().map(|&point| self.appraise_at(point, oracle, n as usize)).collect()
            }
            _ => Vec::new(),
        };
        let values: Vec<Option<f64>> =
            appraised.iter().map(|scored| scored.as_ref().ok().map(|it| it.score.value)).collect();
        let drawn = |nth: usize| appraised[nth].as_ref().ok()?.resampled.as_ref();
        let verdicts = judge(&values, |leader, other| drawn(leader)?.minus(drawn(other)?));
        let scores: Vec<PointScore> =
            appraised.into_iter().map(|scored| scored.map(|scored| row(scored, None))).collect();
        let estimate = |score: &PointScore| score.as_ref().ok().map(|row| row.score);
        let entrants = alive.iter().enumerate().map(|(nth, &point)| Entrant {
            point,
            score: scores.get(nth).and_then(estimate),
            left: verdicts.get(nth).and_then(|&verdict| {
                let leader = |leader: usize| plan.points[alive[leader]].title();
                reason(verdict, &scores[nth], leader).map(|reason| printable(&reason))
            }),
        });
        StageRow { n, decided: complete && !last, entrants: entrants.collect() }
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
fn reason(verdict: Verdict, score: &PointScore, title: impl Fn(usize) -> String) -> Option<String> {
    match (verdict, score) {
        (Verdict::Leads | Verdict::Open, _) => None,
        (Verdict::Behind { leader, by }, Ok(row)) => Some(format!(
            "its score {} lies clearly below that of {2}, by at least {1}",
            row.score,
            decimals(by),
            title(leader)
        )),
        (_, Err(unscored)) => Some(unscored.to_string()),
        (Verdict::Unscored, Ok(_)) => Some("it has no score".to_owned()),
    }
}
