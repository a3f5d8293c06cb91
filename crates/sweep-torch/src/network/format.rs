//! How a network's convolutions lie in memory.

use sweep_protocol::network::{Layout, Parameter, Role};
use tch::Tensor;

/// How a network's convolutions lie in memory. What they compute is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Channel by channel: \[B, C, H, W\], kernels \[O, I, H, W\].
    #[default]
    Planar,
    /// Pixel by pixel: \[B, H, W, C\], kernels \[O, H, W, I\]. On a processor measuring takes half as long and training
    /// seven eighths. Only for channels that come in sixteens: with fewer, oneDNN's gradient of a 1×1 kernel writes past
    /// its end (`jit_avx2_1x1_convolution_bwd_weights_t` in libtorch 2.11).
    Interleaved,
}

impl Format {
    /// The fastest that is safe for the convolutions of a network.
    pub(super) fn of(layout: &Layout) -> Self {
        let kernels = || layout.parameters.iter().filter(|parameter| parameter.role == Role::Kernel);
        let come_in_sixteens = kernels().all(|kernel| kernel.shape[0] % 16 == 0);
        if come_in_sixteens && kernels().next().is_some() { Self::Interleaved } else { Self::Planar }
    }

    /// Images \[B, C, H, W\], laid out in this format.
    pub(super) fn arrange(self, images: &Tensor) -> Tensor {
        match self {
            Self::Planar => images.contiguous(),
            Self::Interleaved => images.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]),
        }
    }

    /// A parameter as a view of the flat buffer \[P\], of PyTorch's shape; of a buffer \[M, P\], one for each row.
    pub(super) fn view(self, parameter: &Parameter, flat: &Tensor) -> Tensor {
        let slice = flat.narrow(-1, parameter.offset, parameter.count());
        let mut shape = rows_of(&slice, 1);
        match (self, parameter.shape.as_slice()) {
            (Self::Interleaved, &[outputs, inputs, height, width]) => {
                shape.extend([outputs, height, width, inputs]);
                slice.view(shape.as_slice()).movedim_int(-1, -3)
            }
            (_, each) => {
                shape.extend(each);
                slice.view(shape.as_slice())
            }
        }
    }

    /// A tensor of a parameter's shape, in the order of the flat buffer; of several rows, one after the other.
    pub(super) fn flatten(self, parameter: &Parameter, tensor: &Tensor) -> Tensor {
        let mut shape = rows_of(tensor, parameter.shape.len());
        shape.push(-1);
        if self == Self::Interleaved && parameter.role == Role::Kernel {
            tensor.movedim_int(-3, -1).reshape(shape.as_slice())
        } else {
            tensor.reshape(shape.as_slice())
        }
    }
}

/// The axes before the last `of` ones: that of the rows, where there are several.
fn rows_of(tensor: &Tensor, of: usize) -> Vec<i64> {
    let mut shape = tensor.size();
    shape.truncate(shape.len() - of);
    shape
}
