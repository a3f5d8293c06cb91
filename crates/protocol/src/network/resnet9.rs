//! ResNet-9: the small residual network of fast training on CIFAR-10, and of `EasyDUB`'s published models.
//!
//! Keys are those of a tree of `torch.nn.Sequential`, as FFCV and `EasyDUB` have it (`0.0.weight`, `2.module.1.0.weight`, …).

use super::{
    Architecture, CHANNELS, Key,
    topology::{Birth, Block, Convolution, Layer, Linear, Operation, Topology},
};

/// Channels of the first layer.
const WIDTH: Key =
    Key { name: "width", least: 1, most: 256, default: 64, about: "channels of the first layer" };

pub(super) const NETWORK: Architecture = Architecture {
    name: "resnet9",
    about: "ResNet-9 for images of 32×32: eight convolutions, two of them with a kernel of 5×5 or without a border; width 64 \
            is EasyDUB's",
    source: "FFCV, examples/cifar (Leclerc et al., CVPR 2023); EasyDUB, easydub/models.py",
    keys: &[WIDTH],
    least_size: 12,
    topology: |network| {
        let width = network.key(&WIDTH);
        let unit = |name: &str, channels, kernel, stride, padding| {
            convolution_norm_relu(name, channels, [kernel, stride, padding])
        };
        let residual = |name: &str, channels: i64| {
            let body = ["module.0", "module.1"].map(|part| unit(part, [channels; 2], 3, 1, 1)).concat();
            let sum = Operation::Residual { body, shortcut: Vec::new() };
            Block { name: name.to_owned(), layers: vec![Layer::plain(sum)] }
        };
        let plain = |name: &str, layers| Block { name: name.to_owned(), layers };
        let halved = Layer::plain(Operation::MaxPool { kernel: 2, stride: 2, padding: 0 });
        let mut fourth = unit("", [2 * width, 4 * width], 3, 1, 1);
        fourth.push(halved);
        let blocks = vec![
            plain("1", unit("", [width, 2 * width], 5, 2, 2)),
            residual("2", 2 * width),
            plain("3", fourth),
            residual("5", 4 * width),
            plain("6", unit("", [4 * width, 2 * width], 3, 1, 0)),
        ];
        let (inputs, outputs) = (2 * width, network.classes());
        let last = Linear { inputs, outputs, bias: false, birth: Birth::FanIn };
        let head = vec![
            Layer::plain(Operation::LargestPool),
            Layer::plain(Operation::Flatten),
            Layer::named("9", Operation::Linear(last)),
            Layer::plain(Operation::Divide { by: 5 }),
        ];
        Topology { stem: unit("0", [CHANNELS, width], 3, 1, 1), blocks, head }
    },
    ..Architecture::PLAIN
};

fn convolution_norm_relu(
    name: &str,
    [inputs, outputs]: [i64; 2],
    [kernel, stride, padding]: [i64; 3],
) -> Vec<Layer> {
    let within = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    let convolution =
        Convolution { inputs, outputs, kernel, stride, padding, bias: false, birth: Birth::FanIn };
    vec![
        Layer::named(within("0"), Operation::Convolution(convolution)),
        Layer::batch_norm(&within("1"), outputs),
        Layer::plain(Operation::Relu),
    ]
}
