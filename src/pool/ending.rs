use super::{core::End, observer::Interruption};
use sweep_protocol::terms::RunId;

use crate::{
    outcome::{Outcome, Status},
    plan::Plan,
    store::Store,
};

/// How a sweep stands when the pool is done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Runs of the plan that are measured.
    pub finished: usize,
    /// Runs that diverged.
    pub diverged: usize,
    /// Runs that failed, or took too long.
    pub failed: usize,
    /// Runs without a final outcome.
    pub pending: usize,
    /// Why the pool ended.
    pub how: How,
}

/// Why a pool ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// Every run has an outcome.
    Complete,
    /// It was asked to end early.
    Drained {
        /// By whom.
        by: Interruption,
    },
    /// An original could not be trained, so nothing can be unlearned from it.
    OriginalFailed {
        /// Its run.
        run: RunId,
        /// How it ended.
        status: Status,
        /// What happened.
        message: String,
    },
    /// A worker refused the data, the original or a recipe: no other run could succeed.
    Refused {
        /// What is wrong and the way out.
        message: String,
    },
    /// No slot is left.
    NoWorkers {
        /// Why each slot is out of use.
        reasons: Vec<(usize, String)>,
    },
}

impl Ending {
    pub(super) fn of(plan: &Plan, store: &Store, end: End, broken: Vec<(usize, String)>) -> Self {
        let count = |wanted: &[Status]| {
            let statuses =
                plan.runs.iter().map(|run| store.outcome(&run.id).map_or(Status::Pending, Outcome::status));
            statuses.filter(|status| wanted.contains(status)).count()
        };
        let how = match end {
            End::Complete => How::Complete,
            End::Drained { by } => How::Drained { by },
            End::Refused { message } => How::Refused { message },
            End::NoWorkers => How::NoWorkers { reasons: broken },
            End::OriginalFailed { run, status } => {
                let run = plan.runs[run].id.clone();
                How::OriginalFailed { message: why(store.outcome(&run)), run, status }
            }
        };
        Self {
            finished: count(&[Status::Finished]),
            diverged: count(&[Status::Diverged]),
            failed: count(&[Status::Failed, Status::TimedOut]),
            pending: count(&[Status::Pending, Status::Cancelled]),
            how,
        }
    }
}

fn why(outcome: Option<&Outcome>) -> String {
    match outcome {
        Some(Outcome::Failed { message, .. }) => message.clone(),
        Some(Outcome::Diverged { step }) => format!("its loss stopped being finite at step {step}"),
        Some(Outcome::TimedOut { after_s }) => format!("it was stopped after {after_s:.0} s"),
        Some(Outcome::Finished(_) | Outcome::Cancelled) | None => String::new(),
    }
}
