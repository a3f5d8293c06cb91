//! Runs in lockstep against the same runs one by one, for every method of the catalogue, in float64.

use std::{collections::BTreeMap, ops::ControlFlow};

use sweep_methods::{Engines, Facts, METHODS, Method, StartsFrom, TrainingRecipe};
use sweep_protocol::{
    curves::Reading,
    network::{self, Preparation},
    recipe::{CrossEntropy, Optimizer, Phase, Recipe, Stop, Stream, Term, Train},
    terms::{NonNegative, Positive, Seed, Set, UnitInterval},
};
use sweep_torch::{
    draws::{Draws, Purpose, Seeded},
    examples::{Examples, HostExamples},
    network::{Network, Weights, build},
    pass_cache::PassCache,
    phase::{Done, Halt, Participant, Surroundings, Watch, carry_out_together},
    python::Interpreters,
};
use tch::{Device, Kind};

const CLASSES: u32 = 4;
const PLACE: (Kind, Device) = (Kind::Double, Device::Cpu);
const SEEDS: [u64; 3] = [11, 12, 13];
/// As far as the recordings of methods may differ in float64.
const TOLERANCE: f64 = 1e-6;

/// 24 images to retain, 8 each to forget, for validation and for the test; of noise.
fn examples() -> Examples {
    let count = 48_i64;
    let pixels =
        Seeded::new(Seed(1)).uniform(&Purpose::Birth { key: "pixels" }, count as usize * 3 * 1024, 128.0);
    let host = HostExamples {
        images: pixels.expect("seeded").iter().map(|pixel| (pixel + 128.0) as u8).collect(),
        shape: [count, 3, 32, 32],
        labels: (0..count).map(|position| position % i64::from(CLASSES)).collect(),
        sets: BTreeMap::from([
            (Set::Retain, (0..24).collect()),
            (Set::Forget, (24..32).collect()),
            (Set::Validation, (32..40).collect()),
            (Set::Test, (40..48).collect()),
        ]),
        class_counts: vec![8; CLASSES as usize],
        truths: Vec::new(),
    };
    let divided = Preparation::new(255.0, [0.0; 3], [1.0; 3]).expect("it divides");
    Examples::new(host, &divided, Device::Cpu)
}

fn resnet() -> Network {
    build(&network::Network::new("resnet18", CLASSES, &[("width", 2)])).expect("registered")
}

/// A network without batch normalisation, whose only convolution cuts the image into patches.
fn transformer() -> Network {
    let keys = [("patch", 8), ("width", 8), ("depth", 2), ("heads", 2), ("mlp-ratio", 2)];
    build(&network::Network::new("vit", CLASSES, &keys)).expect("registered")
}

#[derive(Default)]
struct Diary {
    losses: Vec<f64>,
    readings: Vec<Reading>,
}

impl Watch for Diary {
    fn stepped(&mut self, _: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn losses(&mut self, losses: &[f64]) {
        self.losses.extend(losses);
    }

    fn wants_accuracies(&self) -> bool {
        true
    }

    fn read(&mut self, readings: &[Reading]) {
        self.readings.extend(readings);
    }
}

/// What is left of a run.
struct Left {
    end: Result<Done, Halt>,
    losses: Vec<f64>,
    readings: Vec<Reading>,
    weights: Vec<f64>,
    statistics: Vec<f64>,
}

impl Left {
    fn numbers(&self) -> [(&'static str, &[f64]); 3] {
        [("losses", &self.losses), ("weights", &self.weights), ("statistics", &self.statistics)]
    }

    fn bits(&self) -> Vec<u64> {
        self.numbers().iter().flat_map(|(_, numbers)| *numbers).map(|number| number.to_bits()).collect()
    }
}

struct Bench {
    network: Network,
    examples: Examples,
}

impl Bench {
    fn new() -> Self {
        Self::of_network(resnet())
    }

    fn of_network(network: Network) -> Self {
        tch::set_num_threads(1);
        Self { network, examples: examples() }
    }

    fn start(&self, from: StartsFrom, seed: u64) -> Weights {
        let born = |seed| Weights::born(&self.network, &mut Seeded::new(Seed(seed)), PLACE).expect("seeded");
        if from == StartsFrom::Fresh {
            return born(seed);
        }
        let mut original = born(3);
        // A transformer's head is born at 0, and no original has logits without a gradient.
        for (place, parameter) in self.network.layout().parameters.iter().enumerate() {
            if original.parameter(place).count_nonzero(0).sum(Kind::Int64).int64_value(&[]) == 0 {
                let (purpose, count) = (Purpose::Birth { key: "learnt" }, parameter.count() as usize);
                let learnt = Seeded::new(Seed(3)).normal(&purpose, count, 0.1);
                original.set_parameter(place, &learnt.expect("seeded"));
            }
        }
        original
    }

    /// Runs with these seeds and starts, in lockstep where the recipe allows it.
    fn carry_out(&self, recipe: &Recipe, runs: Vec<(u64, Weights)>, width: usize) -> Vec<Left> {
        let mut weights: Vec<Weights> = Vec::new();
        let mut draws: Vec<Seeded> = Vec::new();
        for (seed, start) in runs {
            weights.push(start);
            draws.push(Seeded::new(Seed(seed)));
        }
        let mut diaries: Vec<Diary> = draws.iter().map(|_| Diary::default()).collect();
        let runs = weights.iter_mut().zip(&mut draws).zip(&mut diaries);
        let runs = runs.map(|((weights, draws), watch)| Participant { weights, draws, watch }).collect();
        let ground = Surroundings {
            network: &self.network,
            examples: &self.examples,
            known: &PassCache::NONE,
            interpreters: &Interpreters::default(),
        };
        let ends = carry_out_together(recipe, ground, runs, width);
        let left = ends.into_iter().zip(weights.iter().zip(diaries));
        left.map(|(end, (weights, Diary { losses, readings }))| Left {
            end,
            losses,
            readings,
            weights: doubles(&weights.segment(0, self.network.layout().parameter_count())),
            statistics: (0..self.network.layout().norms.len())
                .flat_map(|norm| {
                    let (mean, variance) = weights.statistics_of(norm);
                    [doubles(mean), doubles(variance)].concat()
                })
                .collect(),
        })
        .collect()
    }

    fn of(&self, recipe: &Recipe, from: StartsFrom, seeds: &[u64], width: usize) -> Vec<Left> {
        self.carry_out(recipe, seeds.iter().map(|&seed| (seed, self.start(from, seed))).collect(), width)
    }
}

fn doubles(tensor: &tch::Tensor) -> Vec<f64> {
    Vec::try_from(tensor.contiguous().view([-1])).expect("float64")
}

#[track_caller]
fn agree(what: &str, have: &Left, want: &Left) {
    assert_eq!(have.end, want.end, "{what}");
    for ((name, have), (_, want)) in have.numbers().into_iter().zip(want.numbers()) {
        assert_eq!(have.len(), want.len(), "{name} of {what}");
        let scale = want.iter().fold(1.0_f64, |largest, number| largest.max(number.abs()));
        let furthest =
            have.iter().zip(want).map(|(have, want)| (have - want).abs()).fold(0.0, f64::max) / scale;
        assert!(furthest <= TOLERANCE, "{name} of {what}: relative difference {furthest}");
    }
    assert_eq!(have.readings.len(), want.readings.len(), "readings of {what}");
    for (have, want) in have.readings.iter().zip(&want.readings) {
        let close = (have.loss - want.loss).abs() <= TOLERANCE * want.loss.abs().max(1.0);
        assert!(close && Reading { loss: want.loss, ..*have } == *want, "{what}: {have:?}, not {want:?}");
    }
}

fn positive(number: f64) -> Positive {
    Positive::new(number).expect("positive")
}

fn training() -> TrainingRecipe {
    let optimizer = Optimizer::Sgd {
        lr: positive(0.05),
        momentum: UnitInterval::new(0.9).expect("in [0, 1]"),
        weight_decay: NonNegative::new(5e-4).expect("not negative"),
    };
    TrainingRecipe {
        epochs: positive(2.0),
        batch_size: 8.try_into().expect("not 0"),
        optimizer,
        ..TrainingRecipe::default()
    }
}

/// A method at its defaults, with loops that are short.
fn short(method: &Method) -> Recipe {
    let mut recipe = (method.recipe)(&method.defaults(), &Facts::of(training()));
    shorten(&mut recipe.phases);
    recipe
}

fn shorten(phases: &mut [Phase]) {
    for phase in phases {
        match phase {
            Phase::Train(plan) => plan.epochs = positive(plan.epochs.get().min(2.0)),
            Phase::Alternate(plan) => plan.epochs = plan.epochs.min(2.try_into().expect("not 0")),
            Phase::Either(plan) => {
                shorten(&mut plan.first);
                shorten(&mut plan.otherwise);
            }
            _ => {}
        }
    }
}

#[test]
fn every_method_leaves_in_lockstep_what_it_leaves_alone() {
    leave_in_lockstep_what_they_leave_alone(&Bench::new());
}

#[test]
fn every_method_works_on_a_transformer_alone_and_in_lockstep() {
    leave_in_lockstep_what_they_leave_alone(&Bench::of_network(transformer()));
}

fn leave_in_lockstep_what_they_leave_alone(bench: &Bench) {
    let mut in_lockstep = 0;
    for method in METHODS.iter().filter(|method| method.engines == Engines::All) {
        let recipe = short(method);
        let from = method.starts_from;
        let together = bench.of(&recipe, from, &SEEDS, SEEDS.len());
        for (&seed, together) in SEEDS.iter().zip(&together) {
            let alone = bench.of(&recipe, from, &[seed], 1).remove(0);
            assert!(alone.end.is_ok(), "{}: {:?}", method.name, alone.end);
            agree(&format!("{} with seed {seed}", method.name), together, &alone);
        }
        // Whoever the neighbours are, and whether there are any.
        for neighbours in [vec![SEEDS[1]], vec![SEEDS[1], 99]] {
            let other = bench.of(&recipe, from, &neighbours, SEEDS.len()).remove(0);
            assert!(other.bits() == together[1].bits(), "{}: other neighbours, other bits", method.name);
        }
        in_lockstep += usize::from(recipe.apart().is_none());
    }
    assert!(in_lockstep > METHODS.len() / 2, "{in_lockstep} of {}", METHODS.len());
}

fn repair(epochs: f64) -> Train {
    let optimizer = Optimizer::Sgd {
        lr: positive(0.02),
        momentum: UnitInterval::new(0.9).expect("in [0, 1]"),
        weight_decay: NonNegative::new(5e-4).expect("not negative"),
    };
    let loss = vec![Term::CrossEntropy(CrossEntropy::new(Set::Retain, 1.0))];
    Train::new(Stream::of(Set::Retain, 8.try_into().expect("not 0")), positive(epochs), loss, optimizer)
}

#[test]
fn a_run_that_diverges_leaves_the_others_as_they_are() {
    let bench = Bench::new();
    let recipe = Recipe { phases: vec![Phase::Train(repair(4.0)), Phase::Train(repair(1.0))] };
    let sound = bench.of(&recipe, StartsFrom::Original, &SEEDS, 3);
    let mut broken = bench.start(StartsFrom::Original, 0);
    broken.set_parameter(0, &vec![f64::INFINITY; resnet().layout().parameters[0].count() as usize]);
    let start = |seed| (seed, bench.start(StartsFrom::Original, seed));
    let beside = bench.carry_out(&recipe, vec![start(SEEDS[0]), (SEEDS[1], broken), start(SEEDS[2])], 3);
    assert_eq!(beside[1].end, Err(Halt::Diverged { step: 1 }));
    for row in [0, 2] {
        assert!(beside[row].bits() == sound[row].bits(), "row {row}");
        assert_eq!(beside[row].end, sound[row].end);
    }
}

#[test]
fn a_run_that_has_enough_rests_and_the_others_go_on() {
    let bench = Bench::new();
    let stop = |accuracy: f64| {
        let mut plan = repair(12.0);
        let accuracy = UnitInterval::new(accuracy).expect("in [0, 1]");
        plan.after_epochs.stop = Some(Stop { on: Set::Forget, accuracy });
        Recipe { phases: vec![Phase::Train(plan), Phase::Train(repair(1.0))] }
    };
    // Runs stop at different epochs.
    let recipe = stop(0.3);
    let together = bench.of(&recipe, StartsFrom::Fresh, &SEEDS, 3);
    let steps: Vec<u64> = together.iter().map(|left| left.end.clone().expect("it ends").steps).collect();
    assert!(steps.iter().any(|&each| each != steps[0]), "{steps:?}");
    for (&seed, together) in SEEDS.iter().zip(&together) {
        let alone = bench.of(&recipe, StartsFrom::Fresh, &[seed], 1).remove(0);
        agree(&format!("seed {seed}"), together, &alone);
        let padded = bench.of(&recipe, StartsFrom::Fresh, &[seed], 3).remove(0);
        assert!(padded.bits() == together.bits(), "seed {seed}");
    }
}
