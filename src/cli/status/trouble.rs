//! What went wrong: the distinct messages of runs without a result, each with one run to look at.

use std::{cmp::Reverse, collections::BTreeMap};

use serde_json::{Value, json};

use crate::{
    frame::printable,
    outcome::{Outcome, Status},
    plan::Run,
    store::Recorded,
};

/// Messages that are shown.
const MOST: usize = 10;
/// Letters of an id that are enough to name a run.
const SHORT: usize = 8;

/// Runs that ended alike.
struct Complaint<'r> {
    status: Status,
    message: String,
    runs: usize,
    /// The first of them.
    example: &'r Run,
}

/// Every complaint, the most frequent first.
pub(super) struct Trouble<'r>(Vec<Complaint<'r>>);

impl<'r> Trouble<'r> {
    pub(super) fn of(recorded: &'r Recorded) -> Self {
        let mut complaints: BTreeMap<(Status, String), Complaint<'r>> = BTreeMap::new();
        for run in &recorded.plan.runs {
            let Some(record) = recorded.outcomes.get(&run.id) else { continue };
            let Some(message) = message(&record.outcome) else { continue };
            let status = record.outcome.status();
            let new = || Complaint { status, message: message.clone(), runs: 0, example: run };
            complaints.entry((status, message.clone())).or_insert_with(new).runs += 1;
        }
        let mut complaints: Vec<_> = complaints.into_values().collect();
        complaints.sort_by_key(|complaint| Reverse(complaint.runs));
        Self(complaints)
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.0.iter().take(MOST).map(Complaint::line).collect();
        if self.0.len() > MOST {
            lines.push(format!("… and {} more messages; `--format json` lists all", self.0.len() - MOST));
        }
        lines
    }

    pub(super) fn json(&self) -> Value {
        let complaint = |complaint: &Complaint<'_>| {
            json!({
                "status": complaint.status.word(),
                "message": complaint.message,
                "runs": complaint.runs,
                "run": complaint.example.id.to_string(),
            })
        };
        self.0.iter().map(complaint).collect()
    }
}

impl Complaint<'_> {
    fn line(&self) -> String {
        let id = self.example.id.to_string();
        let first = self.message.lines().next().unwrap_or_default();
        format!("{} {}, as {}: {}", self.runs, self.status, &id[..SHORT.min(id.len())], printable(first))
    }
}

/// Why there is no result; what differs from run to run by chance is left out, so that equal causes count as one.
fn message(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed { message, .. } => Some(message.clone()),
        Outcome::Diverged { .. } => Some("its numbers stopped being finite".to_owned()),
        Outcome::TimedOut { .. } => Some("it ran longer than `[pool] run-timeout`".to_owned()),
        Outcome::Finished(_) | Outcome::Cancelled => None,
    }
}
