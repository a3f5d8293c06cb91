//! What [`ARITHMETIC`](crate::ARITHMETIC) stands for: the weights that small recipes leave.
//!
//! Bits depend on the processor: libtorch and the libraries in it take other code for others, and the instructions that
//! approximate a root differ between makers. So the recipes are carried out by a process of their own, in which these
//! libraries are told to take the code that every x86-64 processor has. There the bits of libtorch and of the C library
//! alone are looked at first: where they are recorded ones, the weights must be too, bit for bit. On any processor the
//! weights in float64 must agree to eight digits, which another operation doesn't.

use std::process::Command;

use serde::{Deserialize, Serialize};
use sweep_protocol::{
    recipe::{
        Batches, ClassWeight, CrossEntropy, Dampen, Divergence, Elements, FisherNoise, Importance, Init,
        Noise, NoiseUnit, Optimizer, Pairing, Penalty, Phase, Reinit, Schedule, Target, Teacher,
        TemperatureScale, Tensors, Term, Toward, Train,
    },
    terms::{NonNegative, Positive, Set},
};
use tch::{Device, Kind, Tensor};

use super::{Bench, sgd, stream, term, train};

/// What libtorch is told in the process of its own: plain vector code, and the same products of matrices everywhere.
const PLAIN: [(&str, &str); 4] = [
    ("ATEN_CPU_CAPABILITY", "default"),
    ("MKL_CBWR", "COMPATIBLE"),
    ("ONEDNN_MAX_CPU_ISA", "SSE41"),
    ("OMP_NUM_THREADS", "1"),
];

/// What the recipes leave. `near`, in float64 and on every processor, to eight digits; `bits`, where the libraries have the
/// same bits: one entry for each precision on each kind of processor.
const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/arithmetic.json");

/// Largest relative difference of [`Left::probes`]: rounding in float64, which training magnifies.
const TOLERANCE: f64 = 1e-8;

const RECIPES: usize = 6;

#[derive(Deserialize, Serialize)]
struct Recorded {
    /// [`ARITHMETIC`](crate::ARITHMETIC) when it was recorded.
    arithmetic: u32,
    near: [[f64; 3]; RECIPES],
    bits: Vec<Bits>,
}

#[derive(Deserialize, Serialize)]
struct Bits {
    /// Of libtorch and the C library alone.
    libraries: String,
    /// Of the recipes, in their order.
    recipes: [String; RECIPES],
}

fn number(value: f64) -> NonNegative {
    NonNegative::new(value).expect("not negative")
}

/// One recipe for each way in which weights are changed.
fn recipes() -> [(&'static str, Vec<Phase>); RECIPES] {
    let batches = || Importance::of_batches(8.try_into().expect("not 0"));
    let weighted = CrossEntropy { class_weight: ClassWeight::Inverse, ..CrossEntropy::new(Set::Retain, 1.0) };
    let adam = Optimizer::Adam { lr: Positive::new(1e-3).expect("positive"), weight_decay: number(5e-4) };
    let of_adam = Train {
        loss: vec![Term::CrossEntropy(weighted)],
        optimizer: adam,
        schedule: Schedule::Cosine,
        ..train(2.0)
    };
    let two_sets = Train {
        data: vec![stream(Set::Retain, 8, Pairing::Cycle), stream(Set::Forget, 4, Pairing::Cycle)],
        loss: vec![term(Set::Retain, 1.0), term(Set::Forget, -0.1)],
        optimizer: sgd(0.005),
        ..train(1.5)
    };
    let penalty = |weight, toward| Penalty {
        weight,
        tensors: Tensors::All,
        toward,
        weight_schedule: Schedule::Constant,
    };
    // No factor is a power of two, by which nothing is rounded.
    let divergence = Divergence {
        temperature: Positive::new(3.0).expect("positive"),
        scale: TemperatureScale::Squared,
        ..Divergence::new(Set::Retain, 1.0, Target::Teacher(Teacher::Start))
    };
    let terms = Train {
        loss: vec![
            term(Set::Retain, 0.5),
            Term::Divergence(divergence),
            Term::L1(penalty(1e-4, Toward::Zero)),
            Term::L2(penalty(0.07, Toward::Zero)),
            Term::L2(penalty(0.07, Toward::Start)),
        ],
        ..train(1.0)
    };
    let noise = Noise { tensors: Tensors::Convolutions, std: number(0.1), unit: NoiseUnit::TensorStd };
    let head = Reinit { tensors: Tensors::Head, init: Init::UniformFanIn, elements: Elements::All };
    let stem = Reinit { tensors: Tensors::Stem, init: Init::Network, elements: Elements::All };
    let dampen = Dampen {
        tensors: Tensors::All,
        forget: Set::Forget,
        kept: Set::Train,
        alpha: number(1.0),
        lambda: number(0.3),
        importance: batches(),
        batches: Batches::AsPublished,
    };
    let power = Positive::new(1.0).expect("above 0");
    let fisher = FisherNoise { kept: Set::Retain, alpha: number(1e-6), power, importance: batches() };
    [
        ("sgd", vec![Phase::Train(train(2.0))]),
        ("adam", vec![Phase::Train(of_adam)]),
        ("two sets", vec![Phase::Train(two_sets)]),
        ("terms", vec![Phase::Train(train(0.34)), Phase::Train(terms)]),
        ("drawn", vec![Phase::Noise(noise), Phase::Reinit(head), Phase::Reinit(stem)]),
        ("dampened", vec![Phase::Dampen(dampen), Phase::FisherNoise(fisher)]),
    ]
}

/// What a recipe leaves.
struct Left {
    parameters: Vec<f64>,
    /// Running means and variances.
    statistics: Vec<f64>,
}

fn left_by(phases: Vec<Phase>, kind: Kind) -> Left {
    let mut bench = Bench::of(kind);
    bench.run(phases).expect("it can be carried out");
    let (weights, layout) = (&bench.weights, bench.weights.layout());
    let statistics = (0..layout.norms.len()).flat_map(|norm| {
        let (mean, variance) = weights.statistics_of(norm);
        [mean, variance]
    });
    let parameters = (0..layout.parameters.len()).map(|place| weights.parameter(place));
    Left {
        parameters: parameters.flat_map(numbers).collect(),
        statistics: statistics.flat_map(numbers).collect(),
    }
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.detach().to_kind(Kind::Double).contiguous().view([-1]);
    Vec::try_from(flat).expect("a flat float64 tensor")
}

fn hash<'v>(values: impl Iterator<Item = &'v f64>) -> String {
    let bytes: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
    blake3::hash(&bytes).to_hex()[..16].to_owned()
}

impl Left {
    fn hash(&self) -> String {
        hash(self.parameters.iter().chain(&self.statistics))
    }

    /// Sums that nearly every change of any of the values changes: of the parameters, plain and with factors from 0 to 1,
    /// and of the statistics, which are much larger.
    fn probes(&self) -> [f64; 3] {
        let factors = (0..self.parameters.len()).map(|place| (place as f64 * 0.618_033_988_7).fract());
        [
            self.parameters.iter().map(|value| value.abs()).sum(),
            self.parameters.iter().zip(factors).map(|(value, factor)| value * factor).sum(),
            self.statistics.iter().sum(),
        ]
    }
}

/// Bits of the libraries: one pass of the same operations on the same shapes, and every function that a recipe may call,
/// without anything of this package.
fn libraries(kind: Kind) -> String {
    let ramp = |shape: &[i64], by: f64| {
        let count = shape.iter().product::<i64>();
        let values = Tensor::arange(count, (Kind::Double, Device::Cpu)) * by;
        (values.frac() - 0.5).to_kind(kind).view(shape).set_requires_grad(true)
    };
    let images = (ramp(&[8, 3, 32, 32], 0.618) + 0.5) * 255.0;
    let kernels: Vec<Tensor> = [[2, 3, 7, 7], [4, 2, 3, 3], [8, 4, 3, 3], [16, 8, 1, 1]]
        .iter()
        .map(|shape| ramp(shape, 0.414))
        .collect();
    let (weight, bias) = (ramp(&[3, 16], 0.732), ramp(&[3], 0.732));
    let mut features = images;
    for (kernel, padding) in kernels.iter().zip([3, 1, 1, 0]) {
        let none: Option<&Tensor> = None;
        features = features.conv2d(kernel, none, [2, 2], [padding, padding], [1, 1], 1);
        features = features.batch_norm(none, none, none, none, true, 0.1, 1e-5, true).relu();
    }
    let logits = features.adaptive_avg_pool2d([1, 1]).flatten(1, -1).linear(&weight, Some(&bias));
    let labels = Tensor::from_slice(&[0i64, 1, 2, 0, 1, 2, 0, 1]);
    let loss = logits.log_softmax(-1, kind).nll_loss(&labels);
    let leaves: Vec<&Tensor> = kernels.iter().chain([&weight, &bias]).collect();
    let gradients = Tensor::run_backward(&[&loss], &leaves, false, false);
    let positive = ramp(&[4096], 0.618).detach() + 0.75;
    let ours = numbers(&positive);
    let computed = gradients.iter().chain(&functions(&positive)).flat_map(numbers).collect::<Vec<f64>>();
    let of_c = ours.iter().flat_map(|x| [x.ln(), x.exp(), x.cos(), x.sin(), x.powf(0.9), x.cbrt()]);
    hash(computed.into_iter().chain(of_c).collect::<Vec<f64>>().iter())
}

/// What libtorch makes of numbers between 0 and 2, one value at a time and over all of them.
fn functions(positive: &Tensor) -> [Tensor; 12] {
    [
        positive.sqrt(),
        positive.rsqrt(),
        positive.reciprocal(),
        positive.exp(),
        positive.log(),
        positive.tanh(),
        positive.sigmoid(),
        positive.pow_tensor_scalar(0.9),
        positive / positive.flip([0]),
        positive.softmax(-1, positive.kind()),
        positive.std(true),
        positive.norm(),
    ]
}

/// Results are found again by ids that hold [`ARITHMETIC`](crate::ARITHMETIC): other weights under the same number would
/// pass for old ones.
#[test]
fn the_weights_are_those_of_this_arithmetic() {
    let (plain, _) = PLAIN[0];
    if std::env::var_os(plain).is_some() {
        return hold_to_the_recorded();
    }
    let own_name = std::thread::current().name().expect("a test's thread has its name").to_owned();
    let program = std::env::current_exe().expect("a running program");
    let said = Command::new(program).args(["--exact", &own_name, "--nocapture"]).envs(PLAIN).output();
    let said = said.expect("the program starts");
    let printed = [said.stdout, said.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(said.status.success() && printed.contains("1 passed"), "{printed}");
    print!("{printed}");
}

fn hold_to_the_recorded() {
    let text = std::fs::read_to_string(RECORDED).expect("the fixture is part of the repository");
    let recorded: Recorded = serde_json::from_str(&text).expect("the fixture");
    let left = |kind| recipes().map(|(_, phases)| left_by(phases, kind));
    let (double, float) = (left(Kind::Double), left(Kind::Float));
    let bits = |kind, left: &[Left; RECIPES]| Bits {
        libraries: libraries(kind),
        recipes: left.each_ref().map(Left::hash),
    };
    let have = Recorded {
        arithmetic: crate::ARITHMETIC,
        near: double.each_ref().map(Left::probes),
        bits: vec![bits(Kind::Double, &double), bits(Kind::Float, &float)],
    };
    let way_out = format!(
        "if that is meant, count ARITHMETIC (now {}) up, record tests/fixtures/arithmetic.json anew and say so under \
         *Numbers changed*:\n{}",
        crate::ARITHMETIC,
        serde_json::to_string(&have).expect("plain data"),
    );
    assert_eq!(have.arithmetic, recorded.arithmetic, "recorded for another arithmetic; {way_out}");
    let names = recipes().map(|(name, _)| name);
    for ((name, have), want) in names.iter().zip(have.near).zip(recorded.near) {
        let near = |(have, want): (f64, f64)| (have - want).abs() <= TOLERANCE * want.abs().max(1.0);
        assert!(
            have.into_iter().zip(want).all(near),
            "the recipe `{name}` leaves {have:?} and not {want:?}; {way_out}"
        );
    }
    for have in &have.bits {
        let Some(known) = recorded.bits.iter().find(|known| known.libraries == have.libraries) else {
            println!("the libraries have other bits on this processor, so eight digits must do; {way_out}");
            continue;
        };
        for ((name, have), want) in names.iter().zip(&have.recipes).zip(&known.recipes) {
            assert_eq!(have, want, "the recipe `{name}` leaves other weights; {way_out}");
        }
    }
}
