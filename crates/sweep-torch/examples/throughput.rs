//! Images per second of training and of measuring, one thread: `cargo run -p sweep-torch --example throughput`.
//! With `WIDTH SECONDS` behind it, of training with SGD alone for at least that long, as `scripts/bench-train` asks.
#![expect(clippy::print_stdout, reason = "the numbers are what the example is for")]

use std::{collections::BTreeMap, ops::ControlFlow, time::Instant};

use sweep_protocol::{
    network::{self as message, Preparation},
    recipe::{CrossEntropy, Optimizer, Phase, Recipe, Stream, Term, Train},
    terms::{NonNegative, Positive, Seed, Set, UnitInterval},
};
use sweep_torch::{
    draws::Seeded,
    examples::{Examples, HostExamples},
    measure::logits,
    network::{Network, Weights, build},
    pass_cache::PassCache,
    phase::{Interpreters, Subject, Watch, carry_out},
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
    tch::set_num_threads(1);
    let words: Vec<u32> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    if let [width, seconds] = words[..] {
        let mut bench = Bench::new(width);
        bench.train(optimizers()[0].1);
        println!("{:.1}", bench.train_for(f64::from(seconds)));
        return;
    }
    println!("width  optimiser  train images/s  measure images/s");
    for width in [16, 64] {
        for (name, optimizer) in optimizers() {
            let mut bench = Bench::new(width);
            // The first round warms up.
            let [_, (train, measure)] = [(); 2].map(|()| (bench.train(optimizer), bench.measure()));
            println!("{width:5}  {name:9}  {train:14.0}  {measure:16.0}");
        }
    }
}

/// A network and what it is trained on.
struct Bench {
    network: Network,
    weights: Weights,
    examples: Examples,
    draws: Seeded,
}

impl Bench {
    fn new(width: u32) -> Self {
        let network =
            build(&message::Network::new("resnet18", 10, &[("width", width)])).expect("a registered network");
        let mut draws = Seeded::new(Seed(1));
        let weights = Weights::born(&network, &mut draws, (Kind::Float, Device::Cpu))
            .expect("a seeded source never lacks anything");
        Self {
            network,
            weights,
            examples: Examples::new(noise(), &Preparation::default(), Device::Cpu),
            draws,
        }
    }

    /// Images per second of one pass.
    fn train(&mut self, optimizer: Optimizer) -> f64 {
        let start = Instant::now();
        let mut subject = Subject {
            network: &self.network,
            weights: &mut self.weights,
            known: &PassCache::NONE,
            interpreters: &Interpreters::default(),
        };
        carry_out(&recipe(optimizer), &mut subject, &self.examples, &mut self.draws, &mut Silent)
            .expect("noise can be fitted");
        IMAGES as f64 / start.elapsed().as_secs_f64()
    }

    /// Images per second of passes with SGD until the time is over.
    fn train_for(&mut self, seconds: f64) -> f64 {
        let (start, mut passes) = (Instant::now(), 0);
        while start.elapsed().as_secs_f64() < seconds {
            self.train(optimizers()[0].1);
            passes += 1;
        }
        f64::from(passes) * IMAGES as f64 / start.elapsed().as_secs_f64()
    }

    fn measure(&self) -> f64 {
        let positions: Vec<i64> = (0..IMAGES as i64).collect();
        let start = Instant::now();
        let _ = logits(&self.network, &self.weights, &self.examples, &positions).sum(Kind::Float);
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
