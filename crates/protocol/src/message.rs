//! What goes over the pipes between the orchestrator and one worker process: JSON Lines, one message a line.
//!
//! The orchestrator writes [`ToWorker`] to the worker's standard input, the worker writes [`FromWorker`] to its
//! standard output; its standard error goes to the log of the run it works on. A worker says
//! [`Hello`](FromWorker::Hello) first, then performs one job after another; it exits when its input ends.
//! Bulk data never crosses the pipe: the worker writes files into the folder of the run and names them in its
//! [`Measurement`].

use std::{collections::BTreeMap, num::NonZeroU32, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    measurement::{Measurement, NamedFile},
    network::Network,
    recipe::Recipe,
    reconstruction::Reconstruct,
    terms::{ContentHash, Device, RunId, Seed, Value},
};

/// Longest line that either side accepts, in bytes; a longer one counts as a broken worker.
pub const MAX_LINE: usize = 1 << 20;

/// From the orchestrator to a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToWorker {
    /// Perform one run, or several together.
    Perform(Box<Job>),
}

/// Everything that a worker needs for one run, and for those beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The run.
    pub run: RunId,
    /// Which attempt at it this is, counted from 1.
    pub attempt: u32,
    /// Everything random in the run derives from this.
    pub seed: Seed,
    /// The method's name, for logs and for engines that don't train.
    pub method: String,
    /// The method's checked hyper-parameters, for logs and for engines that don't train.
    pub parameters: BTreeMap<String, Value>,
    /// An existing folder of this run alone, for the files that the measurement names. Like every path in a job it is
    /// absolute.
    pub folder: PathBuf,
    /// What to load. Engines that don't train get none.
    pub inputs: Option<Inputs>,
    /// For engines that don't train, where a sweep has several originals: the number, from 0, of the one that the run starts
    /// from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<u64>,
    /// What to do to the network.
    pub recipe: Recipe,
    /// Whether to keep the weights as `model.safetensors`.
    pub keep_weights: bool,
    /// Whether to measure single examples, and with how many of the retain set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retain_sample: Option<u64>,
    /// Whether to reconstruct images from the weights, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconstruct: Option<Reconstruct>,
    /// Whether to measure accuracies between epochs too, for the training curves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accuracies: bool,
    /// Further runs to be carried out with this one: all else is the same for them. Only a worker that says that it has room
    /// for them gets any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<Neighbour>,
    /// Compute in no more rows than these, whatever the worker has room for: with more of them it ran out of memory before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<NonZeroU32>,
}

/// A run beside the one of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbour {
    /// The run.
    pub run: RunId,
    /// Which attempt at it this is, counted from 1.
    pub attempt: u32,
    /// Everything random in the run derives from this.
    pub seed: Seed,
    /// An existing folder of this run alone.
    pub folder: PathBuf,
}

impl Job {
    /// A job for each of its runs, this one's first.
    pub fn apart(mut self) -> Vec<Self> {
        let beside = std::mem::take(&mut self.beside);
        let job =
            |Neighbour { run, attempt, seed, folder }| Self { run, attempt, seed, folder, ..self.clone() };
        let others: Vec<Self> = beside.into_iter().map(job).collect();
        std::iter::once(self).chain(others).collect()
    }
}

/// What a run starts from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Folder of the data set.
    pub data: PathBuf,
    /// Hash of the data set's manifest; the worker refuses to run on other bytes.
    pub data_hash: ContentHash,
    /// Whether rows whose images can't be used are left out; the hash is that of what remains.
    #[serde(default)]
    pub skip_bad_images: bool,
    /// The network.
    pub network: Network,
    /// Its weights before the recipe.
    pub start: Start,
}

/// Where the weights come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// The network's own initialisation, drawn from the run's seed.
    Fresh,
    /// A checkpoint: a PyTorch state dict (`.pth`) or `.safetensors`.
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Hash of its bytes; the worker refuses other bytes.
        blake3: ContentHash,
    },
}

/// From a worker to the orchestrator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromWorker {
    /// The first message.
    Hello(Hello),
    /// The run moves: sent at least every few seconds while it trains.
    Progress {
        /// The run.
        run: RunId,
        /// Optimiser steps taken.
        step: u64,
        /// Optimiser steps in all.
        steps: u64,
    },
    /// The run is done and measured.
    Finished {
        /// The run.
        run: RunId,
        /// What was measured.
        measurement: Box<Measurement<NamedFile>>,
    },
    /// The loss or the weights stopped being finite: a result, not an error.
    Diverged {
        /// The run.
        run: RunId,
        /// The step after which it was noticed.
        step: u64,
    },
    /// The run could not be done.
    Failed {
        /// The run.
        run: RunId,
        /// What kind of failure.
        failure: Failure,
        /// What happened, which file or row, and the way out.
        message: String,
    },
}

impl FromWorker {
    /// The word that the message begins with on the wire.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Hello(_) => "hello",
            Self::Progress { .. } => "progress",
            Self::Finished { .. } => "finished",
            Self::Diverged { .. } => "diverged",
            Self::Failed { .. } => "failed",
        }
    }
}

/// Kinds of failure that ask for different reactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// Data, checkpoint or recipe can't be used: no other run on them can succeed.
    Refused,
    /// The device has too little memory.
    OutOfMemory,
    /// The device is missing or broken.
    Device,
    /// Anything else that went wrong inside the worker.
    Error,
}

/// Who a worker is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// Must equal the orchestrator's [`FORMAT`](crate::FORMAT).
    pub format: u32,
    /// Its name, of at most 64 of the characters `A-Z a-z 0-9 . _ -`: `torch`, `toy`, …
    pub engine: String,
    /// Version of the engine and of what it stands on, e.g. `sweep-torch 0.1.0, arithmetic 2, float32,
    /// torch 2.11.0`; part of the id of every run.
    pub version: String,
    /// Whether it trains networks on data. An engine that doesn't gets no [`Inputs`], and its numbers are shown as
    /// simulated.
    pub trains: bool,
    /// The methods that it can carry out; all of them where it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
    /// How many runs it carries out at once.
    #[serde(default = "alone", skip_serializing_if = "is_alone")]
    pub capacity: NonZeroU32,
    /// Where it computes.
    pub device: Device,
    /// The device in words, e.g. `NVIDIA H100 80GB HBM3`.
    pub device_name: String,
}

/// Each run by itself.
fn alone() -> NonZeroU32 {
    NonZeroU32::MIN
}

fn is_alone<N: Copy + Into<u32>>(capacity: &N) -> bool {
    (*capacity).into() == 1
}

impl Hello {
    /// What is wrong with how a worker introduces itself, if anything is.
    pub fn fault(&self) -> Option<&'static str> {
        let is_plain = |text: &str| text.len() <= 256 && !text.chars().any(char::is_control);
        if !is_engine_name(&self.engine) {
            Some("`engine` is no name: 1 to 64 of the characters A-Z a-z 0-9 . _ -")
        } else if self.version.is_empty() || !is_plain(&self.version) {
            Some("`version` must have 1 to 256 bytes and no control characters")
        } else if !is_plain(&self.device_name) {
            Some("`device_name` must have at most 256 bytes and no control characters")
        } else {
            None
        }
    }
}

/// Whether an engine may have this name.
pub fn is_engine_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}
