use sweep_inputs::checkpoint::{self, StateDict};
use sweep_protocol::{
    network::{self, Layout, Role},
    recipe::BatchNorm,
    terms::Seed,
};
use tch::{Device, Kind, Tensor};

use super::{Format, Network, Weights, build};
use crate::draws::{Draws, Purpose, Seeded};

const CPU: (Kind, Device) = (Kind::Float, Device::Cpu);

fn named(name: &str, width: u32, classes: u32) -> network::Network {
    network::Network::new(name, classes, &[("width", width)])
}

fn resnet18_in(format: Format) -> Network {
    let topology = named("resnet18", 16, 10).topology().expect("registered");
    Network::in_format(&topology, Layout::of(&topology), format)
}

fn born(network: &Network, kind: Kind) -> Weights {
    Weights::born(network, &mut Seeded::new(Seed(7)), (kind, Device::Cpu)).expect("seeded")
}

fn fixture(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/golden").join(name)
}

#[test]
fn a_checkpoint_of_pytorch_goes_through_unchanged() {
    let original = checkpoint::read(&fixture("original.safetensors")).expect("readable").state;
    let network = build(&named("resnet18", 4, 10)).expect("registered");
    let weights = Weights::from_state(&network, &original, CPU).expect("it fits");
    assert_eq!(sorted(&weights.state()), sorted(&original));
}

#[test]
fn a_checkpoint_of_another_network_is_refused_with_every_difference() {
    let original = checkpoint::read(&fixture("original.safetensors")).expect("readable").state;
    let network = build(&named("resnet18", 4, 11)).expect("registered");
    let mismatch = Weights::from_state(&network, &original, CPU).expect_err("another head");
    assert_eq!(mismatch.differences.len(), 2, "{mismatch}");
}

fn sorted(state: &StateDict) -> Vec<(&str, &checkpoint::Tensor)> {
    let mut entries: Vec<_> = state.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}

#[test]
fn a_state_dict_does_not_depend_on_the_format() {
    let state = |format| born(&resnet18_in(format), Kind::Float).state();
    assert_eq!(state(Format::Planar), state(Format::Interleaved));
}

/// Logits of random images, then the gradient of their mean square in PyTorch's order.
fn pass(format: Format, batch_norm: BatchNorm) -> (Vec<f64>, Vec<f64>) {
    let network = resnet18_in(format);
    let weights = born(&network, Kind::Double);
    let everything: Vec<usize> = (0..network.layout().parameters.len()).collect();
    weights.require_gradients(&everything);
    let pixels = Seeded::new(Seed(1)).uniform(&Purpose::Birth { key: "pixels" }, 6 * 3 * 32 * 32, 128.0);
    let images = Tensor::from_slice(&pixels.expect("seeded")).view([6, 3, 32, 32]) + 128.0;
    let logits = network.forward(&weights, &images, batch_norm);
    let gradient = weights.gradient(&logits.square().mean(Kind::Double), &everything);
    // Written into the weights, the gradient is read back in PyTorch's order.
    weights.segment(0, network.layout().parameter_count()).copy_(&gradient);
    let places = everything.iter().map(|&place| weights.parameter(place).detach().contiguous().view([-1]));
    let flat = Tensor::cat(&places.collect::<Vec<_>>(), 0);
    let values = |tensor: &Tensor| Vec::try_from(tensor.detach().view([-1])).expect("float64");
    (values(&logits), values(&flat))
}

#[test]
fn both_formats_compute_the_same() {
    for batch_norm in [BatchNorm::Train, BatchNorm::Frozen] {
        let (planar, interleaved) = (pass(Format::Planar, batch_norm), pass(Format::Interleaved, batch_norm));
        for (planar, interleaved) in [(planar.0, interleaved.0), (planar.1, interleaved.1)] {
            let scale = planar.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
            assert!(scale > 0.0);
            for (a, b) in planar.iter().zip(&interleaved) {
                assert!((a - b).abs() <= 1e-9 * scale, "{batch_norm:?}: {a} and {b} at scale {scale}");
            }
        }
    }
}

#[test]
fn a_network_is_born_as_torchvision_says() {
    let network = build(&named("resnet18", 16, 10)).expect("registered");
    let weights = born(&network, Kind::Double);
    for (place, parameter) in network.layout().parameters.iter().enumerate() {
        let tensor = weights.parameter(place);
        let number = |tensor: Tensor| tensor.double_value(&[]);
        let (mean, std) =
            (number(tensor.mean(Kind::Double)), number(tensor.square().mean(Kind::Double).sqrt()));
        let count = parameter.count() as f64;
        let expected = match parameter.role {
            Role::NormWeight => (1.0, 1.0),
            Role::NormBias => (0.0, 0.0),
            Role::Kernel => {
                let fan_out = parameter.shape[0] * parameter.shape[2] * parameter.shape[3];
                (0.0, (2.0 / fan_out as f64).sqrt())
            }
            Role::KernelBias { .. } | Role::LinearWeight | Role::LinearBias { .. } => {
                assert!(number(tensor.abs().max()) <= 1.0 / 128.0_f64.sqrt());
                (0.0, 1.0 / (3.0 * 128.0_f64).sqrt())
            }
            Role::Embedding => unreachable!("a residual network has none"),
        };
        let slack =
            if (expected.0 - 1.0_f64).abs() < f64::EPSILON { 0.0 } else { 5.0 * expected.1 / count.sqrt() };
        assert!((mean - expected.0).abs() <= slack, "{}: mean {mean}", parameter.key);
        assert!((std - expected.1).abs() <= slack, "{}: std {std}, not {}", parameter.key, expected.1);
    }
}

#[test]
fn logits_of_the_original_are_those_recorded() {
    let bytes = std::fs::read(fixture("original_logits.safetensors")).expect("readable");
    let recorded = safetensors::SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let bytes = std::fs::read(fixture("data.safetensors")).expect("readable");
    let data = safetensors::SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let images = data.tensor("images").expect("images");
    let images = Tensor::from_data_size(images.data(), &[160, 32, 32, 3], Kind::Uint8).permute([0, 3, 1, 2]);
    let original = checkpoint::read(&fixture("original.safetensors")).expect("readable").state;
    let network = build(&named("resnet18", 4, 10)).expect("registered");
    for (kind, name, tolerance) in [(Kind::Float, "logits", 1e-4), (Kind::Double, "f64.logits", 1e-9)] {
        let weights = Weights::from_state(&network, &original, (kind, Device::Cpu)).expect("it fits");
        let logits = network.forward(&weights, &images.to_kind(kind), BatchNorm::Frozen);
        let recorded = recorded.tensor(name).expect("recorded");
        let recorded = Tensor::from_data_size(recorded.data(), &[160, 10], kind);
        let difference = (logits - recorded).abs().max().double_value(&[]);
        assert!(difference <= tolerance, "{name}: {difference}");
    }
}
