//! This engine as a worker process.

mod images;
mod perform;
mod unfinished;

use std::{
    io::{BufRead, Write},
    num::NonZeroU32,
    path::PathBuf,
};

use sweep_protocol::{
    FORMAT,
    message::{Hello, Job},
    serve::{self, Answer, Engine, GaveUp, Progress},
    terms::{self, Products},
};
use tch::Device;

use crate::{
    device,
    inputs::{Passes, Shelf},
    own::Acquaintance,
    python::Interpreters,
};

pub use sweep_protocol::serve::ServeError;

/// Where a worker computes.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// As the orchestrator calls it.
    pub name: terms::Device,
    /// As libtorch calls it.
    pub device: Device,
    /// In what numbers it multiplies.
    pub products: Products,
    /// How many runs are carried out at once.
    pub rows: NonZeroU32,
}

/// Says hello, then performs the jobs that come until there are no more. What passes over the data find is kept in the
/// folder `passes`, where there is one.
pub fn serve(
    place: Place,
    passes: Option<PathBuf>,
    jobs: impl BufRead,
    messages: impl Write,
) -> Result<(), ServeError> {
    let passes = passes
        .map(|folder| Passes { folder, device: device::name(place.name) + place.products.in_version() });
    let shelf = Shelf::new(place.device, passes);
    let interpreters = Interpreters::default();
    let acquaintance = Acquaintance::default();
    serve::serve(&mut Torch { place, shelf, interpreters, acquaintance }, jobs, messages)
}

/// The engine, with what it keeps from one run to the next.
struct Torch {
    place: Place,
    shelf: Shelf,
    interpreters: Interpreters,
    acquaintance: Acquaintance,
}

impl Engine for Torch {
    fn hello(&self) -> Hello {
        Hello {
            format: FORMAT,
            engine: "torch".to_owned(),
            // The bits of a GPU are not the processor's, and those of several rows not those of one.
            version: crate::version()
                + if matches!(self.place.name, terms::Device::Cuda(_)) { ", cuda" } else { "" }
                + self.place.products.in_version()
                + &match self.place.rows.get() {
                    1 => String::new(),
                    rows => format!(", {rows} rows"),
                },
            trains: true,
            methods: None,
            capacity: self.place.rows,
            device: self.place.name,
            device_name: device::name(self.place.name),
        }
    }

    fn perform(&mut self, job: &Job, progress: &mut Progress<'_>) -> Result<Answer, GaveUp> {
        let mut end = None;
        let (jobs, progress) = (std::slice::from_ref(job), std::slice::from_mut(progress));
        self.perform_together(jobs, progress, &mut |_, answer| end = Some(answer))?;
        Ok(end.expect("each run is answered"))
    }

    fn perform_together(
        &mut self,
        jobs: &[Job],
        progress: &mut [Progress<'_>],
        answer: &mut dyn FnMut(usize, Answer),
    ) -> Result<(), GaveUp> {
        let Self { place, shelf, interpreters, acquaintance } = self;
        let device = place.device;
        let width = jobs[0].rows.map_or(place.rows, |rows| rows.min(place.rows)).get() as usize;
        perform::Bench { device, width, shelf, interpreters, acquaintance }.perform(jobs, progress, answer);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
