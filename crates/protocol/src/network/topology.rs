//! What a network computes, as a tree of named layers.

/// A network from its images to its logits: the stem, then block after block, then the head.
///
/// The three groups are what methods speak of: the head is the classifier with what pools features for it, a block is
/// what is frozen or drawn afresh as a whole, the stem is everything before the first block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    /// Layers before the first block.
    pub stem: Vec<Layer>,
    /// Blocks, from the input to the output.
    pub blocks: Vec<Block>,
    /// Layers after the last block.
    pub head: Vec<Layer>,
}

/// Layers that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its name in PyTorch's state dict, with which the names of its layers begin: `layer4.1`.
    pub name: String,
    /// Its layers, in order.
    pub layers: Vec<Layer>,
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Its name in PyTorch's state dict, within its block: `conv1`, `downsample.0`. Layers without tensors may have none.
    pub name: String,
    /// What it computes.
    pub operation: Operation,
}

/// What a layer computes. Features are \[B, channels, height, width\], or \[B, features\] once they are flat; tokens are \[B,
/// tokens, features\].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Square convolution.
    Convolution(Convolution),
    /// Batch normalisation of so many channels: ε = 1e-5, a tenth of a running statistic is the new batch's.
    BatchNorm {
        /// Channels.
        channels: i64,
    },
    /// max(x, 0).
    Relu,
    /// Square max pooling.
    MaxPool {
        /// Side of the window.
        kernel: i64,
        /// Step of the window.
        stride: i64,
        /// Border of −∞.
        padding: i64,
    },
    /// The mean over height and width, which become 1.
    AveragePool,
    /// The largest over height and width, which become 1.
    LargestPool,
    /// Channels, height and width become one axis.
    Flatten,
    /// Affine map of flat features, or of each token.
    Linear(Linear),
    /// Tokens of an image: that of the class, then one for each square patch, each with a position added.
    Patches(Patches),
    /// Layer normalisation of flat features or of each token: ε = 1e-6.
    LayerNorm {
        /// Features.
        features: i64,
    },
    /// Tokens look at one another: scaled products of queries and keys, over several heads.
    Attention {
        /// Features of a token.
        width: i64,
        /// Heads, which share the features among them.
        heads: i64,
    },
    /// x Φ(x) of the normal distribution.
    Gelu,
    /// The token of the class, as flat features.
    FirstToken,
    /// Division of everything by a number.
    Divide {
        /// The number, not 0.
        by: i64,
    },
    /// The sum of two branches of one input.
    Residual {
        /// The long branch.
        body: Vec<Layer>,
        /// The short one; the identity where it has no layers.
        shortcut: Vec<Layer>,
    },
}

/// From what kernels, weights and their biases are drawn when a network is born.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Birth {
    /// Uniform in ±1/√inputs: PyTorch's layers by default.
    FanIn,
    /// Normal with the variance 2/outputs of a kernel; a bias as by default. torchvision's residual networks.
    FanOut,
    /// Normal with the standard deviation 1e-4, a bias too: networks that learn features instead of keeping those of their
    /// birth.
    Small,
    /// Uniform in ±√(6/(inputs + outputs)), a bias normal with the standard deviation 1e-6: torchvision's transformers.
    Glorot,
    /// Normal with the variance 1/inputs, a bias 0: patches of torchvision's transformers.
    LeCun,
    /// Normal with the standard deviation 0.02: positions of torchvision's transformers.
    Position,
    /// 0.
    Zero,
}

/// A square convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convolution {
    /// Channels that come in.
    pub inputs: i64,
    /// Channels that go out.
    pub outputs: i64,
    /// Side of the kernel.
    pub kernel: i64,
    /// Step of the kernel.
    pub stride: i64,
    /// Border of zeros.
    pub padding: i64,
    /// Whether a bias is added.
    pub bias: bool,
    /// How its tensors are drawn.
    pub birth: Birth,
}

/// An affine map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linear {
    /// Features that come in.
    pub inputs: i64,
    /// Features that go out.
    pub outputs: i64,
    /// Whether a bias is added.
    pub bias: bool,
    /// How its tensors are drawn.
    pub birth: Birth,
}

/// Square patches of an image as tokens. Names of tensors are torchvision's: `class_token` \[1, 1, width\], `conv_proj`, a
/// convolution whose step is its kernel, and `encoder.pos_embedding` \[1, 1 + count, width\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patches {
    /// Channels of the image.
    pub channels: i64,
    /// Pixels of a side of a patch.
    pub side: i64,
    /// Patches of an image.
    pub count: i64,
    /// Features of a token.
    pub width: i64,
}

impl Layer {
    /// A layer that has tensors, and so a name.
    pub fn named(name: impl Into<String>, operation: Operation) -> Self {
        Self { name: name.into(), operation }
    }

    /// A layer without tensors.
    pub fn plain(operation: Operation) -> Self {
        Self { name: String::new(), operation }
    }

    /// A convolution without bias.
    pub fn convolution(
        name: &str,
        [inputs, outputs]: [i64; 2],
        kernel: i64,
        [stride, padding]: [i64; 2],
    ) -> Self {
        let convolution =
            Convolution { inputs, outputs, kernel, stride, padding, bias: false, birth: Birth::FanOut };
        Self::named(name, Operation::Convolution(convolution))
    }

    /// A batch normalisation.
    pub fn batch_norm(name: &str, channels: i64) -> Self {
        Self::named(name, Operation::BatchNorm { channels })
    }

    /// An affine map with a bias.
    pub fn linear(name: &str, [inputs, outputs]: [i64; 2]) -> Self {
        Self::named(name, Operation::Linear(Linear { inputs, outputs, bias: true, birth: Birth::FanIn }))
    }
}
