//! Layers of several networks at once.
//!
//! Features are \[M, B, C, H, W\]. What works channel by channel sees them as \[B, M·C, H, W\]: one batch normalisation, one
//! pooling, one convolution in M groups. Where a map is so small that a convolution has more taps than places, it is one
//! product of matrices over the whole map for each network; taps that never meet data don't take part.

use std::{cell::RefCell, collections::BTreeMap};

use tch::{Device, Tensor};

/// Side of the largest map on which convolutions are products.
const SMALL: i64 = 2;

/// How a convolution goes over a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stride {
    pub(super) stride: i64,
    pub(super) padding: i64,
}

/// Which tap of a kernel joins two places of a small map; found once for each kind of convolution.
#[derive(Debug, Default)]
pub(super) struct Taps(RefCell<BTreeMap<Map, Tensor>>);

/// A kernel \[height, width\] on a map \[height, width\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Map {
    kernel: [i64; 2],
    size: [i64; 2],
    over: Stride,
}

impl Map {
    /// Height and width of what comes out.
    fn result(&self) -> [i64; 2] {
        let length = |axis: usize| {
            (self.size[axis] + 2 * self.over.padding - self.kernel[axis]) / self.over.stride + 1
        };
        [length(0), length(1)]
    }

    /// For each place of the map and each place of the result, which tap joins them; one more than there are where none
    /// does.
    fn taps(&self) -> Vec<i64> {
        let ([height, width], [below, beside]) = (self.size, self.result());
        let mut taps = Vec::new();
        for from in (0..height).flat_map(|i| (0..width).map(move |j| [i, j])) {
            for to in (0..below).flat_map(|i| (0..beside).map(move |j| [i, j])) {
                taps.push(self.tap(from, to));
            }
        }
        taps
    }

    fn tap(&self, from: [i64; 2], to: [i64; 2]) -> i64 {
        let at = |axis: usize| from[axis] + self.over.padding - to[axis] * self.over.stride;
        let [height, width] = self.kernel;
        let inside = (0..height).contains(&at(0)) && (0..width).contains(&at(1));
        if inside { at(0) * width + at(1) } else { height * width }
    }
}

impl Taps {
    fn of(&self, map: &Map, device: Device) -> Tensor {
        let mut known = self.0.borrow_mut();
        known.entry(*map).or_insert_with(|| Tensor::from_slice(&map.taps()).to_device(device)).shallow_clone()
    }
}

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
    if height.max(width) <= SMALL {
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

/// The convolution as one matrix for each network, from all places of the map to all places of the result.
fn products(input: &Tensor, kernel: &Tensor, map: &Map, taps: &Taps) -> Tensor {
    let ([rows, batch, ..], [_, outputs, inputs, height, width]) = (axes(input), axes(kernel));
    let [below, beside] = map.result();
    let (before, after) = (map.size[0] * map.size[1], below * beside);
    let kernel = kernel.reshape([rows, outputs, inputs, height * width]);
    let none = kernel.new_zeros([rows, outputs, inputs, 1], (kernel.kind(), kernel.device()));
    let joined = Tensor::cat(&[kernel, none], 3).index_select(3, &taps.of(map, input.device()));
    let dense = joined.view([rows, outputs, inputs, before, after]).permute([0, 2, 3, 1, 4]);
    let dense = dense.reshape([rows, inputs * before, outputs * after]);
    input.reshape([rows, batch, inputs * before]).bmm(&dense).view([rows, batch, outputs, below, beside])
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

fn axes(tensor: &Tensor) -> [i64; 5] {
    let (rows, batch, channels, height, width) =
        tensor.size5().expect("features of several networks have five axes");
    [rows, batch, channels, height, width]
}
