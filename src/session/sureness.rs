//! How sure the original of finished results is of each training image.

use std::{collections::BTreeMap, path::Path};

use sweep_inputs::{
    dataset::Manifest,
    npy::{self, NpyError},
};
use sweep_protocol::{
    behaviour::{Behaviour, COLUMNS},
    message::{Inputs, Job, Start},
    recipe::Recipe,
    terms::Set,
};

use super::{RepeatError, Session, repeated::weights};
use crate::{
    measuring::{Workplace, folder_in, scratch, side_by_side},
    plan::{FLOOR, Role},
    pool,
    store::Recorded,
};

impl Session<'_> {
    /// The hash of the original's weights, and its logit-scaled confidence in the label of each image of the training set by
    /// `image_id`. `data` must hold the data set that the results are of; nothing is written into either.
    pub fn sureness(
        &self,
        recorded: &Recorded,
        data: &Path,
    ) -> Result<(String, BTreeMap<String, f64>), RepeatError> {
        let workers = self.workers_for(recorded, false)?;
        let (job, classes) = job(recorded, data)?;
        let original = match job.inputs.as_ref().map(|inputs| &inputs.start) {
            Some(Start::Checkpoint { blake3, .. }) => blake3.to_string(),
            _ => return Err(RepeatError::NoOriginal),
        };
        let scratch = scratch()?;
        let one = |_, desk: &mut Workplace<'_>| measured(&job, desk, scratch.path());
        let mut found = Vec::new();
        side_by_side(&workers[..1], 1, &one, &mut |confidences| {
            found = confidences;
            Ok(())
        })?;
        let manifest =
            Manifest::read(data, classes).map_err(|refused| RepeatError::Data(Box::new(refused)))?;
        let ids = [Set::Forget, Set::Retain].into_iter().flat_map(|set| manifest.examples(set));
        Ok((original, ids.map(|example| example.image.as_str().to_owned()).zip(found).collect()))
    }
}

/// The original as it is, measured on every training image.
fn job(recorded: &Recorded, data: &Path) -> Result<(Job, usize), RepeatError> {
    let plan = &recorded.plan;
    let (Some(inputs), Some(run)) =
        (&plan.inputs, plan.runs.iter().position(|run| plan.point(run).role == Role::Unlearn))
    else {
        return Err(RepeatError::NoOriginal);
    };
    let original = |run: &_| weights(recorded, run);
    let job = pool::job(plan, run, (1, data.to_owned()), &original).ok_or(RepeatError::NoOriginal)?;
    let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    let job = Job {
        method: FLOOR.to_owned(),
        parameters: BTreeMap::new(),
        recipe: Recipe::default(),
        retain_sample: Some(inputs.sizes.retain),
        reconstruct: None,
        inputs: job.inputs.map(|inputs| Inputs { data, ..inputs }),
        ..job
    };
    Ok((job, inputs.network.classes as usize))
}

/// Confidences of the forget set and then of the retain set.
fn measured(job: &Job, desk: &mut Workplace<'_>, scratch: &Path) -> Result<Vec<f64>, RepeatError> {
    let folder = folder_in(scratch)?;
    let job = Job { folder: folder.path().to_owned(), ..job.clone() };
    let run = job.run.clone();
    let measured = desk.perform(job).map_err(|source| RepeatError::Worker { run: run.clone(), source })?;
    let unread = |source: NpyError| RepeatError::Scratch(source.into());
    let examples = measured.examples.ok_or(RepeatError::Differs { run, what: "no single examples" })?;
    let array = npy::read(&folder.path().join(&examples.array.file)).map_err(unread)?;
    let (rows, _) = array.values.as_chunks::<COLUMNS>();
    let training = (examples.forget + examples.retain) as usize;
    Ok(rows.iter().take(training).filter_map(|row| Some(Behaviour::from_row(*row)?.confidence)).collect())
}
