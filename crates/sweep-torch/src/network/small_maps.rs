//! Convolutions on small maps.
//!
//! Where a map is so small that a convolution has more taps than places, it is one product of matrices over the whole map;
//! taps that never meet data don't take part, and their gradients are 0. libtorch's own convolutions go over every tap: the
//! gradient of a 3×3 kernel on a map of one place takes them fourteen times as long as all that is done here.

use std::{cell::RefCell, collections::BTreeMap};

use tch::{Device, Tensor};

use super::Format;

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
pub(super) struct Map {
    pub(super) kernel: [i64; 2],
    pub(super) size: [i64; 2],
    pub(super) over: Stride,
}

impl Map {
    pub(super) fn is_small(&self) -> bool {
        self.size[0].max(self.size[1]) <= SMALL
    }

    /// Height and width of what comes out.
    fn result(&self) -> [i64; 2] {
        let length = |axis: usize| {
            (self.size[axis] + 2 * self.over.padding - self.kernel[axis]) / self.over.stride + 1
        };
        [length(0), length(1)]
    }

    /// For each place of the result and each place of the map, which tap joins them; one more than there are where none
    /// does.
    fn taps(&self) -> Vec<i64> {
        let ([height, width], [below, beside]) = (self.size, self.result());
        let places = |height, width| (0..height).flat_map(move |i| (0..width).map(move |j| [i, j]));
        let pairs = places(below, beside).flat_map(|to| places(height, width).map(move |from| (from, to)));
        pairs.map(|(from, to)| self.tap(from, to)).collect()
    }

    /// Whether every place of the result looks at every place of the map.
    fn joins_all(&self) -> bool {
        self.taps().iter().all(|&tap| tap < self.kernel[0] * self.kernel[1])
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

/// Convolutions of several networks, \[M, B, I, H, W\] with kernels \[M, O, I, h, w\], as one matrix for each network, from all places of the map to all places of the result.
pub(super) fn products(input: &Tensor, kernel: &Tensor, map: &Map, taps: &Taps) -> Tensor {
    let ([rows, batch, ..], [_, outputs, inputs, height, width]) = (axes(input), axes(kernel));
    let [below, beside] = map.result();
    let (before, after) = (map.size[0] * map.size[1], below * beside);
    let kernel = kernel.reshape([rows, outputs, inputs, height * width]);
    let none = kernel.new_zeros([rows, outputs, inputs, 1], (kernel.kind(), kernel.device()));
    let joined = Tensor::cat(&[kernel, none], 3).index_select(3, &taps.of(map, input.device()));
    let dense = joined.view([rows, outputs, inputs, after, before]).permute([0, 2, 4, 1, 3]);
    let dense = dense.reshape([rows, inputs * before, outputs * after]);
    input.reshape([rows, batch, inputs * before]).bmm(&dense).view([rows, batch, outputs, below, beside])
}

/// The convolution of one network on a small map, of \[B, I, H, W\] with a kernel \[O, I, h, w\], in memory of its own; nothing
/// where libtorch's own is as good.
pub(super) fn product(
    input: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    (over, format, taps): (Stride, Format, &Taps),
) -> Option<Tensor> {
    let ((batch, inputs, height, width), (outputs, _, kernel_height, kernel_width)) =
        (input.size4().ok()?, kernel.size4().ok()?);
    let map = Map { kernel: [kernel_height, kernel_width], size: [height, width], over };
    if !map.is_small() || kernel_height * kernel_width == 1 || !map.joins_all() {
        return None;
    }
    let [below, beside] = map.result();
    let by_tap = kernel.flatten(-2, -1).transpose(-1, -2);
    let matrix = match map.taps().as_slice() {
        &[single] => by_tap.select(1, single),
        _ => by_tap
            .index_select(1, &taps.of(&map, kernel.device()))
            .view([outputs * below * beside, height * width * inputs]),
    };
    let pixels = input.permute([0, 2, 3, 1]).reshape([batch, height * width * inputs]);
    let output = pixels.linear(&matrix, None::<&Tensor>).view([batch, outputs, below * beside]);
    let output = match bias {
        Some(bias) => output + bias.unsqueeze(-1),
        None => output,
    };
    Some(match format {
        Format::Planar => output.view([batch, outputs, below, beside]),
        Format::Interleaved => {
            let pixels = output.transpose(1, 2).contiguous();
            pixels.view([batch, below, beside, outputs]).permute([0, 3, 1, 2])
        }
    })
}

/// Axes of the features, or of the kernels, of several networks.
pub(super) fn axes(tensor: &Tensor) -> [i64; 5] {
    let (rows, batch, channels, height, width) =
        tensor.size5().expect("features of several networks have five axes");
    [rows, batch, channels, height, width]
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind, Tensor};

    use super::{Stride, Taps, product};
    use crate::{
        draws::{Draws, Purpose, Seeded},
        network::Format,
    };
    use sweep_protocol::terms::Seed;

    fn drawn(key: &str, shape: &[i64]) -> Tensor {
        let count = shape.iter().product::<i64>() as usize;
        let values = Seeded::new(Seed(5)).normal(&Purpose::Birth { key }, count, 1.0).expect("seeded");
        Tensor::from_slice(&values).view(shape).to_device(Device::Cpu).set_requires_grad(true)
    }

    #[test]
    fn products_are_convolutions_and_have_their_gradients() {
        for (size, kernel, stride, padding) in
            [(1, 3, 1, 1), (2, 3, 1, 1), (2, 3, 2, 1), (1, 3, 2, 1), (2, 2, 1, 0)]
        {
            for format in [Format::Planar, Format::Interleaved] {
                let [input, weight, bias] = [
                    drawn("input", &[5, 6, size, size]),
                    drawn("weight", &[4, 6, kernel, kernel]),
                    drawn("bias", &[4]),
                ];
                let over = Stride { stride, padding };
                let of = (over, format, &Taps::default());
                let have = product(&input, &weight, Some(&bias), of).expect("a small map");
                let want = input.conv2d(&weight, Some(&bias), [stride; 2], [padding; 2], [1, 1], 1);
                let gradients = |output: &Tensor| {
                    let loss = (output.square() + output).sum(Kind::Double);
                    Tensor::run_backward(&[&loss], &[&input, &weight, &bias], false, false)
                };
                let (from_have, from_want) = (gradients(&have), gradients(&want));
                for (have, want) in [(&have, &want)].into_iter().chain(from_have.iter().zip(&from_want)) {
                    let furthest = (have - want).abs().max().double_value(&[]);
                    assert!(
                        furthest <= 1e-11,
                        "{size}, {kernel}, {stride}, {padding}, {format:?}: {furthest}"
                    );
                }
            }
        }
    }

    #[test]
    fn maps_on_which_nothing_is_won_are_left_to_libtorch() {
        for (size, kernel, stride, padding) in [(3, 3, 1, 1), (2, 1, 2, 0), (1, 1, 1, 0), (2, 3, 1, 2)] {
            let (input, weight) =
                (drawn("input", &[5, 6, size, size]), drawn("weight", &[4, 6, kernel, kernel]));
            let of = (Stride { stride, padding }, Format::Planar, &Taps::default());
            assert!(product(&input, &weight, None, of).is_none(), "{size}, {kernel}, {stride}, {padding}");
        }
    }
}
