//! Images per second of training and of measuring, one thread: `cargo run -p sweep-torch --example throughput`.
//! With `WIDTH SECONDS` behind it, of training with SGD alone for at least that long, as `scripts/bench-train` asks; with
//! `WIDTH SECONDS ROWS DEVICE` of so many networks in lockstep on a device.
#![expect(clippy::print_stdout, reason = "the numbers are what the example is for")]

use std::{collections::BTreeMap, ops::ControlFlow, time::Instant};

use sweep_protocol::{
    network::{self as message, Preparation},
    recipe::{CrossEntropy, Optimizer, Phase, Recipe, Stream, Term, Train},
    terms::{self, NonNegative, Positive, Seed, Set, UnitInterval},
};
use sweep_torch::{
    device,
    draws::Seeded,
    examples::{Examples, HostExamples},
    measure::logits,
    network::{Network, Weights, build},
    pass_cache::PassCache,
    phase::{Participant, Surroundings, Watch, carry_out_together},
    python::Interpreters,
    system,
};
use tch::{Device, Kind};

const IMAGES: usize = 1024;

struct Silent;

impl Watch for Silent {
    fn stepped(&mut self, _step: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

fn main() {
    system::keep_memory();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let place = words.get(3).map_or(Ok(terms::Device::Cpu), |device| device.parse());
    let place = device::open(place.expect("a device"), terms::Products::Float32).expect("it can be used");
    let number = |place: usize| words.get(place).and_then(|word| word.parse::<u32>().ok());
    if let (Some(width), Some(seconds)) = (number(0), number(1)) {
        let mut bench = Bench::new(width, number(2).unwrap_or(1), place);
        bench.train(optimizers()[0].1);
        println!("{:.1}", bench.train_for(f64::from(seconds)));
        return;
    }
    println!("width  optimiser  train images/s  measure images/s");
    for width in [16, 64] {
        for (name, optimizer) in optimizers() {
            let mut bench = Bench::new(width, 1, place);
            // The first round warms up.
            let [_, (train, measure)] = [(); 2].map(|()| (bench.train(optimizer), bench.measure()));
            println!("{width:5}  {name:9}  {train:14.0}  {measure:16.0}");
        }
    }
}

/// Networks and what they are trained on.
struct Bench {
    network: Network,
    weights: Vec<Weights>,
    examples: Examples,
    draws: Vec<Seeded>,
}

impl Bench {
    fn new(width: u32, rows: u32, place: Device) -> Self {
        let network =
            build(&message::Network::new("resnet18", 10, &[("width", width)])).expect("a registered network");
        let mut draws: Vec<Seeded> = (0..rows).map(|seed| Seeded::new(Seed(u64::from(seed)))).collect();
        let born = |draws| Weights::born(&network, draws, (Kind::Float, place));
        let weights =
            draws.iter_mut().map(|draws| born(draws).expect("a seeded source never lacks anything"));
        let weights = weights.collect();
        let examples = Examples::new(noise(), &Preparation::default(), place);
        Self { network, weights, examples, draws }
    }

    /// Images per second of one pass.
    fn train(&mut self, optimizer: Optimizer) -> f64 {
        let start = Instant::now();
        let ground = Surroundings {
            network: &self.network,
            examples: &self.examples,
            known: &PassCache::NONE,
            interpreters: &Interpreters::default(),
        };
        let mut watches: Vec<Silent> = self.draws.iter().map(|_| Silent).collect();
        let runs = self.weights.iter_mut().zip(&mut self.draws).zip(&mut watches);
        let runs = runs.map(|((weights, draws), watch)| Participant { weights, draws, watch }).collect();
        for done in carry_out_together(&recipe(optimizer), ground, runs, 1) {
            done.expect("noise can be fitted");
        }
        self.images() / start.elapsed().as_secs_f64()
    }

    /// Images per second of passes with SGD until the time is over.
    fn train_for(&mut self, seconds: f64) -> f64 {
        let (start, mut passes) = (Instant::now(), 0);
        while start.elapsed().as_secs_f64() < seconds {
            self.train(optimizers()[0].1);
            passes += 1;
        }
        f64::from(passes) * self.images() / start.elapsed().as_secs_f64()
    }

    /// Images of a pass of all networks.
    fn images(&self) -> f64 {
        (IMAGES * self.weights.len()) as f64
    }

    fn measure(&self) -> f64 {
        let positions: Vec<i64> = (0..IMAGES as i64).collect();
        let start = Instant::now();
        let _ = logits(&self.network, &self.weights[0], &self.examples, &positions).sum(Kind::Float);
        IMAGES as f64 / start.elapsed().as_secs_f64()
    }
}

fn optimizers() -> [(&'static str, Optimizer); 2] {
    let lr = Positive::new(1e-4).expect("positive");
    let weight_decay = NonNegative::new(5e-4).expect("not negative");
    let momentum = UnitInterval::new(0.9).expect("in [0, 1]");
    [("sgd", Optimizer::Sgd { lr, momentum, weight_decay }), ("adam", Optimizer::Adam { lr, weight_decay })]
}

fn recipe(optimizer: Optimizer) -> Recipe {
    let batch_size = 64.try_into().expect("not 0");
    Recipe {
        phases: vec![Phase::Train(Train::new(
            Stream::of(Set::Retain, batch_size),
            Positive::new(1.0).expect("positive"),
            vec![Term::CrossEntropy(CrossEntropy::new(Set::Retain, 1.0))],
            optimizer,
        ))],
    }
}

fn noise() -> HostExamples {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let images = (0..IMAGES * 3 * 32 * 32).map(|_| next()).collect();
    let labels = (0..IMAGES as i64).map(|position| position % 10).collect();
    let everything = (0..IMAGES as i64).collect();
    HostExamples {
        images,
        shape: [IMAGES as i64, 3, 32, 32],
        labels,
        sets: BTreeMap::from([(Set::Retain, everything)]),
        class_counts: vec![IMAGES as u64 / 10; 10],
        truths: Vec::new(),
    }
}
