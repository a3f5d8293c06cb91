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

    /// A parameter as a view of the flat buffer, of PyTorch's shape.
    pub(super) fn view(self, parameter: &Parameter, flat: &Tensor) -> Tensor {
        let slice = flat.narrow(0, parameter.offset, parameter.count());
        match (self, parameter.shape.as_slice()) {
            (Self::Interleaved, &[outputs, inputs, height, width]) => {
                slice.view([outputs, height, width, inputs]).permute([0, 3, 1, 2])
            }
            (_, shape) => slice.view(shape),
        }
    }

    /// A tensor of a parameter's shape, in the order of the flat buffer.
    pub(super) fn flatten(self, parameter: &Parameter, tensor: &Tensor) -> Tensor {
        if self == Self::Interleaved && parameter.role == Role::Kernel {
            tensor.permute([0, 2, 3, 1]).reshape([-1])
        } else {
            tensor.reshape([-1])
        }
    }
}
