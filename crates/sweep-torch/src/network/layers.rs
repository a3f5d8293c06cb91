//! Layers of several networks at once.
//!
//! Features are \[M, B, C, H, W\]. What works channel by channel sees them as \[B, M·C, H, W\]: one batch normalisation, one
//! pooling, one convolution in M groups, or one product of matrices for each network.

use tch::Tensor;

use super::small_maps::{Map, Stride, Taps, axes, products};

/// Convolutions of \[M, B, I, H, W\] with kernels \[M, O, I, h, w\] and biases \[M, O\].
pub(super) fn convolution(
    input: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    over: Stride,
    taps: &Taps,
) -> Tensor {
    let ([.., height, width], [.., kernel_height, kernel_width]) = (axes(input), axes(kernel));
    let map = Map { kernel: [kernel_height, kernel_width], size: [height, width], over };
    if map.is_small() {
        let output = products(input, kernel, &map, taps);
        return match bias {
            Some(bias) => output + bias.unsqueeze(1).unsqueeze(-1).unsqueeze(-1),
            None => output,
        };
    }
    let [rows, outputs, inputs, ..] = axes(kernel);
    let kernel = kernel.reshape([rows * outputs, inputs, kernel_height, kernel_width]);
    let bias = bias.map(|bias| bias.reshape([rows * outputs]));
    let (stride, padding) = ([over.stride, over.stride], [over.padding, over.padding]);
    tall(rows, &wide(input).conv2d(&kernel, bias.as_ref(), stride, padding, [1, 1], rows))
}

/// Linear layers of \[M, …, I\] with weights \[M, O, I\] and biases \[M, O\].
pub(super) fn linear(input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
    let mut shape = input.size();
    let output = input.flatten(1, -2).bmm(&weight.transpose(1, 2));
    let output = match bias {
        Some(bias) => output + bias.unsqueeze(1),
        None => output,
    };
    shape.truncate(shape.len() - 1);
    shape.push(weight.size()[1]);
    output.view(shape.as_slice())
}

/// What works channel by channel, on all channels of all networks.
pub(super) fn by_channel(input: &Tensor, layer: impl FnOnce(&Tensor) -> Tensor) -> Tensor {
    tall(input.size()[0], &layer(&wide(input)))
}

/// \[M, B, C, H, W\] as \[B, M·C, H, W\].
fn wide(features: &Tensor) -> Tensor {
    let [rows, batch, channels, height, width] = axes(features);
    features.transpose(0, 1).reshape([batch, rows * channels, height, width])
}

/// \[B, M·C, H, W\] as \[M, B, C, H, W\].
fn tall(rows: i64, features: &Tensor) -> Tensor {
    let (batch, channels, height, width) = features.size4().expect("features have four axes");
    features.reshape([batch, rows, channels / rows, height, width]).transpose(0, 1)
}
