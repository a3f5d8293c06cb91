//! torchvision's ResNet-18, with a base width: 7×7 stem, max pooling, four stages of two basic blocks, one linear layer.
//!
//! Same topology, keys and parameter order as `torchvision.models.resnet18`; width 64 is torchvision's.

use sweep_protocol::recipe::BatchNorm;
use tch::Tensor;

use super::{
    Layout, Network, Weights,
    layout::{Format, NormPlace},
};

/// ε in a batch normalisation's root.
const EPSILON: f64 = 1e-5;
/// Share of the new batch in a running statistic.
const MOMENTUM: f64 = 0.1;

struct ResNet18 {
    layout: Layout,
    stem: Convolution,
    stem_norm: NormPlace,
    blocks: Vec<Block>,
    head: (usize, usize),
}

#[derive(Clone, Copy)]
struct Convolution {
    kernel: usize,
    stride: i64,
    padding: i64,
}

struct Block {
    first: (Convolution, NormPlace),
    second: (Convolution, NormPlace),
    shortcut: Option<(Convolution, NormPlace)>,
}

pub(super) fn build(width: i64, classes: i64) -> Box<dyn Network> {
    build_in(Format::of_width(width), width, classes)
}

pub(super) fn build_in(format: Format, width: i64, classes: i64) -> Box<dyn Network> {
    let mut layout = Layout::new(format);
    let stem = Convolution { kernel: layout.convolution("conv1", [width, 3, 7, 7]), stride: 2, padding: 3 };
    let stem_norm = layout.norm("bn1", width);
    let mut blocks = Vec::with_capacity(8);
    let mut channels = width;
    for stage in 0..4 {
        for position in 0..2 {
            let outputs = width << stage;
            let stride = if stage > 0 && position == 0 { 2 } else { 1 };
            let name = format!("layer{}.{position}", stage + 1);
            blocks.push(Block::new(&mut layout, &name, [outputs, channels], stride));
            channels = outputs;
        }
    }
    let head = layout.linear("fc", classes, channels);
    Box::new(ResNet18 { layout, stem, stem_norm, blocks, head })
}

impl Block {
    fn new(layout: &mut Layout, name: &str, [outputs, inputs]: [i64; 2], stride: i64) -> Self {
        let mut unit = |suffix: [&str; 2], inputs, size, stride| {
            let kernel = layout.convolution(&format!("{name}.{}", suffix[0]), [outputs, inputs, size, size]);
            let norm = layout.norm(&format!("{name}.{}", suffix[1]), outputs);
            (Convolution { kernel, stride, padding: size / 2 }, norm)
        };
        let first = unit(["conv1", "bn1"], inputs, 3, stride);
        let second = unit(["conv2", "bn2"], outputs, 3, 1);
        let reshapes = stride != 1 || inputs != outputs;
        let shortcut = reshapes.then(|| unit(["downsample.0", "downsample.1"], inputs, 1, stride));
        Self { first, second, shortcut }
    }
}

/// One forward pass.
struct Forward<'a> {
    weights: &'a Weights,
    batch_norm: BatchNorm,
}

impl Forward<'_> {
    fn unit(&self, (convolution, norm): (Convolution, NormPlace), input: &Tensor) -> Tensor {
        let Convolution { kernel, stride, padding } = convolution;
        let output = input.conv2d(
            self.weights.parameter(kernel),
            None::<&Tensor>,
            [stride, stride],
            [padding, padding],
            [1, 1],
            1,
        );
        let [weight, bias, mean, variance] = self.weights.norm_tensors(norm);
        let train = self.batch_norm == BatchNorm::Train;
        output.batch_norm(
            Some(weight),
            Some(bias),
            Some(mean),
            Some(variance),
            train,
            MOMENTUM,
            EPSILON,
            true,
        )
    }

    fn block(&self, block: &Block, input: &Tensor) -> Tensor {
        let inner = self.unit(block.first, input).relu_();
        let mut output = self.unit(block.second, &inner);
        let mut sum = match block.shortcut {
            Some(shortcut) => output.g_add_(&self.unit(shortcut, input)),
            None => output.g_add_(input),
        };
        sum.relu_()
    }
}

impl Network for ResNet18 {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn forward(&self, weights: &Weights, images: &Tensor, batch_norm: BatchNorm) -> Tensor {
        let pass = Forward { weights, batch_norm };
        let mut features =
            pass.unit((self.stem, self.stem_norm), &self.layout.format.arrange(images)).relu_();
        features = features.max_pool2d([3, 3], [2, 2], [1, 1], [1, 1], false);
        for block in &self.blocks {
            features = pass.block(block, &features);
        }
        let pooled = features.adaptive_avg_pool2d([1, 1]).flatten(1, -1);
        let (weight, bias) = self.head;
        pooled.linear(weights.parameter(weight), Some(weights.parameter(bias)))
    }
}
