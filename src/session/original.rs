//! Whether the checkpoint that is to be unlearned knows what it should, before anything is trained.

use std::fmt;

use super::{Means, Session, SessionError};
use crate::{
    outcome::Outcome,
    plan::{Plan, PlannedInputs, PlannedOriginal, Run},
    pool::{Ending, How},
    store::Store,
};

/// How much of the way from guessing to knowing everything an original must have gone on the retain set.
const LEAST: f64 = 0.1;

/// The original knows hardly more than chance would.
#[derive(Debug)]
pub struct WeakOriginal {
    path: String,
    retain: f64,
    inputs: PlannedInputs,
}

impl std::error::Error for WeakOriginal {}

impl fmt::Display for WeakOriginal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, retain, inputs } = self;
        let (classes, preparation) = (inputs.network.classes, &inputs.network.preparation);
        write!(
            formatter,
            "the checkpoint `{path}` classifies {:.1} % of the retain set correctly, and guessing among {classes} classes \
             reaches {:.1} %: there is nothing to unlearn. Most likely it was trained on other inputs than it sees here \
             ({preparation}): say `divide = 255`, and `mean` and `std` if it was trained on normalised images, in \
             [training] network; or its classes have another order than the labels, or its weights aren't the trained \
             ones. Nothing was trained; --accept-weak-original goes on all the same",
            100.0 * retain,
            100.0 / f64::from(classes),
        )
    }
}

impl Session<'_> {
    /// Measures the checkpoint of a plan that has one; says how it ended where that was not with its measurement.
    pub(super) fn look_at_original(
        &self,
        plan: &Plan,
        store: &mut Store,
        means: &Means,
    ) -> Result<Option<Ending>, SessionError> {
        let Some((run, inputs)) = of_checkpoint(plan).filter(|_| !self.accept_weak_original) else {
            return Ok(None);
        };
        let known = store.outcome(&run.id).is_some_and(|outcome| plan.is_settled(run, outcome));
        if !known {
            let alone = Plan { runs: vec![run.clone()], ..plan.clone() };
            let (mut ending, drained) = self.perform(&alone, store, means)?;
            if let Some(by) = drained.filter(|_| ending.how == How::Complete) {
                ending.how = How::Drained { by };
            }
            if ending.how != How::Complete {
                ending.pending = plan.runs.len() - ending.finished - ending.diverged - ending.failed;
                return Ok(Some(ending));
            }
        }
        let retain = store.outcome(&run.id).and_then(Outcome::measurement).map(|it| it.accuracy.retain.get());
        match retain {
            Some(retain) if is_weak(retain, inputs.network.classes) => {
                Err(SessionError::WeakOriginal(Box::new(weak(retain, inputs))))
            }
            _ => Ok(None),
        }
    }
}

/// The run that measures the checkpoint as it is, where the original is one.
fn of_checkpoint(plan: &Plan) -> Option<(&Run, &PlannedInputs)> {
    let inputs = plan.inputs.as_ref()?;
    let PlannedOriginal::Checkpoint { .. } = inputs.original else { return None };
    let run = plan.runs.iter().find(|run| plan.point(run).is_floor())?;
    Some((run, inputs))
}

fn is_weak(retain: f64, classes: u32) -> bool {
    let chance = f64::from(classes).recip();
    retain < chance + LEAST * (1.0 - chance)
}

fn weak(retain: f64, inputs: &PlannedInputs) -> WeakOriginal {
    let path = match &inputs.original {
        PlannedOriginal::Checkpoint { path, .. } => path.clone(),
        PlannedOriginal::Trained { run } => run.to_string(),
    };
    WeakOriginal { path, retain, inputs: inputs.clone() }
}

#[cfg(test)]
mod tests {
    use super::is_weak;

    #[test]
    fn guessing_and_a_little_more_is_weak() {
        for (retain, classes, weak) in
            [(0.10, 10, true), (0.17, 10, true), (0.2, 10, false), (0.5, 2, true), (0.56, 2, false)]
        {
            assert_eq!(is_weak(retain, classes), weak, "{retain} of {classes} classes");
        }
    }
}
