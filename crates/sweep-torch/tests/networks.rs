//! Networks against PyTorch's own, in float64: one pass (logits, gradients, running statistics), 20 steps of the training
//! loop, and how they are born.

use std::{collections::BTreeMap, ops::ControlFlow, path::Path};

use safetensors::SafeTensors;
use sweep_inputs::checkpoint::{StateDict, Tensor as Numbers, Values};
use sweep_protocol::{
    network::{self, NETWORKS, Preparation},
    recipe::{BatchNorm, CrossEntropy, Optimizer, Phase, Recipe, Stream, Term, Train},
    terms::{NonNegative, Positive, Seed, Set, UnitInterval},
};
use sweep_torch::{
    draws::Seeded,
    examples::{Examples, HostExamples},
    network::{Network, Weights, build},
    pass_cache::PassCache,
    phase::{Subject, Watch, carry_out},
    python::Interpreters,
};
use tch::{Device, Kind, Tensor};

const CLASSES: u32 = 10;
const IMAGES: i64 = 8;
const PLACE: (Kind, Device) = (Kind::Double, Device::Cpu);

/// One of PyTorch's networks, as `scripts/fixtures/network.py` has recorded it.
struct Recording {
    name: &'static str,
    bytes: Vec<u8>,
}

impl Recording {
    fn all() -> impl Iterator<Item = Self> {
        NETWORKS.iter().map(|architecture| Self::of(architecture.name))
    }

    fn of(name: &'static str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/network");
        let path = folder.join(format!("{name}.safetensors"));
        let bytes = std::fs::read(&path).unwrap_or_else(|error| {
            panic!("{}: {error}; scripts/fixtures/network.py records it", path.display())
        });
        Self { name, bytes }
    }

    fn tensors(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes).expect("a safetensors file")
    }

    fn network(&self) -> Network {
        let (size, keys): (_, &[_]) = match self.name {
            "mlp" => (8, &[("width", 16)]),
            "vit" => (32, &[("patch", 8), ("width", 8), ("depth", 2), ("heads", 2), ("mlp-ratio", 3)]),
            _ => (32, &[("width", 2)]),
        };
        let wanted = network::Network { size, ..network::Network::new(self.name, CLASSES, keys) };
        build(&wanted).expect("registered")
    }

    fn double(&self, key: &str) -> Tensor {
        let tensor = self.tensors().tensor(key).unwrap_or_else(|_| panic!("`{key}` is not recorded")).clone();
        let shape: Vec<i64> = tensor.shape().iter().map(|&axis| axis as i64).collect();
        Tensor::from_data_size(tensor.data(), &shape, Kind::Double)
    }

    /// The state dict that everything starts from.
    fn weights(&self, network: &Network) -> Weights {
        let recorded = self.tensors();
        let entries = recorded.iter().filter_map(|(key, tensor)| {
            let key = key.strip_prefix("state.")?;
            let values = if key.ends_with("num_batches_tracked") {
                let counts = tensor.data().as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes));
                Values::I64(counts.collect())
            } else {
                let numbers = tensor.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
                Values::F32(numbers.collect())
            };
            Some((key.to_owned(), Numbers { shape: tensor.shape().to_vec(), values }))
        });
        let state = StateDict::new(entries.collect()).expect("a state dict");
        Weights::from_state(network, &state, PLACE)
            .unwrap_or_else(|mismatch| panic!("{}: {mismatch}", self.name))
    }

    /// All images are the retain set; the other sets are the first of them.
    fn examples(&self) -> Examples {
        let recorded = self.tensors();
        let images = recorded.tensor("images").expect("recorded");
        let side = images.shape()[2] as i64;
        let labels = recorded.tensor("labels").expect("recorded");
        let labels = labels.data().as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes));
        let mut sets = BTreeMap::from([(Set::Retain, (0..IMAGES).collect())]);
        sets.extend([Set::Forget, Set::Validation].map(|set| (set, vec![0])));
        let host = HostExamples {
            images: images.data().to_vec(),
            shape: [IMAGES, 3, side, side],
            labels: labels.collect(),
            sets,
            class_counts: vec![1; CLASSES as usize],
            truths: Vec::new(),
        };
        let divided = Preparation::new(255.0, [0.0; 3], [1.0; 3]).expect("it divides");
        Examples::new(host, &divided, Device::Cpu)
    }

    fn holds(&self, key: &str, have: &Tensor, tolerance: f64) {
        let want = self.double(key);
        assert_eq!(have.size(), want.size(), "{key} of {}", self.name);
        let scale = want.abs().max().double_value(&[]).max(1.0);
        let difference = (have - want).abs().max().double_value(&[]) / scale;
        assert!(difference <= tolerance, "{key} of {}: relative difference {difference}", self.name);
    }

    /// Running statistics, under the word that they are recorded with.
    fn holds_statistics(&self, word: &str, network: &Network, weights: &Weights, tolerance: f64) {
        for (place, norm) in network.layout().norms.iter().enumerate() {
            let (mean, variance) = weights.statistics_of(place);
            for (have, what) in [(mean, "running_mean"), (variance, "running_var")] {
                self.holds(&format!("{word}.{}.{what}", norm.module), have, tolerance);
            }
        }
    }
}

#[test]
fn every_network_computes_what_pytorch_does() {
    for recording in Recording::all() {
        let network = recording.network();
        let weights = recording.weights(&network);
        let all: Vec<usize> = (0..network.layout().parameters.len()).collect();
        weights.require_gradients(&all);

        let positions: Vec<i64> = (0..IMAGES).collect();
        let (images, labels) = recording.examples().batch(&Tensor::from_slice(&positions), Kind::Double);
        let logits = network.forward(&weights, &images, BatchNorm::Train);
        recording.holds("logits", &logits.detach(), 1e-10);
        // tch's own cross entropy goes through float32.
        let loss = logits.log_softmax(-1, Kind::Double).nll_loss(&labels);
        let gradient = weights.gradient(&loss, &all);
        for parameter in &network.layout().parameters {
            let key = format!("gradient.{}", parameter.key);
            recording.holds(&key, &network.view(parameter, &gradient), 1e-10);
        }
        recording.holds_statistics("after", &network, &weights, 1e-10);
    }
}

struct Deaf;

impl Watch for Deaf {
    fn stepped(&mut self, _: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn losses(&mut self, _: &[f64]) {}
}

fn positive(number: f64) -> Positive {
    Positive::new(number).expect("positive")
}

fn weight_decay() -> NonNegative {
    NonNegative::new(5e-4).expect("not negative")
}

fn sgd(lr: f64) -> Optimizer {
    let momentum = UnitInterval::new(0.9).expect("in [0, 1]");
    Optimizer::Sgd { lr: positive(lr), momentum, weight_decay: weight_decay() }
}

/// A recorded network after so many steps on all images, which are one batch.
fn trained(recording: &Recording, optimizer: Optimizer, steps: u32) -> (Network, Weights) {
    let stream = Stream::of(Set::Retain, (IMAGES as u32).try_into().expect("not 0"));
    let loss = vec![Term::CrossEntropy(CrossEntropy::new(Set::Retain, 1.0))];
    let train = Train::new(stream, positive(f64::from(steps)), loss, optimizer);
    let recipe = Recipe { phases: vec![Phase::Train(train)] };
    let (network, examples) = (recording.network(), recording.examples());
    let mut weights = recording.weights(&network);
    let mut subject = Subject {
        network: &network,
        weights: &mut weights,
        known: &PassCache::NONE,
        interpreters: &Interpreters::default(),
    };
    let done = carry_out(&recipe, &mut subject, &examples, &mut Seeded::new(Seed(1)), &mut Deaf)
        .unwrap_or_else(|halt| panic!("{}: {halt:?}", recording.name));
    assert_eq!(done.steps, u64::from(steps));
    (network, weights)
}

/// The maps of the last blocks are smaller than their kernels, and computed in another way than PyTorch's.
#[test]
fn small_maps_leave_what_pytorch_does_after_a_hundred_steps() {
    let recording = Recording::of("resnet18");
    let adam = Optimizer::Adam { lr: positive(1e-3), weight_decay: weight_decay() };
    for (name, optimizer) in [("sgd", sgd(0.01)), ("adam", adam)] {
        let (network, weights) = trained(&recording, optimizer, 100);
        recording.holds_statistics(name, &network, &weights, 1e-5);
        let positions: Vec<i64> = (0..IMAGES).collect();
        let (images, _) = recording.examples().batch(&Tensor::from_slice(&positions), Kind::Double);
        let logits = network.forward(&weights, &images, BatchNorm::Frozen);
        recording.holds(&format!("{name}.logits"), &logits, 1e-5);
    }
}

#[test]
fn every_network_trains_as_pytorch_does() {
    for recording in Recording::all() {
        let (network, weights) = trained(&recording, sgd(0.05), 20);
        for (place, parameter) in network.layout().parameters.iter().enumerate() {
            // The order of the images differs, and 20 steps magnify its rounding.
            recording.holds(&format!("trained.{}", parameter.key), weights.parameter(place), 1e-8);
        }
        recording.holds_statistics("trained", &network, &weights, 1e-8);
    }
}

#[test]
fn every_network_is_born_as_pytorchs_is() {
    const BIRTHS: u64 = 200;
    for recording in Recording::all() {
        let network = recording.network();
        let born = (0..BIRTHS).map(|seed| Weights::born(&network, &mut Seeded::new(Seed(seed)), PLACE));
        let born: Vec<Weights> = born.collect::<Result<_, _>>().expect("seeded");
        for (place, parameter) in network.layout().parameters.iter().enumerate() {
            let all: Vec<&Tensor> = born.iter().map(|weights| weights.parameter(place)).collect();
            let all = Tensor::stack(&all, 0);
            let recorded = recording.double(&format!("birth.{}", parameter.key));
            let [square, largest] = [0, 1].map(|at| recorded.double_value(&[at]));
            let of = |tensor: Tensor| tensor.double_value(&[]);
            let (have_square, have_largest) = (of(all.square().mean(Kind::Double)), of(all.abs().max()));
            // Of so many draws of a normal number, the mean square is known to √(2/n); both sides are drawn.
            let slack = 6.0 * 2.0 / (all.numel() as f64).sqrt();
            let key = format!("{} of {}", parameter.key, recording.name);
            assert!((have_square - square).abs() <= slack * square, "{key}: {have_square}, not {square}");
            // Uniform draws reach their bound; the largest of normal ones differs more.
            assert!((have_largest - largest).abs() <= 0.3 * largest, "{key}: {have_largest}, not {largest}");
        }
    }
}
