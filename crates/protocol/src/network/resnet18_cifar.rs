//! ResNet-18 for small images: what the literature trains on CIFAR-10.
//!
//! torchvision's ResNet-18 with a 3×3 stem of stride 1 and without max pooling, so that the first stage sees the whole
//! 32×32 image. Keys are torchvision's.

use super::{
    Architecture, CHANNELS,
    resnet18::{WIDTH, blocks, head},
    topology::{Layer, Operation, Topology},
};

pub(super) const NETWORK: Architecture = Architecture {
    name: "resnet18-cifar",
    about: "ResNet-18 for images of 32×32: 3×3 stem of stride 1, no pooling before the blocks",
    source: "He et al., Deep residual learning for image recognition, CVPR 2016, § 4.2; the ResNet-18 of unlearning papers on \
             CIFAR-10 (Unlearn-Sparse, SalUn)",
    keys: &[WIDTH],
    topology: |network| {
        let width = network.key(&WIDTH);
        let stem = vec![
            Layer::convolution("conv1", [CHANNELS, width], 3, [1, 1]),
            Layer::batch_norm("bn1", width),
            Layer::plain(Operation::Relu),
        ];
        Topology { stem, blocks: blocks(width), head: head(8 * width, network.classes()) }
    },
    ..Architecture::PLAIN
};
