mod arithmetic;
mod choices;
mod curves;
mod leaks;
mod loops;
mod one_shot;
mod streams;
mod terms;

use std::{cell::RefCell, collections::BTreeMap, num::NonZeroU32, ops::ControlFlow};

use sweep_inputs::dataset::Persons;
use sweep_protocol::{
    check::Flaw,
    curves::Reading,
    network::{self, Preparation},
    recipe::{
        BatchNorm, CrossEntropy, Elements, Init, Labels, Noise, NoiseUnit, Optimizer, Pairing, Phase, Recipe,
        Reinit, Replacement, Stream, Tensors, Term, Train, Transpose, Turn,
    },
    terms::{NonNegative, Positive, Seed, Set, UnitInterval},
};
use tch::{Device, Kind, Tensor};

use super::{Halt, Subject, Unusable, Watch, carry_out};
use crate::{
    draws::{Draws, PartOf, Pass, Purpose, Seeded, Unrecorded},
    examples::{Examples, HostExamples},
    network::{Network, Weights, build},
    pass_cache::PassCache,
    python::Interpreters,
};

const CLASSES: u32 = 3;

/// 20 images to retain, 6 to forget, 4 for validation, 1 to test; of noise. One set may be left out.
fn examples(without: Option<Set>) -> Examples {
    let count = 31;
    let pixels = Seeded::new(Seed(1)).uniform(&Purpose::Birth { key: "pixels" }, count * 3 * 1024, 128.0);
    let set = |range: std::ops::Range<i64>| range.collect::<Vec<_>>();
    let mut host = HostExamples {
        images: pixels.expect("seeded").iter().map(|pixel| (pixel + 128.0) as u8).collect(),
        shape: [count as i64, 3, 32, 32],
        labels: (0..count as i64).map(|position| position % i64::from(CLASSES)).collect(),
        sets: BTreeMap::from([
            (Set::Retain, set(0..20)),
            (Set::Forget, set(20..26)),
            (Set::Validation, set(26..30)),
            (Set::Test, set(30..31)),
        ]),
        class_counts: vec![9, 9, 8],
        truths: Vec::new(),
    };
    host.sets.retain(|set, _| Some(*set) != without);
    Examples::new(host, &Preparation::default(), Device::Cpu).showing(persons())
}

/// Whom the 26 training images show: two images of each.
fn persons() -> Persons {
    let names: Vec<String> = (0..26).map(|image| format!("p{}", image / 2)).collect();
    Persons::named(names.iter().map(String::as_str))
}

pub(super) struct Bench {
    network: Network,
    weights: Weights,
    examples: Examples,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::of(Kind::Float)
    }

    fn of(kind: Kind) -> Self {
        Self::on(examples(None), kind)
    }

    fn without(set: Set) -> Self {
        Self::on(examples(Some(set)), Kind::Float)
    }

    fn on(examples: Examples, kind: Kind) -> Self {
        let wanted = network::Network::new("resnet18", CLASSES, &[("width", 2)]);
        let network = build(&wanted).expect("registered");
        let place = (kind, Device::Cpu);
        let weights = Weights::born(&network, &mut Seeded::new(Seed(3)), place).expect("seeded");
        Self { network, weights, examples }
    }

    pub(super) fn carry_out(
        &mut self,
        phases: Vec<Phase>,
        draws: &mut dyn Draws,
        watch: &mut dyn Watch,
    ) -> Result<u64, Halt> {
        let mut subject = Subject {
            network: &self.network,
            weights: &mut self.weights,
            known: &PassCache::NONE,
            interpreters: &Interpreters::default(),
        };
        carry_out(&Recipe { phases }, &mut subject, &self.examples, draws, watch).map(|done| done.steps)
    }

    fn run(&mut self, phases: Vec<Phase>) -> Result<u64, Halt> {
        self.carry_out(phases, &mut Seeded::new(Seed(9)), &mut Diary::default())
    }

    /// The losses of every step.
    fn losses(&mut self, plan: Train) -> Vec<f64> {
        let mut diary = Diary::default();
        self.carry_out(vec![Phase::Train(plan)], &mut Seeded::new(Seed(9)), &mut diary).expect("it trains");
        diary.losses
    }

    /// Keys whose values differ bit for bit.
    fn changed(&self, before: &sweep_inputs::checkpoint::StateDict) -> Vec<String> {
        let after = self.weights.state();
        let changed = before.iter().zip(after.iter()).filter(|(before, after)| before.1 != after.1);
        changed.map(|((key, _), _)| key.to_owned()).collect()
    }
}

/// Keeps what it hears; breaks after a number of steps.
#[derive(Default)]
pub(super) struct Diary {
    steps: Vec<u64>,
    losses: Vec<f64>,
    readings: Vec<Reading>,
    accuracies: bool,
    break_after: Option<u64>,
}

impl Watch for Diary {
    fn stepped(&mut self, step: u64) -> ControlFlow<()> {
        self.steps.push(step);
        if self.break_after == Some(step) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn losses(&mut self, losses: &[f64]) {
        self.losses.extend(losses);
    }

    fn wants_accuracies(&self) -> bool {
        self.accuracies
    }

    fn read(&mut self, readings: &[Reading]) {
        self.readings.extend(readings);
    }
}

/// Keeps which passes were asked for.
struct Asked(Seeded, RefCell<Vec<(usize, usize, u64)>>);

impl Draws for Asked {
    fn normal(&mut self, purpose: &Purpose<'_>, count: usize, std: f64) -> Result<Vec<f64>, Unrecorded> {
        self.0.normal(purpose, count, std)
    }

    fn uniform(&mut self, purpose: &Purpose<'_>, count: usize, bound: f64) -> Result<Vec<f64>, Unrecorded> {
        self.0.uniform(purpose, count, bound)
    }

    fn order(&mut self, pass: &Pass, examples: &[i64]) -> Result<Vec<i64>, Unrecorded> {
        self.1.borrow_mut().push((pass.phase, pass.stream, pass.number));
        self.0.order(pass, examples)
    }

    fn settled_order(&mut self, pass: &Pass, examples: &[i64]) -> Result<Vec<i64>, Unrecorded> {
        self.0.settled_order(pass, examples)
    }

    fn sample(&mut self, part: &PartOf, examples: &[i64], count: usize) -> Result<Vec<i64>, Unrecorded> {
        self.0.sample(part, examples, count)
    }

    fn labels(
        &mut self,
        part: &PartOf,
        pass: &Pass,
        examples: &[i64],
        classes: i64,
    ) -> Result<Vec<i64>, Unrecorded> {
        self.0.labels(part, pass, examples, classes)
    }

    fn choose(
        &mut self,
        draw: &str,
        among: &[&str],
        count: usize,
        replacement: Replacement,
    ) -> Result<Vec<usize>, Unrecorded> {
        self.0.choose(draw, among, count, replacement)
    }

    fn left_out(&mut self, persons: &Persons, folds: NonZeroU32) -> Result<Vec<bool>, Unrecorded> {
        self.0.left_out(persons, folds)
    }
}

fn stream(set: Set, batch_size: u32, pairing: Pairing) -> Stream {
    Stream { pairing, ..Stream::of(set, batch_size.try_into().expect("not 0")) }
}

fn term(on: Set, weight: f64) -> Term {
    Term::CrossEntropy(CrossEntropy::new(on, weight))
}

fn sgd(lr: f64) -> Optimizer {
    Optimizer::Sgd {
        lr: Positive::new(lr).expect("positive"),
        momentum: UnitInterval::new(0.9).expect("in [0, 1]"),
        weight_decay: NonNegative::new(5e-4).expect("not negative"),
    }
}

fn train(epochs: f64) -> Train {
    let epochs = Positive::new(epochs).expect("positive");
    let retain = stream(Set::Retain, 8, Pairing::Cycle);
    Train::new(retain, epochs, vec![term(Set::Retain, 1.0)], sgd(0.01))
}

#[test]
fn every_step_is_heard_and_every_loss_once() {
    let mut bench = Bench::new();
    let mut diary = Diary::default();
    let phases = vec![Phase::Train(train(1.5)), Phase::Train(train(30.0))];
    let steps = bench.carry_out(phases, &mut Seeded::new(Seed(9)), &mut diary).expect("it trains");
    // 20 examples in batches of 8 are 3 steps an epoch, and 1.5 epochs 4.
    assert_eq!(steps, 94);
    assert_eq!(diary.steps, (1..=94).collect::<Vec<_>>());
    assert_eq!(diary.losses.len(), 94);
    // The loss of a single batch of four says little.
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (first, last) = (mean(&diary.losses[..15]), mean(&diary.losses[79..]));
    assert!(last < 0.5 * first, "{first} to {last}");
}

#[test]
fn the_same_draws_give_the_same_bits_and_others_others() {
    let run = |seed| {
        let mut bench = Bench::new();
        let mut draws = Seeded::new(Seed(seed));
        bench
            .carry_out(vec![Phase::Train(train(2.0))], &mut draws, &mut Diary::default())
            .expect("it trains");
        bench.weights.state()
    };
    let first = run(1);
    assert_ne!(first, run(2));
    assert_eq!(first, run(1));
}

#[test]
fn what_is_not_trainable_stays_bit_for_bit() {
    let mut bench = Bench::new();
    let before = bench.weights.state();
    let plan = Train {
        trainable: Tensors::Modules(vec!["layer4.1".to_owned(), "fc".to_owned()]),
        batch_norm: BatchNorm::Frozen,
        ..train(1.0)
    };
    bench.run(vec![Phase::Train(plan)]).expect("it trains");
    let mut expected: Vec<String> =
        ["conv1.weight", "bn1.weight", "bn1.bias", "conv2.weight", "bn2.weight", "bn2.bias"]
            .map(|key| format!("layer4.1.{key}"))
            .to_vec();
    expected.extend(["fc.weight".to_owned(), "fc.bias".to_owned()]);
    assert_eq!(bench.changed(&before), expected);
}

#[test]
fn batch_norm_counts_the_batches_of_every_stream() {
    let mut bench = Bench::new();
    let plan = Train {
        data: vec![stream(Set::Retain, 8, Pairing::Cycle), stream(Set::Forget, 3, Pairing::Cycle)],
        ..train(2.0)
    };
    bench.run(vec![Phase::Train(plan)]).expect("it trains");
    let state = bench.weights.state();
    let count = &state.get("bn1.num_batches_tracked").expect("a counter").values;
    assert_eq!(*count, sweep_inputs::checkpoint::Values::I64(vec![12]));
}

#[test]
fn cycled_streams_go_on_over_epochs_and_zipped_ones_start_again() {
    for (pairing, expected) in [
        // 3 steps an epoch; 2 batches in a pass of the forget set.
        (Pairing::Cycle, vec![(0, 0, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1), (0, 1, 2)]),
        // 2 steps an epoch.
        (Pairing::Zip, vec![(0, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1, 1)]),
    ] {
        let mut bench = Bench::new();
        let plan = Train {
            data: vec![stream(Set::Retain, 8, Pairing::Cycle), stream(Set::Forget, 3, pairing)],
            ..train(2.0)
        };
        let mut asked = Asked(Seeded::new(Seed(9)), RefCell::default());
        bench.carry_out(vec![Phase::Train(plan)], &mut asked, &mut Diary::default()).expect("it trains");
        assert_eq!(*asked.1.borrow(), expected, "{pairing:?}");
    }
}

#[test]
fn ascending_without_bound_is_noticed_as_divergence() {
    let mut bench = Bench::new();
    let plan = Train { loss: vec![term(Set::Retain, -1.0)], optimizer: sgd(1e30), ..train(10.0) };
    let halt = bench.run(vec![Phase::Train(plan)]).expect_err("it can't go well");
    assert!(matches!(halt, Halt::Diverged { step: 2..=3 }), "{halt:?}");
}

#[test]
fn a_last_step_into_infinity_is_noticed_too() {
    let mut bench = Bench::new();
    // 3 steps an epoch: a third of one is a single step, whose loss is still finite.
    let plan = Train { optimizer: sgd(1e300), ..train(0.34) };
    let halt = bench.run(vec![Phase::Train(plan)]).expect_err("the weights overflow");
    assert_eq!(halt, Halt::Diverged { step: 1 });
}

#[test]
fn a_watch_that_breaks_ends_the_run() {
    let mut bench = Bench::new();
    let mut diary = Diary { break_after: Some(2), ..Diary::default() };
    let halt = bench.carry_out(vec![Phase::Train(train(5.0))], &mut Seeded::new(Seed(9)), &mut diary);
    assert_eq!(halt, Err(Halt::Abandoned));
    assert_eq!(diary.steps, [1, 2]);
}

#[test]
fn transposing_twice_changes_nothing_and_once_only_wide_kernels() {
    let mut bench = Bench::new();
    let before = bench.weights.state();
    let transpose = || Phase::Transpose(Transpose { tensors: Tensors::All, turn: Turn::Transpose });
    bench.run(vec![transpose()]).expect("it transposes");
    let changed = bench.changed(&before);
    assert_eq!(changed.len(), 17, "{changed:?}");
    assert!(changed.iter().all(|key| key.contains("conv")), "{changed:?}");
    bench.run(vec![transpose()]).expect("it transposes");
    assert!(bench.changed(&before).is_empty());
}

#[test]
fn noise_has_the_asked_spread_and_touches_nothing_else() {
    let mut bench = Bench::new();
    let before = bench.weights.parameter(60).detach().copy();
    let state = bench.weights.state();
    let tensors = Tensors::Named(vec!["layer4.1.conv2.weight".to_owned()]);
    let place = bench
        .network
        .layout()
        .parameters
        .iter()
        .position(|parameter| parameter.key == "layer4.1.conv2.weight");
    let place = place.expect("a key of the network");
    let kernel = bench.weights.parameter(place).detach().copy();
    let std = NonNegative::new(0.25).expect("not negative");
    bench.run(vec![Phase::Noise(Noise { tensors, std, unit: NoiseUnit::Absolute })]).expect("it adds noise");
    assert_eq!(bench.changed(&state), ["layer4.1.conv2.weight"]);
    assert_eq!(bench.weights.parameter(60), &before);
    let noise: Tensor = bench.weights.parameter(place) - kernel;
    let spread = noise.square().mean(Kind::Double).sqrt().double_value(&[]);
    let slack = 5.0 * 0.25 / (2.0 * noise.numel() as f64).sqrt();
    assert!((spread - 0.25).abs() < slack, "{spread}");
}

#[test]
fn reinit_draws_afresh_what_it_names() {
    let mut bench = Bench::new();
    bench.run(vec![Phase::Train(train(1.0))]).expect("it trains");
    let before = bench.weights.state();
    let reinit = |tensors| Phase::Reinit(Reinit { tensors, init: Init::Network, elements: Elements::All });
    bench.run(vec![reinit(Tensors::Modules(vec!["fc".to_owned()]))]).expect("it draws");
    assert_eq!(bench.changed(&before), ["fc.weight", "fc.bias"]);

    bench.run(vec![reinit(Tensors::All)]).expect("it draws");
    let state = bench.weights.state();
    let value = |key: &str| state.get(key).expect("a key of the network").values.clone();
    assert_eq!(value("bn1.running_var"), sweep_inputs::checkpoint::Values::F32(vec![1.0; 2]));
    assert_eq!(value("bn1.num_batches_tracked"), sweep_inputs::checkpoint::Values::I64(vec![0]));
}

#[test]
fn an_empty_recipe_changes_nothing() {
    let mut bench = Bench::new();
    let before = bench.weights.state();
    assert_eq!(bench.run(Vec::new()), Ok(0));
    assert!(bench.changed(&before).is_empty());
}

type Expected = fn(&Flaw) -> bool;

/// What is wrong with a refused recipe.
fn flaws(halt: &Halt) -> Vec<Flaw> {
    match halt {
        Halt::Unusable(Unusable::Recipe(faults)) => faults.iter().map(|fault| fault.flaw.clone()).collect(),
        other => panic!("not refused for what it says: {other:?}"),
    }
}

#[test]
fn what_cannot_be_carried_out_is_refused_before_anything_is_touched() {
    let retain = || stream(Set::Retain, 8, Pairing::Cycle);
    let named = |name: &str| Tensors::Named(vec![name.to_owned()]);
    let cases: Vec<(Train, Expected)> = vec![
        (Train { data: Vec::new(), ..train(1.0) }, |it| matches!(it, Flaw::NoData)),
        (Train { loss: Vec::new(), ..train(1.0) }, |it| matches!(it, Flaw::NoLoss)),
        (Train { loss: vec![term(Set::Forget, 1.0)], ..train(1.0) }, |it| {
            matches!(it, Flaw::NoStream { set: Set::Forget })
        }),
        (Train { data: vec![retain(), retain()], ..train(1.0) }, |it| matches!(it, Flaw::TwoStreams { .. })),
        (Train { data: vec![retain(), stream(Set::Forget, 1, Pairing::Cycle)], ..train(1.0) }, |it| {
            matches!(it, Flaw::SingleExample { set: Set::Forget })
        }),
        (Train { loss: vec![term(Set::Retain, f64::NAN)], ..train(1.0) }, |it| matches!(it, Flaw::NotFinite)),
        (Train { trainable: named("fc"), ..train(1.0) }, |it| matches!(it, Flaw::Tensors { .. })),
        (Train { trainable: Tensors::Modules(vec!["layer".to_owned()]), ..train(1.0) }, |it| {
            matches!(it, Flaw::Tensors { .. })
        }),
    ];
    for (plan, expected) in cases {
        let mut bench = Bench::new();
        let before = bench.weights.state();
        let std = NonNegative::new(1.0).expect("not negative");
        let noise = Phase::Noise(Noise { tensors: Tensors::All, std, unit: NoiseUnit::Absolute });
        let halt = bench.run(vec![noise, Phase::Train(plan)]).expect_err("it can't be carried out");
        assert!(flaws(&halt).iter().any(expected), "{halt:?}");
        assert!(bench.changed(&before).is_empty(), "{halt:?}");
    }
}
