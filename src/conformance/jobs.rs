//! The jobs that engines are tried with: on drawn faces for one that trains, on nothing for one that doesn't.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use sweep_inputs::{
    dataset::{BadImages, Dataset, Shape},
    synth::{self, FEWEST_IMAGES, FEWEST_PERSONS, Options},
};
use sweep_methods::{Arguments, Facts, TrainingRecipe, find};
use sweep_protocol::{
    message::{Inputs, Job, Start},
    network::Network,
    recipe::{Optimizer, Recipe},
    terms::{ContentHash, NonNegative, Positive, Seed, Value},
};

use super::KitError;

/// Bytes of a text that makes a job nearly as long as a line may be.
const LARGE: usize = 1_000_000;
/// Steps of a learning rate that no network survives.
const ABSURD: f64 = 1e30;

/// What a job is to provoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// A measurement.
    Measure,
    /// Some progress.
    Move,
    /// Work that goes on until somebody ends it.
    Last,
    /// Numbers that are not finite.
    Diverge,
    /// A failure: what the job names is not there.
    Fail,
    /// A measurement, asked for in a very long line.
    Flood,
}

/// Makes jobs, each with a folder of its own.
pub(super) struct Jobs {
    scratch: PathBuf,
    inputs: Option<Inputs>,
    count: Cell<u32>,
}

impl Jobs {
    pub(super) fn new(scratch: &Path, trains: bool) -> Result<Self, KitError> {
        let inputs = if trains { Some(faces(&scratch.join("faces"))?) } else { None };
        Ok(Self { scratch: scratch.to_owned(), inputs, count: Cell::new(0) })
    }

    pub(super) fn job(&self, aim: Aim, seed: u64) -> io::Result<Job> {
        let number = self.count.get() + 1;
        self.count.set(number);
        // The short name of a run is its beginning.
        let run = format!("{number:08x}{number:024x}");
        let folder = self.scratch.join(&run);
        let mut job = Job {
            run: run.parse().expect("32 hexadecimal digits"),
            attempt: 1,
            seed: Seed(seed),
            method: "retrain".to_owned(),
            parameters: BTreeMap::new(),
            folder: folder.clone(),
            inputs: self.inputs.clone(),
            recipe: Recipe::default(),
            keep_weights: false,
            retain_sample: None,
            accuracies: false,
            reconstruct: None,
            original: None,
            beside: Vec::new(),
            rows: None,
        };
        if aim != Aim::Fail || self.inputs.is_some() {
            fs::create_dir(&folder)?;
        }
        if aim == Aim::Flood {
            job.parameters.insert("note".to_owned(), Value::Text("x".repeat(LARGE)));
        }
        let tell = if self.inputs.is_some() { trained } else { simulated };
        tell(&mut job, aim);
        Ok(job)
    }
}

/// An engine that doesn't train is told by the method `simulated` what to pretend.
fn simulated(job: &mut Job, aim: Aim) {
    let (name, value) = match aim {
        Aim::Measure | Aim::Flood | Aim::Fail => return,
        Aim::Move => ("work-ms", Value::Float(100.0)),
        Aim::Last => ("work-ms", Value::Float(1e9)),
        Aim::Diverge => ("fault", Value::Text("diverge".to_owned())),
    };
    "simulated".clone_into(&mut job.method);
    job.parameters.insert(name.to_owned(), value);
}

fn trained(job: &mut Job, aim: Aim) {
    let (epochs, lr) = match aim {
        Aim::Last => (1e6, 1e-3),
        Aim::Diverge => (5.0, ABSURD),
        Aim::Measure | Aim::Move | Aim::Fail | Aim::Flood => (1.0, 1e-3),
    };
    if let (Aim::Fail, Some(inputs)) = (aim, &mut job.inputs) {
        inputs.data_hash = ContentHash::from([0; 32]);
    }
    let optimizer = Optimizer::Adam {
        lr: Positive::new(lr).expect("a constant above 0"),
        weight_decay: NonNegative::new(0.0).expect("a constant of at least 0"),
    };
    let epochs = Positive::new(epochs).expect("a constant above 0");
    let facts = Facts::of(TrainingRecipe { epochs, optimizer, ..TrainingRecipe::default() });
    let retrain = find("retrain").expect("a registered method");
    job.recipe = (retrain.recipe)(&Arguments::checked(BTreeMap::new()), &facts);
}

/// As few faces as can be drawn, and a network that is small.
fn faces(folder: &Path) -> Result<Inputs, KitError> {
    let network = Network::new("resnet18", 10, &[("width", 4)]);
    let options = Options { images: FEWEST_IMAGES, persons: FEWEST_PERSONS, ..Options::canaries(1) };
    synth::draw(folder, &options, &|_, _| ())?;
    let dataset = Dataset::load(folder, Shape::of(&network), BadImages::Refuse, &|_, _| ())?;
    Ok(Inputs {
        data: folder.to_owned(),
        data_hash: dataset.hash().clone(),
        skip_bad_images: false,
        network,
        start: Start::Fresh,
    })
}
