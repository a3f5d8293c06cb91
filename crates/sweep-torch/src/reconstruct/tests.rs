use std::path::Path;

use serde_json::Value;
use sweep_protocol::{
    reconstruction::Reconstruct,
    terms::{Seed, Set},
};
use tch::{Device, Kind, Tensor};

use super::{
    Candidates, Derivative, Gram, Layers, NoReconstruction, Standpoint, correlations, extract, fitted, loss,
    multipliers, reconstruct, values,
};
use crate::{
    draws::Seeded,
    examples::{Examples, HostExamples},
    network::{Weights, build},
};
use sweep_protocol::network::{Network, Preparation};

fn recorded(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/reconstruct");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("part of the repository");
    serde_json::from_str(&text).expect("JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).expect("numbers")
}

/// A recorded network, where its weights lean, and labels from 0.
fn case(recorded: &Value) -> (Layers, Standpoint, Tensor) {
    let tensor = |key: &str| {
        let own = &recorded["parameters"][key];
        let shape: Vec<i64> = serde_json::from_value(own["shape"].clone()).ok()?;
        Some(Tensor::from_slice(&numbers(&own["values"])).view(shape.as_slice()))
    };
    let layer = |place: usize| {
        Some((tensor(&format!("layers.{place}.weight"))?, tensor(&format!("layers.{place}.bias"))))
    };
    let layers = Layers::new((0..).map_while(layer).collect());
    let lambda = Tensor::from_slice(&numbers(&recorded["lam"]));
    let images = Tensor::from_slice(&numbers(&recorded["x"]["values"])).view([lambda.size()[0], -1]);
    let labels: Vec<i64> = serde_json::from_value(recorded["labels"].clone()).expect("classes");
    let labels = Tensor::from_slice(&labels).clamp_min(0);
    (layers, Standpoint { images, lambda }, labels)
}

/// Loss and gradients by images and multipliers.
fn descent(layers: &Layers, at: &Standpoint, labels: &Tensor, recorded: &Value) -> (f64, Vec<f64>, Vec<f64>) {
    let number = |key: &str| recorded[key].as_f64().expect("a number");
    let at = Standpoint {
        images: at.images.detach().copy().set_requires_grad(true),
        lambda: at.lambda.detach().copy().set_requires_grad(true),
    };
    let settings = (number("alpha"), number("lambda_min"));
    let loss = loss((layers, layers.norm_squared()), &at, labels, settings);
    let gradients = Tensor::run_backward(&[&loss], &[&at.images, &at.lambda], false, false);
    (loss.double_value(&[]), values(&gradients[0]), values(&gradients[1]))
}

fn furthest(one: &[f64], other: &[f64]) -> f64 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max)
}

#[test]
fn the_loss_and_its_gradients_are_those_of_differentiating_twice() {
    for name in ["kkt_binary", "kkt_multiclass"] {
        let recorded = recorded(name);
        let (layers, at, labels) = case(&recorded);
        let (loss, by_images, by_lambda) = descent(&layers, &at, &labels, &recorded);
        let wanted = recorded["loss"].as_f64().expect("a number");
        assert!((loss - wanted).abs() < 1e-12 * wanted.max(1.0), "{name}: {loss}, not {wanted}");
        assert!(furthest(&by_images, &numbers(&recorded["grad_x"])) < 1e-9, "{name}: by images");
        assert!(furthest(&by_lambda, &numbers(&recorded["grad_lambda"])) < 1e-9, "{name}: by multipliers");
    }
}

#[test]
fn a_network_of_one_output_is_the_one_of_two_whose_outputs_are_half_of_it() {
    let recorded = recorded("kkt_binary");
    let (layers, at, labels) = case(&recorded);
    let (mut all, last) = (layers.layers_for_tests(), 2);
    let row = all[last].0.shallow_clone();
    all[last].0 = Tensor::cat(&[-&row, row], 0) * std::f64::consts::FRAC_1_SQRT_2;
    let (loss, by_images, _) = descent(&Layers::new(all), &at, &labels, &recorded);
    assert!((loss - recorded["loss"].as_f64().expect("a number")).abs() < 1e-12, "{loss}");
    assert!(furthest(&by_images, &numbers(&recorded["grad_x"])) < 1e-9);
}

#[test]
fn products_are_those_of_the_gradients_of_each_margin() {
    let recorded = recorded("kkt_multiclass");
    let (layers, at, labels) = case(&recorded);
    let parameters: Vec<Tensor> = layers
        .layers_for_tests()
        .into_iter()
        .flat_map(|(weight, bias)| std::iter::once(weight).chain(bias))
        .map(|tensor| tensor.set_requires_grad(true))
        .collect();
    let outputs = at.images.linear(&parameters[0], Some(&parameters[1])).relu();
    let outputs =
        outputs.linear(&parameters[2], None::<&Tensor>).relu().linear(&parameters[3], None::<&Tensor>);
    let own = outputs.gather(1, &labels.unsqueeze(1), false).squeeze_dim(1);
    let others = outputs.scatter_value(1, &labels.unsqueeze(1), f64::NEG_INFINITY).max_dim(1, false).0;
    let margins = own - others;
    let gradients: Vec<Tensor> = (0..margins.size()[0])
        .map(|image| {
            let parts = Tensor::run_backward(&[&margins.get(image)], &parameters, true, false);
            Tensor::cat(&parts.iter().map(|part| part.flatten(0, -1)).collect::<Vec<_>>(), 0)
        })
        .collect();
    let gradients = Tensor::stack(&gradients, 0);
    let Gram { products, with_weights } = layers.gram(&at.images, &labels, Derivative::Hard);
    assert!(furthest(&values(&products), &values(&gradients.mm(&gradients.tr()))) < 1e-10);
    let theta = Tensor::cat(&parameters.iter().map(|it| it.flatten(0, -1)).collect::<Vec<_>>(), 0).detach();
    assert!(furthest(&values(&with_weights), &values(&gradients.mv(&theta))) < 1e-10);
}

#[test]
fn multipliers_are_those_of_another_solver() {
    let recorded = recorded("nnls");
    let wanted = numbers(&recorded["multipliers"]);
    let size = wanted.len() as i64;
    let gram = Gram {
        products: Tensor::from_slice(&numbers(&recorded["products"])).view([size, size]),
        with_weights: Tensor::from_slice(&numbers(&recorded["with_weights"])),
    };
    let found = multipliers(&gram);
    assert!(wanted.contains(&0.0), "some are at the edge");
    assert!(furthest(&found, &wanted) < 1e-6, "{found:?}, not {wanted:?}");
}

#[test]
fn images_are_alike_up_to_brightness_and_contrast() {
    let images = Tensor::from_slice(&[0.0, 1.0, 2.0, 5.0, 3.0, 3.0, 3.0, 3.0]).view([2, 4]);
    let altered = &images * 3.0 - 7.0;
    let likeness = values(&correlations(&images, &altered));
    assert!(furthest(&likeness, &[1.0, 0.0, 0.0, 0.0]) < 1e-12, "{likeness:?}");
    let back = fitted(&images.get(0), &altered.get(0));
    assert!(furthest(&values(&back), &values(&images.get(0))) < 1e-12);
}

const SIZE: i64 = 8;

/// Two classes of noise: the first images to be kept, then as many to be forgotten, then unseen ones.
fn noise(each: usize) -> HostExamples {
    let pixels = 3 * SIZE as usize * SIZE as usize;
    let mut state = 1_u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let positions = |part: usize| (part * each..(part + 1) * each).map(|at| at as i64).collect::<Vec<_>>();
    HostExamples {
        images: (0..3 * each * pixels).map(|_| byte()).collect(),
        shape: [3 * each as i64, 3, SIZE, SIZE],
        labels: (0..3 * each).map(|at| (at % 2) as i64).collect(),
        sets: [Set::Retain, Set::Forget, Set::Validation]
            .into_iter()
            .enumerate()
            .map(|(part, set)| (set, positions(part)))
            .collect(),
        class_counts: vec![each as u64; 2],
        truths: Vec::new(),
    }
}

fn wanted() -> Network {
    let divided = Preparation::new(255.0, [0.0; 3], [1.0; 3]).expect("it divides");
    Network { size: SIZE as u32, preparation: divided.centred(), ..Network::new("mlp", 2, &[("width", 16)]) }
}

const ASKED: Reconstruct = Reconstruct {
    candidates: 2,
    restarts: 2,
    steps: 5,
    lr: 0.01,
    alpha: 50.0,
    lambda_min: 0.005,
    pictures: true,
};

#[test]
fn a_whole_reconstruction_is_the_same_twice_and_has_a_row_for_every_image() {
    let network = wanted();
    let examples = Examples::new(noise(10), &network.preparation, Device::Cpu);
    let built = build(&network).expect("registered");
    let born = |seed| Weights::born(&built, &mut Seeded::new(Seed(seed)), (Kind::Float, Device::Cpu));
    let weights = born(3).expect("seeded");
    let topology = network.topology().expect("registered");
    let of = |seed| {
        let draws = &mut Seeded::new(Seed(seed));
        reconstruct((&topology, &weights), &examples, &ASKED, draws, &mut || {}).expect("fully connected")
    };
    let first = of(5);
    assert_eq!(first, of(5), "the same bits");
    assert_ne!(first.forget, of(6).forget, "another seed starts elsewhere");
    assert_eq!([first.forget.len(), first.retain.len(), first.unseen.len()], [10, 10, 10]);
    let pictures = first.pictures.expect("asked for");
    assert_eq!(pictures.len(), 16, "eight truths, eight candidates");
    let truth = values(&examples.pixels_at(&examples.set(Set::Forget)[..1]));
    assert!(furthest(&pictures[0], &truth) < 1e-9, "the first row is the first forgotten image");
}

#[test]
fn what_the_weights_are_made_of_is_found_in_them() {
    // Weights that are a sum of outer products with images, as training leaves them: rows are such sums.
    let network = wanted();
    let examples = Examples::new(noise(10), &network.preparation, Device::Cpu);
    let built = build(&network).expect("registered");
    let mut weights =
        Weights::born(&built, &mut Seeded::new(Seed(1)), (Kind::Float, Device::Cpu)).expect("seeded");
    let forget = Tensor::from_slice(&examples.set(Set::Forget)[..10]);
    let seen = examples.batch(&forget, Kind::Float).0.view([10, -1]);
    weights.change_parameter(0, |rows| Tensor::cat(&[&seen, &rows.narrow(0, 10, 6)], 0));
    let topology = network.topology().expect("registered");
    let draws = &mut Seeded::new(Seed(5));
    let found = reconstruct((&topology, &weights), &examples, &ASKED, draws, &mut || {}).expect("dense");
    assert!(found.forget.iter().all(|image| image.in_rows > 1.0 - 1e-6), "{:?}", found.forget);
    assert!(found.unseen.iter().all(|image| image.in_rows < 0.5), "{:?}", found.unseen);
}

#[test]
fn what_can_not_be_reconstructed_is_refused_with_the_reason() {
    let network = Network { size: 8, ..wanted() };
    let (raw, residual) = (
        Network { preparation: Preparation::default(), ..network.clone() },
        Network { size: 32, keys: [("width".to_owned(), 2)].into(), name: "resnet18".to_owned(), ..network },
    );
    for (network, reason) in [(raw, "pixels of 0 to 1"), (residual, "batch normalisation")] {
        let examples = Examples::new(noise(2), &network.preparation, Device::Cpu);
        let built = build(&network).expect("registered");
        let draws = &mut Seeded::new(Seed(1));
        let weights = Weights::born(&built, draws, (Kind::Float, Device::Cpu)).expect("seeded");
        let topology = network.topology().expect("registered");
        let refused = reconstruct((&topology, &weights), &examples, &ASKED, draws, &mut || {})
            .expect_err("it can't be done")
            .to_string();
        assert!(refused.contains(reason), "{refused}");
    }
}

#[test]
fn every_class_gets_its_candidates() {
    let layers = Layers::new(vec![(Tensor::zeros([2, 4], (Kind::Float, Device::Cpu)), None)]);
    let candidates = Candidates::of(&[1, 0, 1], 2);
    assert_eq!(candidates, Candidates::of(&[0, 1, 1], 2));
    let found = extract(&layers, &candidates, &ASKED, &mut Seeded::new(Seed(1)), &mut || {});
    assert_eq!(found.expect("finite").size(), [12, 4], "of two restarts");
    let spoilt = Layers::new(vec![(Tensor::full([2, 4], f64::NAN, (Kind::Float, Device::Cpu)), None)]);
    let refused = extract(&spoilt, &candidates, &ASKED, &mut Seeded::new(Seed(1)), &mut || {});
    assert!(matches!(refused, Err(NoReconstruction::NotFinite)), "{refused:?}");
}
