//! Which tensors a network has: their keys, shapes, roles and places in the flat buffers.

use tch::Tensor;

/// What a parameter is to its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Kernel \[out, in, height, width\] of a convolution.
    Kernel,
    /// Scale of a batch normalisation.
    NormWeight,
    /// Shift of a batch normalisation.
    NormBias,
    /// Weight \[out, in\] of a linear layer.
    LinearWeight,
    /// Bias of a linear layer that has `fan_in` inputs.
    LinearBias {
        /// Inputs of the layer.
        fan_in: i64,
    },
}

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
    /// The fastest that is safe for stages of `width` channels and multiples of it.
    pub(super) fn of_width(width: i64) -> Self {
        if width % 16 == 0 { Self::Interleaved } else { Self::Planar }
    }

    /// Images \[B, C, H, W\], laid out in this format.
    pub(super) fn arrange(self, images: &Tensor) -> Tensor {
        match self {
            Self::Planar => images.contiguous(),
            Self::Interleaved => images.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]),
        }
    }
}

/// One trainable tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// State-dict key, e.g. `layer1.0.conv1.weight`.
    pub key: String,
    /// Shape, as PyTorch has it.
    pub shape: Vec<i64>,
    /// What it is.
    pub role: Role,
    /// Where it starts in the flat buffer of parameters.
    pub offset: i64,
}

impl Parameter {
    /// Number of elements.
    pub fn count(&self) -> i64 {
        self.shape.iter().product()
    }

    /// Name of the module that it belongs to.
    pub fn module(&self) -> &str {
        self.key.rsplit_once('.').map_or("", |(module, _)| module)
    }
}

/// One batch normalisation's running statistics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Norm {
    /// Name of the module, e.g. `bn1`.
    pub module: String,
    /// Channels.
    pub channels: i64,
    /// Where its running means start in the flat buffer of statistics; the variances follow them.
    pub offset: i64,
}

/// One line of a state dict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Parameter(usize),
    Mean(usize),
    Variance(usize),
    Batches(usize),
}

/// All tensors of a network, in the order of PyTorch's state dict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// Trainable tensors, in the order of `model.parameters()`.
    pub parameters: Vec<Parameter>,
    /// Batch normalisations, in the same order.
    pub norms: Vec<Norm>,
    pub(super) entries: Vec<Entry>,
    pub(super) format: Format,
}

/// Places of a batch normalisation's tensors in the layout.
#[derive(Debug, Clone, Copy)]
pub(super) struct NormPlace {
    pub(super) weight: usize,
    pub(super) bias: usize,
    pub(super) norm: usize,
}

impl Layout {
    /// No tensors yet.
    pub(super) fn new(format: Format) -> Self {
        Self { format, ..Self::default() }
    }

    /// A parameter as a view of the flat buffer, of PyTorch's shape.
    pub(crate) fn view(&self, parameter: &Parameter, flat: &Tensor) -> Tensor {
        let slice = flat.narrow(0, parameter.offset, parameter.count());
        match (self.format, parameter.shape.as_slice()) {
            (Format::Interleaved, &[outputs, inputs, height, width]) => {
                slice.view([outputs, height, width, inputs]).permute([0, 3, 1, 2])
            }
            (_, shape) => slice.view(shape),
        }
    }

    /// A tensor of a parameter's shape, in the order of the flat buffer.
    pub(crate) fn flatten(&self, parameter: &Parameter, tensor: &Tensor) -> Tensor {
        if self.format == Format::Interleaved && parameter.role == Role::Kernel {
            tensor.permute([0, 2, 3, 1]).reshape([-1])
        } else {
            tensor.reshape([-1])
        }
    }

    /// Elements of all parameters.
    pub fn parameter_count(&self) -> i64 {
        self.parameters.last().map_or(0, |last| last.offset + last.count())
    }

    /// Elements of all running statistics.
    pub fn statistic_count(&self) -> i64 {
        self.norms.last().map_or(0, |last| last.offset + 2 * last.channels)
    }

    pub(super) fn convolution(&mut self, module: &str, shape: [i64; 4]) -> usize {
        self.parameter(format!("{module}.weight"), &shape, Role::Kernel)
    }

    pub(super) fn norm(&mut self, module: &str, channels: i64) -> NormPlace {
        let weight = self.parameter(format!("{module}.weight"), &[channels], Role::NormWeight);
        let bias = self.parameter(format!("{module}.bias"), &[channels], Role::NormBias);
        let (norm, offset) = (self.norms.len(), self.statistic_count());
        self.norms.push(Norm { module: module.to_owned(), channels, offset });
        self.entries.extend([Entry::Mean(norm), Entry::Variance(norm), Entry::Batches(norm)]);
        NormPlace { weight, bias, norm }
    }

    pub(super) fn linear(&mut self, module: &str, outputs: i64, inputs: i64) -> (usize, usize) {
        let weight = self.parameter(format!("{module}.weight"), &[outputs, inputs], Role::LinearWeight);
        let bias = self.parameter(format!("{module}.bias"), &[outputs], Role::LinearBias { fan_in: inputs });
        (weight, bias)
    }

    fn parameter(&mut self, key: String, shape: &[i64], role: Role) -> usize {
        let (place, offset) = (self.parameters.len(), self.parameter_count());
        self.parameters.push(Parameter { key, shape: shape.to_vec(), role, offset });
        self.entries.push(Entry::Parameter(place));
        place
    }
}
