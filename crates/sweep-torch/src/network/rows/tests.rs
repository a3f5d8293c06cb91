use sweep_protocol::{
    network::{self, NETWORKS},
    recipe::BatchNorm,
    terms::Seed,
};
use tch::{Device, Kind, Tensor};

use super::{NetworkRows, Weights};
use crate::{
    draws::{Draws, Purpose, Seeded},
    network::{Network, build},
};

const PLACE: (Kind, Device) = (Kind::Double, Device::Cpu);
const CLASSES: u32 = 5;
const BATCH: usize = 6;
const ROWS: u64 = 3;

/// Every network of the catalogue, on images that its blocks see in large maps and in small ones, and one so wide that its
/// kernels lie pixel by pixel.
fn networks() -> impl Iterator<Item = (String, Network, i64)> {
    NETWORKS.iter().flat_map(|architecture| {
        let shapes: &[(u32, u32)] = match architecture.name {
            "mlp" => &[(16, 8), (16, 12)],
            "resnet18" => &[(2, 32), (2, 48), (16, 32)],
            "vit" => &[(12, 8), (16, 12)],
            _ => &[(2, 32), (2, 48)],
        };
        shapes.iter().map(|&(width, size)| {
            let name = architecture.name;
            let usual = architecture.usual(CLASSES).keys;
            let small = |(key, usual): (String, u32)| match key.as_str() {
                "width" => (key, width),
                "depth" => (key, 2),
                _ => (key, usual),
            };
            let keys = usual.into_iter().map(small).collect();
            let wanted = network::Network { size, keys, ..network::Network::new(name, CLASSES, &[]) };
            (
                format!("{name} of width {width} on {size}"),
                build(&wanted).expect("registered"),
                i64::from(size),
            )
        })
    })
}

fn born(network: &Network, seed: u64) -> Weights {
    Weights::born(network, &mut Seeded::new(Seed(seed)), PLACE).expect("seeded")
}

fn images(seed: u64, size: i64) -> Tensor {
    let count = BATCH * 3 * (size * size) as usize;
    let pixels = Seeded::new(Seed(seed)).uniform(&Purpose::Birth { key: "pixels" }, count, 1.0);
    Tensor::from_slice(&pixels.expect("seeded")).view([BATCH as i64, 3, size, size])
}

/// A loss that doesn't treat rows alike.
fn loss(logits: &Tensor) -> Tensor {
    (logits.square() + logits).mean(Kind::Double)
}

#[track_caller]
fn close(what: &str, have: &Tensor, want: &Tensor) {
    assert_eq!(have.size(), want.size(), "{what}");
    if want.numel() == 0 {
        return;
    }
    let scale = want.abs().max().double_value(&[]).max(1e-6);
    let difference = (have - want).abs().max().double_value(&[]) / scale;
    assert!(difference <= 1e-10, "{what}: relative difference {difference}");
}

/// Logits, gradient and running statistics after a pass.
fn passed(network: &Network, weights: &Weights, images: &Tensor, batch_norm: BatchNorm) -> [Tensor; 3] {
    let everything: Vec<usize> = (0..network.layout().parameters.len()).collect();
    weights.require_gradients(&everything);
    let logits = network.forward(weights, images, batch_norm);
    let gradient = weights.gradient(&loss(&logits), &everything);
    [logits.detach(), gradient, statistics(weights)]
}

fn statistics(weights: &Weights) -> Tensor {
    let all: Vec<Tensor> = weights.views().statistics().collect();
    if all.is_empty() { Tensor::zeros([0], PLACE) } else { Tensor::cat(&all, 0) }
}

#[test]
fn rows_are_what_each_network_is_by_itself() {
    for (name, network, size) in networks() {
        let everything: Vec<usize> = (0..network.layout().parameters.len()).collect();
        for batch_norm in [BatchNorm::Train, BatchNorm::Frozen] {
            let seen: Vec<Tensor> = (0..ROWS).map(|seed| images(seed, size)).collect();
            let alone = |seed: u64| passed(&network, &born(&network, seed), &seen[seed as usize], batch_norm);
            let alone: Vec<[Tensor; 3]> = (0..ROWS).map(alone).collect();

            let mut together: Vec<Weights> = (0..ROWS).map(|seed| born(&network, seed)).collect();
            let rows = NetworkRows::of(&mut together.iter_mut().collect::<Vec<_>>(), 0);
            rows.require_gradients(&everything);
            let logits = network.forward_rows(&rows, &seen.iter().collect::<Vec<_>>(), batch_norm);
            let losses: Vec<Tensor> = logits.iter().map(loss).collect();
            let gradients = rows.gradient(&losses.iter().collect::<Vec<_>>(), &everything);
            for (row, [logits_alone, gradient, after]) in alone.iter().enumerate() {
                let name = format!("row {row} of {name}, {batch_norm:?}");
                close(&format!("logits of {name}"), &logits[row].detach(), logits_alone);
                close(&format!("gradient of {name}"), &gradients.select(0, row as i64), gradient);
                close(&format!("statistics of {name}"), &statistics(&together[row]), after);
            }
        }
    }
}

#[test]
fn networks_live_in_their_rows() {
    let network = networks().next().expect("a network").1;
    let mut several: Vec<Weights> = (0..ROWS).map(|seed| born(&network, seed)).collect();
    let before: Vec<_> = several.iter().map(Weights::state).collect();
    let rows = NetworkRows::of(&mut several.iter_mut().collect::<Vec<_>>(), 5);
    assert_eq!(rows.count(), 5, "copies fill up");
    assert_eq!(several.iter().map(Weights::state).collect::<Vec<_>>(), before);
    let _ = rows.segment(0, 1).fill_(7.0);
    assert!(several.iter().all(|weights| (weights.segment(0, 1).double_value(&[0]) - 7.0).abs() < 1e-12));
}
