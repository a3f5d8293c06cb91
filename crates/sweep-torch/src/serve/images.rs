//! Images that a job has looked for in the weights of a run, and the files that they are left in.

use sweep_inputs::{
    artifact::{self, NotWritten},
    npy::{array_bytes, matrix_bytes},
};
use sweep_protocol::{
    measurement::MeasuredReconstruction,
    message::Job,
    reconstruction::{Reconstruct, Trace},
};

use crate::{
    draws::Seeded,
    examples::Examples,
    network::Weights,
    reconstruct::{NoReconstruction, Reconstructed, reconstruct},
};

/// What was found.
pub(super) struct Looked {
    asked: Reconstruct,
    found: Reconstructed,
}

/// Looks for images in the weights, where the job asks for it. `alive` is called now and then.
pub(super) fn look(
    job: &Job,
    weights: &Weights,
    examples: &Examples,
    alive: &mut dyn FnMut(),
) -> Result<Option<Looked>, NoReconstruction> {
    let (Some(asked), Some(inputs)) = (job.reconstruct, &job.inputs) else { return Ok(None) };
    let topology = inputs.network.topology()?;
    let found = reconstruct((&topology, weights), examples, &asked, &mut Seeded::new(job.seed), alive)?;
    Ok(Some(Looked { asked, found }))
}

impl Looked {
    /// Writes it into the folder of the run.
    pub(super) fn write(&self, job: &Job) -> Result<MeasuredReconstruction, NotWritten> {
        let Self { asked, found } = self;
        let sets = [&found.forget, &found.retain, &found.unseen];
        let rows: Vec<_> = sets.into_iter().flatten().map(Trace::row).collect();
        let array = artifact::write(&job.folder, "reconstruction.npy", &matrix_bytes(&rows))?;
        let write = |pictures: &Vec<Vec<f64>>| {
            let shape = [pictures.len(), pictures.first().map_or(0, Vec::len)].map(|axis| axis as u64);
            artifact::write(&job.folder, "pictures.npy", &array_bytes(&shape, &pictures.concat()))
        };
        let pictures = found.pictures.as_ref().map(write).transpose()?;
        let [forget, retain, unseen] = sets.map(|set| set.len() as u64);
        Ok(MeasuredReconstruction { array, pictures, asked: *asked, forget, retain, unseen })
    }
}
