//! What a function did, from the results of its rehearsal.

use std::path::PathBuf;

use serde::Serialize;
use sweep_protocol::{
    behaviour::{Behaviour, COLUMNS},
    measurement::{Accuracies, Measurement},
};

use super::{
    RehearsalError, tried,
    weights::{Moved, moved},
};
use crate::{
    audit::simple_mia,
    outcome::Outcome,
    plan::{PlannedOriginal, Role, Run},
    store::Recorded,
};

/// Seed of the splits behind the attack: the same for all models.
const SPLIT_SEED: u64 = 0;

/// What is seen of one model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelView {
    /// Share of examples classified correctly, per set.
    pub accuracy: Accuracies,
    /// Mean probability of the true label over the forget set.
    pub confidence: f64,
    /// Accuracy of the starting kit's attack, which tells losses of the forget set from those of the test set: 0.5 is
    /// guessing. None where there are too few examples.
    pub attack: Option<f64>,
}

/// The models of a rehearsal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Views {
    /// The original.
    pub before: ModelView,
    /// What the function left; none where it came to nothing.
    pub after: Option<ModelView>,
    /// A model that never saw the forget set; none where it was left out.
    pub retrained: Option<ModelView>,
}

/// What a function did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// How its run ended.
    pub outcome: Outcome,
    /// The models.
    pub models: Views,
    /// How far the weights moved.
    pub weights: Option<Moved>,
    /// What its process said.
    #[serde(skip)]
    pub log: PathBuf,
}

impl Effect {
    /// Reads the results of a rehearsal that came to its end.
    pub fn read(recorded: &Recorded) -> Result<Self, RehearsalError> {
        let plan = &recorded.plan;
        let point = tried(plan)?;
        let run_of = |wanted: &dyn Fn(&Run) -> bool| plan.runs.iter().find(|run| wanted(run));
        let none = || RehearsalError::NotOnePoint { points: 0 };
        let run = run_of(&|run| plan.point(run) == point).ok_or_else(none)?;
        let floor = run_of(&|run| plan.point(run).is_floor()).ok_or_else(none)?;
        let retrained = run_of(&|run| plan.point(run).role == Role::Oracle);
        let outcome =
            recorded.outcomes.get(&run.id).map_or(Outcome::Cancelled, |record| record.outcome.clone());
        let after = outcome.measurement().map(|measured| view(recorded, run, measured)).transpose()?;
        let retrained = retrained.map(|run| reference(recorded, run, "the retrained model")).transpose()?;
        let before = reference(recorded, floor, "the original")?;
        let weights = outcome.measurement().and_then(|measured| measured.weights.as_ref());
        let weights = weights.and_then(|_| Some((recorded.weights(&run.id), original(recorded)?)));
        let layout = plan.inputs.as_ref().and_then(|inputs| inputs.network.layout().ok());
        let weights = match (weights, layout) {
            (Some((to, from)), Some(layout)) => Some(moved(&layout, &from, &to)?),
            _ => None,
        };
        let log = recorded.run_folder(&run.id).join("worker.log");
        Ok(Self { models: Views { before, after, retrained }, weights, outcome, log })
    }

    /// How much of the way from the original's confidence in the forgotten images to the retrained model's it went; none where
    /// these two are hardly apart.
    pub fn way(&self) -> Option<f64> {
        const APART: f64 = 0.05;
        let (before, after) = (self.models.before.confidence, self.models.after.as_ref()?.confidence);
        let retrained = self.models.retrained.as_ref()?.confidence;
        ((before - retrained).abs() >= APART).then(|| (before - after) / (before - retrained))
    }
}

fn reference(recorded: &Recorded, run: &Run, what: &'static str) -> Result<ModelView, RehearsalError> {
    match recorded.outcomes.get(&run.id).map(|record| &record.outcome) {
        Some(Outcome::Finished(measured)) => view(recorded, run, measured),
        Some(Outcome::Failed { message, .. }) => {
            Err(RehearsalError::NotMeasured { what, message: message.clone() })
        }
        _ => Err(RehearsalError::NotMeasured { what, message: "its run has not finished".to_owned() }),
    }
}

fn view(recorded: &Recorded, run: &Run, measured: &Measurement) -> Result<ModelView, RehearsalError> {
    let logits = recorded.confidences_of(run, measured)?.values;
    let probability = |logit: &f64| (1.0 + (-logit).exp()).recip();
    let confidence = logits.iter().map(probability).sum::<f64>() / logits.len().max(1) as f64;
    let attack = match &measured.examples {
        Some(examples) => {
            let array = recorded.examples_of(run, examples)?.values;
            let losses = |rows: &[[f64; COLUMNS]]| -> Vec<f64> {
                rows.iter().filter_map(|&row| Behaviour::from_row(row)).map(|row| row.loss).collect()
            };
            let (rows, _) = array.as_chunks::<COLUMNS>();
            let (forget, others) = rows.split_at((examples.forget as usize).min(rows.len()));
            let test = &others[(examples.retain as usize).min(others.len())..];
            simple_mia(&losses(forget), &losses(test), SPLIT_SEED).ok()
        }
        None => None,
    };
    Ok(ModelView { accuracy: measured.accuracy, confidence, attack })
}

/// The weights that the function was given.
fn original(recorded: &Recorded) -> Option<PathBuf> {
    match recorded.plan.inputs.as_ref()?.originals.first()? {
        PlannedOriginal::Checkpoint { path, .. } => Some(path.into()),
        PlannedOriginal::Trained { run } => Some(recorded.weights(run)),
    }
}
