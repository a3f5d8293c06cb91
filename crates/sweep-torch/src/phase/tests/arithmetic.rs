//! What [`ARITHMETIC`](crate::ARITHMETIC) stands for: the bits of the weights that small recipes leave.

use sweep_inputs::checkpoint;
use sweep_protocol::{
    recipe::{
        ClassWeight, CrossEntropy, Dampen, Elements, Importance, Init, Noise, NoiseUnit, Optimizer, Pairing,
        Phase, Reinit, Tensors, Term, Train,
    },
    terms::{NonNegative, Positive, Set},
};
use tch::{Device, Kind, Tensor};

use super::{Bench, sgd, stream, term, train};

/// The bits of one processor's libtorch, and what the recipes below leave there. Where libtorch has other bits, because it
/// takes other code for another processor, the test can't tell and says so.
const RECORDED: &[Recorded] = &[];

struct Recorded {
    /// Of libtorch alone.
    libtorch: &'static str,
    /// Of the recipes, in their order.
    recipes: [&'static str; 5],
}

fn number(value: f64) -> NonNegative {
    NonNegative::new(value).expect("not negative")
}

/// One recipe for each way in which weights are changed.
fn recipes() -> [(&'static str, Vec<Phase>); 5] {
    let weighted = CrossEntropy { class_weight: ClassWeight::Inverse, ..CrossEntropy::new(Set::Retain, 1.0) };
    let adam = Optimizer::Adam { lr: Positive::new(1e-3).expect("positive"), weight_decay: number(5e-4) };
    let of_adam = Train { loss: vec![Term::CrossEntropy(weighted)], optimizer: adam, ..train(2.0) };
    let two_sets = Train {
        data: vec![stream(Set::Retain, 8, Pairing::Cycle), stream(Set::Forget, 4, Pairing::Cycle)],
        loss: vec![term(Set::Retain, 1.0), term(Set::Forget, -0.1)],
        optimizer: sgd(0.005),
        ..train(1.5)
    };
    let noise = Noise { tensors: Tensors::Convolutions, std: number(0.1), unit: NoiseUnit::TensorStd };
    let head = Reinit { tensors: Tensors::Head, init: Init::UniformFanIn, elements: Elements::All };
    let stem = Reinit { tensors: Tensors::Stem, init: Init::Network, elements: Elements::All };
    let dampen = Dampen {
        tensors: Tensors::All,
        forget: Set::Forget,
        kept: Set::Train,
        alpha: number(1.0),
        lambda: number(0.5),
        importance: Importance::of_batches(8.try_into().expect("not 0")),
    };
    [
        ("sgd", vec![Phase::Train(train(2.0))]),
        ("adam", vec![Phase::Train(of_adam)]),
        ("two sets", vec![Phase::Train(two_sets)]),
        ("drawn", vec![Phase::Noise(noise), Phase::Reinit(head), Phase::Reinit(stem)]),
        ("dampened", vec![Phase::Dampen(dampen)]),
    ]
}

fn left_by(phases: Vec<Phase>) -> String {
    let mut bench = Bench::new();
    bench.run(phases).expect("it can be carried out");
    hash(&checkpoint::write_safetensors(&bench.weights.state()))
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..16].to_owned()
}

/// One pass of the same operations on the same shapes, without anything of this package.
fn libtorch() -> String {
    let ramp = |shape: &[i64], by: f64| {
        let count = shape.iter().product::<i64>();
        let values = Tensor::arange(count, (Kind::Double, Device::Cpu)) * by;
        (values.frac() - 0.5).to_kind(Kind::Float).view(shape).set_requires_grad(true)
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
    let loss = logits.cross_entropy_for_logits(&Tensor::from_slice(&[0i64, 1, 2, 0, 1, 2, 0, 1]));
    let leaves: Vec<&Tensor> = kernels.iter().chain([&weight, &bias]).collect();
    let gradients = Tensor::run_backward(&[&loss], &leaves, false, false);
    let flat: Vec<Tensor> = gradients.iter().map(|gradient| gradient.contiguous().view([-1])).collect();
    let flat = Vec::<f32>::try_from(Tensor::cat(&flat, 0)).expect("a flat float32 tensor");
    hash(&flat.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

/// Results are found again by ids that hold [`ARITHMETIC`](crate::ARITHMETIC): other bits under the same number would pass
/// for old ones.
#[test]
fn the_bits_are_those_of_this_arithmetic() {
    let (libtorch, recipes) = (libtorch(), recipes());
    let names = recipes.each_ref().map(|(name, _)| *name);
    let have = recipes.map(|(_, phases)| left_by(phases));
    let Some(recorded) = RECORDED.iter().find(|recorded| recorded.libtorch == libtorch) else {
        eprintln!(
            "libtorch has bits on this processor that nobody has recorded, so this test can't tell; add\n    Recorded {{ \
             libtorch: \"{libtorch}\", recipes: {have:?} }},"
        );
        return;
    };
    for ((name, have), want) in names.into_iter().zip(&have).zip(recorded.recipes) {
        assert_eq!(
            have,
            want,
            "the recipe `{name}` leaves other weights than arithmetic {} did; if that is meant, count ARITHMETIC up, record \
             {libtorch} {names:?} anew, drop the rows of other processors and say so under *Numbers changed*",
            crate::ARITHMETIC
        );
    }
}
