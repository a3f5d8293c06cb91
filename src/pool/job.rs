//! What a worker is told for one run of a plan.

use std::path::PathBuf;

use sweep_methods::StartsFrom;
use sweep_protocol::{
    message::{Inputs, Job, Start},
    terms::RunId,
};

use crate::{
    outcome::Outcome,
    plan::{Plan, PlannedInputs, PlannedOriginal, Role},
    store::Store,
};

/// Position of the run that trains the original, if the plan has one.
pub(super) fn original(plan: &Plan) -> Option<usize> {
    plan.runs.iter().position(|run| plan.point(run).role == Role::Original)
}

/// Whether the result of a run depends on nothing but what its id is made of, and other sweeps can use it.
pub(super) fn is_cacheable(plan: &Plan, run: usize) -> bool {
    let role = plan.point(&plan.runs[run]).role;
    plan.engine.trains && matches!(role, Role::Original | Role::Oracle | Role::HeldOut)
}

/// The weights that a trained original has left, where they are recorded.
pub type OriginalWeights<'a> = dyn Fn(&RunId) -> Option<Start> + 'a;

/// Those that a store has.
pub(super) fn recorded(store: &Store) -> impl Fn(&RunId) -> Option<Start> {
    |run| {
        let weights = store.outcome(run).and_then(Outcome::measurement)?.weights.as_ref()?;
        Some(Start::Checkpoint { path: store.weights(run), blake3: weights.blake3.clone() })
    }
}

/// The job of one attempt at a run of the plan; nothing if the original's weights are not recorded.
pub fn job(
    plan: &Plan,
    run: usize,
    (attempt, folder): (u32, PathBuf),
    weights: &OriginalWeights<'_>,
) -> Option<Job> {
    let planned = &plan.runs[run];
    let point = plan.point(planned);
    let inputs = match &plan.inputs {
        Some(inputs) => Some(Inputs {
            data: PathBuf::from(&inputs.data),
            data_hash: inputs.data_hash.clone(),
            skip_bad_images: inputs.skipped_images > 0,
            network: inputs.network.clone(),
            start: if starts_fresh(plan, run) { Start::Fresh } else { checkpoint(inputs, weights)? },
        }),
        None => None,
    };
    Some(Job {
        run: planned.id.clone(),
        attempt,
        seed: planned.seed,
        method: point.method.as_ref().to_owned(),
        parameters: point.parameters.to_map(),
        folder,
        inputs,
        recipe: point.recipe().into_owned(),
        keep_weights: plan.keeps_model(planned),
        retain_sample: plan.retain_sample(planned),
    })
}

fn starts_fresh(plan: &Plan, run: usize) -> bool {
    let method = sweep_methods::find(&plan.point(&plan.runs[run]).method);
    method.is_some_and(|method| method.starts_from == StartsFrom::Fresh)
}

fn checkpoint(inputs: &PlannedInputs, weights: &OriginalWeights<'_>) -> Option<Start> {
    match &inputs.original {
        PlannedOriginal::Checkpoint { path, blake3 } => {
            Some(Start::Checkpoint { path: PathBuf::from(path), blake3: blake3.clone() })
        }
        PlannedOriginal::Trained { run } => weights(run),
    }
}
