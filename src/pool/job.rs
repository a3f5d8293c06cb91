//! What a worker is told for one run of a plan.

use std::{collections::BTreeMap, path::PathBuf};

use sweep_protocol::{
    message::{Inputs, Job, Neighbour, Start},
    terms::RunId,
};

use crate::{
    outcome::Outcome,
    plan::{Plan, PlannedInputs, PlannedOriginal, Role, Run},
    pool::core::Attempt,
    store::Store,
};

/// Whether the result of a run depends on nothing but what its id is made of, and other sweeps can use it.
pub(super) fn is_cacheable(plan: &Plan, run: usize) -> bool {
    let role = plan.point(&plan.runs[run]).role;
    plan.engine.trains && matches!(role, Role::Original | Role::Oracle | Role::HeldOut | Role::Shadow)
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
    build(plan, run, vec![row(plan, Attempt { run, number: attempt }, folder)], weights)
}

/// For each run the number of those that a worker may carry out together with it: seeds of one point whose recipe goes in
/// lockstep, from one original, because a job has one start. None where a run goes alone.
pub(super) fn companies(plan: &Plan) -> Vec<Option<usize>> {
    let mut together: BTreeMap<usize, bool> = BTreeMap::new();
    let originals = plan.originals as usize;
    let company = |run: &Run| {
        let goes = || !plan.engine.trains || plan.point(run).recipe().apart().is_none();
        let start = plan.start_of(run).unwrap_or(0) as usize;
        together.entry(run.point).or_insert_with(goes).then_some(run.point * originals + start)
    };
    plan.runs.iter().map(company).collect()
}

/// One attempt in a job.
pub(super) fn row(plan: &Plan, attempt: Attempt, folder: PathBuf) -> Neighbour {
    let run = &plan.runs[attempt.run];
    Neighbour { run: run.id.clone(), attempt: attempt.number, seed: run.seed, folder }
}

/// The job of attempts at runs of one point; nothing if the original's weights are not recorded.
pub(super) fn build(
    plan: &Plan,
    run: usize,
    rows: Vec<Neighbour>,
    weights: &OriginalWeights<'_>,
) -> Option<Job> {
    let mut rows = rows.into_iter();
    let first = rows.next()?;
    let planned = &plan.runs[run];
    let point = plan.point(planned);
    let inputs = match &plan.inputs {
        Some(inputs) => {
            let (data, data_hash, skipped_images) = inputs.data_of(point.role);
            Some(Inputs {
                data: PathBuf::from(data),
                data_hash: data_hash.clone(),
                skip_bad_images: skipped_images > 0,
                network: inputs.network.clone(),
                start: match plan.start_of(planned) {
                    None => Start::Fresh,
                    Some(number) => checkpoint(inputs, number, weights)?,
                },
            })
        }
        None => None,
    };
    Some(Job {
        run: first.run,
        attempt: first.attempt,
        seed: first.seed,
        method: point.method.as_ref().to_owned(),
        parameters: point.parameters.to_map(),
        folder: first.folder,
        original: plan.start_of(planned).filter(|_| plan.inputs.is_none() && plan.originals > 1),
        inputs,
        recipe: point.recipe().into_owned(),
        keep_weights: plan.keeps_model(planned),
        retain_sample: plan.retain_sample(planned),
        reconstruct: plan.reconstruct(planned),
        accuracies: plan.accuracies,
        beside: rows.collect(),
        rows: None,
    })
}

fn checkpoint(inputs: &PlannedInputs, number: u64, weights: &OriginalWeights<'_>) -> Option<Start> {
    match inputs.originals.get(number as usize)? {
        PlannedOriginal::Checkpoint { path, blake3 } => {
            Some(Start::Checkpoint { path: PathBuf::from(path), blake3: blake3.clone() })
        }
        PlannedOriginal::Trained { run } => weights(run),
    }
}
