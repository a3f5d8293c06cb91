//! torchvision's ResNet-18, with a base width: 7×7 stem, max pooling, four stages of two basic blocks, one linear layer.
//!
//! Same topology, keys and parameter order as `torchvision.models.resnet18`; width 64 is torchvision's.

use super::{
    Architecture, CHANNELS, Key,
    topology::{Block, Layer, Operation, Topology},
};

/// Channels of the first stage.
pub(super) const WIDTH: Key =
    Key { name: "width", least: 1, most: 256, default: 64, about: "channels of the first stage" };

pub(super) const NETWORK: Architecture = Architecture {
    name: "resnet18",
    about: "ResNet-18 for photographs: 7×7 stem of stride 2, max pooling, eight basic blocks; width 64 is torchvision's",
    source: "He et al., Deep residual learning for image recognition, CVPR 2016; torchvision.models.resnet18",
    keys: &[WIDTH],
    topology: |network| {
        let width = network.key(&WIDTH);
        let stem = vec![
            Layer::convolution("conv1", [CHANNELS, width], 7, [2, 3]),
            Layer::batch_norm("bn1", width),
            Layer::plain(Operation::Relu),
            Layer::plain(Operation::MaxPool { kernel: 3, stride: 2, padding: 1 }),
        ];
        Topology { stem, blocks: blocks(width), head: head(8 * width, network.classes()) }
    },
    ..Architecture::PLAIN
};

/// Four stages of two basic blocks; each stage after the first halves the image and doubles the channels.
pub(super) fn blocks(width: i64) -> Vec<Block> {
    let mut channels = width;
    (0..8)
        .map(|place| {
            let (stage, position) = (place / 2, place % 2);
            let (inputs, outputs) = (channels, width << stage);
            channels = outputs;
            let stride = if stage > 0 && position == 0 { 2 } else { 1 };
            Block {
                name: format!("layer{}.{position}", stage + 1),
                layers: basic_block([inputs, outputs], stride),
            }
        })
        .collect()
}

fn basic_block([inputs, outputs]: [i64; 2], stride: i64) -> Vec<Layer> {
    let body = vec![
        Layer::convolution("conv1", [inputs, outputs], 3, [stride, 1]),
        Layer::batch_norm("bn1", outputs),
        Layer::plain(Operation::Relu),
        Layer::convolution("conv2", [outputs, outputs], 3, [1, 1]),
        Layer::batch_norm("bn2", outputs),
    ];
    let reshapes = stride != 1 || inputs != outputs;
    let shortcut = if reshapes {
        vec![
            Layer::convolution("downsample.0", [inputs, outputs], 1, [stride, 0]),
            Layer::batch_norm("downsample.1", outputs),
        ]
    } else {
        Vec::new()
    };
    vec![Layer::plain(Operation::Residual { body, shortcut }), Layer::plain(Operation::Relu)]
}

/// Average pooling and one linear layer.
pub(super) fn head(features: i64, classes: i64) -> Vec<Layer> {
    vec![
        Layer::plain(Operation::AveragePool),
        Layer::plain(Operation::Flatten),
        Layer::linear("fc", [features, classes]),
    ]
}
