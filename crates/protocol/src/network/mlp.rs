//! A fully connected network of three layers: what studies of reconstruction train.
//!
//! The first layer is born small, so that it learns its features from the images; only it has a bias. Keys are those of
//! the authors' code (`layers.0.weight`, …).

use super::{
    Architecture, CHANNELS, Key,
    topology::{Birth, Block, Layer, Linear, Operation, Topology},
};

/// Neurons of each hidden layer.
const WIDTH: Key =
    Key { name: "width", least: 1, most: 4096, default: 1000, about: "neurons of each hidden layer" };

pub(super) const NETWORK: Architecture = Architecture {
    name: "mlp",
    about: "Fully connected: two hidden layers, a bias and a small birth of the first alone",
    source: "Haim et al., Reconstructing training data from trained neural networks, NeurIPS 2022, arXiv:2206.07758",
    keys: &[WIDTH],
    topology: |network| {
        let (width, size) = (network.key(&WIDTH), network.size());
        let linear = |name: &str, inputs, outputs, bias, birth| {
            Layer::named(name, Operation::Linear(Linear { inputs, outputs, bias, birth }))
        };
        let stem = vec![
            Layer::plain(Operation::Flatten),
            linear("layers.0", CHANNELS * size * size, width, true, Birth::Small),
            Layer::plain(Operation::Relu),
        ];
        let hidden = Block {
            name: "layers.1".to_owned(),
            layers: vec![linear("", width, width, false, Birth::FanIn), Layer::plain(Operation::Relu)],
        };
        let head = vec![linear("layers.2", width, network.classes(), false, Birth::FanIn)];
        Topology { stem, blocks: vec![hidden], head }
    },
    ..Architecture::PLAIN
};
