//! Networks against PyTorch's own: logits, gradients and running statistics of one pass in float64.

use std::path::Path;

use safetensors::SafeTensors;
use sweep_inputs::checkpoint::{StateDict, Tensor as Numbers, Values};
use sweep_protocol::{
    network::{NETWORKS, Network},
    recipe::BatchNorm,
};
use sweep_torch::network::{Weights, build};
use tch::{Device, Kind, Tensor};

const CLASSES: i64 = 10;
const IMAGES: i64 = 8;

/// Recorded by `scripts/fixtures/network.py`. torchvision's own ResNet-18 is held by whole trajectories.
fn recording(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/network");
    let path = folder.join(format!("{name}.safetensors"));
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; scripts/fixtures/network.py records it", path.display()))
}

fn double(recorded: &SafeTensors<'_>, key: &str) -> Tensor {
    let tensor = recorded.tensor(key).unwrap_or_else(|_| panic!("`{key}` is not recorded"));
    let shape: Vec<i64> = tensor.shape().iter().map(|&axis| axis as i64).collect();
    Tensor::from_data_size(tensor.data(), &shape, Kind::Double)
}

/// The state dict that the pass starts from.
fn state(recorded: &SafeTensors<'_>) -> StateDict {
    let entries = recorded.iter().filter_map(|(key, tensor)| {
        let key = key.strip_prefix("state.")?;
        let values = if key.ends_with("num_batches_tracked") {
            let counts = tensor.data().as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes));
            Values::I64(counts.collect())
        } else {
            Values::F32(tensor.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
        };
        Some((key.to_owned(), Numbers { shape: tensor.shape().to_vec(), values }))
    });
    StateDict::new(entries.collect()).expect("a state dict")
}

fn close(key: &str, have: &Tensor, want: &Tensor) {
    assert_eq!(have.size(), want.size(), "{key}");
    let scale = want.abs().max().double_value(&[]).max(1.0);
    let difference = (have - want).abs().max().double_value(&[]) / scale;
    assert!(difference <= 1e-10, "{key}: relative difference {difference}");
}

#[test]
fn every_network_computes_what_pytorch_does() {
    for architecture in NETWORKS.iter().filter(|architecture| architecture.name != "resnet18") {
        let bytes = recording(architecture.name);
        let recorded = SafeTensors::deserialize(&bytes).expect("a safetensors file");
        let network =
            build(&Network::new(architecture.name, CLASSES as u32, &[("width", 2)])).expect("built");
        let weights = Weights::from_state(&network, &state(&recorded), (Kind::Double, Device::Cpu));
        let weights = weights.unwrap_or_else(|mismatch| panic!("{}: {mismatch}", architecture.name));
        let all: Vec<usize> = (0..network.layout().parameters.len()).collect();
        weights.require_gradients(&all);

        let images = recorded.tensor("images").expect("recorded");
        let images = Tensor::from_data_size(images.data(), &[IMAGES, 3, 32, 32], Kind::Uint8);
        let labels = recorded.tensor("labels").expect("recorded");
        let labels = Tensor::from_data_size(labels.data(), &[IMAGES], Kind::Int64);
        let logits = network.forward(&weights, &images.to_kind(Kind::Double), BatchNorm::Train);
        close("logits", &logits.detach(), &double(&recorded, "logits"));

        let gradient = weights.gradient(&logits.log_softmax(-1, Kind::Double).nll_loss(&labels), &all);
        for parameter in &network.layout().parameters {
            let key = format!("gradient.{}", parameter.key);
            close(&key, &network.view(parameter, &gradient), &double(&recorded, &key));
        }
        for (place, norm) in network.layout().norms.iter().enumerate() {
            let (mean, variance) = weights.statistics_of(place);
            for (have, what) in [(mean, "running_mean"), (variance, "running_var")] {
                let key = format!("after.{}.{what}", norm.module);
                close(&key, have, &double(&recorded, &key));
            }
        }
    }
}
