//! This engine as a worker process.

mod perform;

use std::{
    io::{BufRead, Write},
    path::PathBuf,
};

use sweep_protocol::{
    FORMAT,
    message::{Hello, Job},
    serve::{self, Answer, Engine, GaveUp, Progress},
    terms,
};
use tch::Device;

use crate::{
    device,
    inputs::{Passes, Shelf},
    phase::Interpreters,
};

pub use sweep_protocol::serve::ServeError;

/// Where a worker computes.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// As the orchestrator calls it.
    pub name: terms::Device,
    /// As libtorch calls it.
    pub device: Device,
}

/// Says hello, then performs the jobs that come until there are no more. What passes over the data find is kept in the
/// folder `passes`, where there is one.
pub fn serve(
    place: Place,
    passes: Option<PathBuf>,
    jobs: impl BufRead,
    messages: impl Write,
) -> Result<(), ServeError> {
    let passes = passes.map(|folder| Passes { folder, device: device::name(place.name) });
    let shelf = Shelf::new(place.device, passes);
    let interpreters = Interpreters::default();
    serve::serve(&mut Torch { place, shelf, interpreters }, jobs, messages)
}

/// The engine, with what it keeps from one run to the next.
struct Torch {
    place: Place,
    shelf: Shelf,
    interpreters: Interpreters,
}

impl Engine for Torch {
    fn hello(&self) -> Hello {
        Hello {
            format: FORMAT,
            engine: "torch".to_owned(),
            // The bits of a GPU are not the processor's.
            version: crate::version()
                + if matches!(self.place.name, terms::Device::Cuda(_)) { ", cuda" } else { "" },
            trains: true,
            methods: None,
            device: self.place.name,
            device_name: device::name(self.place.name),
        }
    }

    fn perform(&mut self, job: &Job, progress: &mut Progress<'_>) -> Result<Answer, GaveUp> {
        Ok(perform::perform(job, self.place.device, (&mut self.shelf, &self.interpreters), progress))
    }
}

#[cfg(test)]
mod tests;
