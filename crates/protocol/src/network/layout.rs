//! Which tensors a network has: their keys, shapes, roles and places in the flat buffers. Derived from its topology.

use std::ops::Range;

use super::topology::{Birth, Layer, Operation, Patches, Topology};

/// What a parameter is to its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Kernel \[out, in, height, width\] of a convolution.
    Kernel,
    /// Bias of a convolution whose outputs have `fan_in` inputs each.
    KernelBias {
        /// Inputs of an output.
        fan_in: i64,
    },
    /// Scale of a normalisation.
    NormWeight,
    /// Shift of a normalisation.
    NormBias,
    /// Weight \[out, in\] of a linear layer.
    LinearWeight,
    /// Bias of a linear layer that has `fan_in` inputs.
    LinearBias {
        /// Inputs of the layer.
        fan_in: i64,
    },
    /// What is added to tokens, or stands beside them.
    Embedding,
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
    /// How it is drawn; scales and shifts of normalisations are not.
    pub birth: Birth,
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
pub enum Entry {
    /// A parameter, by its place in the layout.
    Parameter(usize),
    /// Running means of a batch normalisation, by its place.
    Mean(usize),
    /// Running variances of a batch normalisation, by its place.
    Variance(usize),
    /// How many batches a batch normalisation has seen.
    Batches(usize),
}

/// All tensors of a network, in the order of PyTorch's state dict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// Trainable tensors, in the order of `model.parameters()`.
    pub parameters: Vec<Parameter>,
    /// Batch normalisations, in the same order.
    pub norms: Vec<Norm>,
    /// Lines of the state dict.
    pub entries: Vec<Entry>,
    /// Parameters of the stem.
    pub stem: Range<usize>,
    /// Parameters of each block.
    pub blocks: Vec<Range<usize>>,
    /// Parameters of the head.
    pub head: Range<usize>,
    /// Parameters of all shortcuts, ascending.
    pub shortcuts: Vec<usize>,
    outputs: i64,
}

impl Layout {
    /// The tensors of a topology.
    pub fn of(topology: &Topology) -> Self {
        let mut layout = Self::default();
        layout.stem = layout.group("", &topology.stem);
        layout.blocks =
            topology.blocks.iter().map(|block| layout.group(&block.name, &block.layers)).collect();
        layout.head = layout.group("", &topology.head);
        layout
    }

    /// Elements of all parameters.
    pub fn parameter_count(&self) -> i64 {
        self.parameters.last().map_or(0, |last| last.offset + last.count())
    }

    /// Elements of all running statistics.
    pub fn statistic_count(&self) -> i64 {
        self.norms.last().map_or(0, |last| last.offset + 2 * last.channels)
    }

    /// Logits of an image: outputs of the last linear layer.
    pub fn outputs(&self) -> i64 {
        self.outputs
    }

    /// Keys and shapes of the state dict, in PyTorch's order.
    pub fn keys_and_shapes(&self) -> Vec<(String, Vec<usize>)> {
        let shape = |entry| match entry {
            Entry::Parameter(place) => self.parameters[place].shape.clone(),
            Entry::Mean(norm) | Entry::Variance(norm) => vec![self.norms[norm].channels],
            Entry::Batches(_) => Vec::new(),
        };
        let line = |&entry: &Entry| {
            let shape = shape(entry).into_iter().map(|axis| axis as usize).collect();
            (self.key(entry), shape)
        };
        self.entries.iter().map(line).collect()
    }

    /// The state-dict key of an entry.
    pub fn key(&self, entry: Entry) -> String {
        let (norm, tensor) = match entry {
            Entry::Parameter(place) => return self.parameters[place].key.clone(),
            Entry::Mean(norm) => (norm, "running_mean"),
            Entry::Variance(norm) => (norm, "running_var"),
            Entry::Batches(norm) => (norm, "num_batches_tracked"),
        };
        format!("{}.{tensor}", self.norms[norm].module)
    }

    fn group(&mut self, block: &str, layers: &[Layer]) -> Range<usize> {
        let start = self.parameters.len();
        self.layers(block, layers);
        start..self.parameters.len()
    }

    fn layers(&mut self, block: &str, layers: &[Layer]) {
        for layer in layers {
            let separator = if block.is_empty() || layer.name.is_empty() { "" } else { "." };
            let module = format!("{block}{separator}{}", layer.name);
            match &layer.operation {
                Operation::Convolution(it) => {
                    let fan_in = it.inputs * it.kernel * it.kernel;
                    let shape = [it.outputs, it.inputs, it.kernel, it.kernel];
                    self.parameter(format!("{module}.weight"), &shape, Role::Kernel, it.birth);
                    if it.bias {
                        let role = Role::KernelBias { fan_in };
                        self.parameter(format!("{module}.bias"), &[it.outputs], role, it.birth);
                    }
                }
                Operation::BatchNorm { channels } => self.batch_norm(module, *channels),
                Operation::LayerNorm { features } => self.norm(&module, *features),
                Operation::Patches(it) => self.patches(it),
                Operation::Attention { width, .. } => self.attention(&module, *width),
                Operation::Linear(it) => {
                    let shape = [it.outputs, it.inputs];
                    self.parameter(format!("{module}.weight"), &shape, Role::LinearWeight, it.birth);
                    if it.bias {
                        let role = Role::LinearBias { fan_in: it.inputs };
                        self.parameter(format!("{module}.bias"), &[it.outputs], role, it.birth);
                    }
                    self.outputs = it.outputs;
                }
                Operation::Residual { body, shortcut } => {
                    self.layers(block, body);
                    let start = self.parameters.len();
                    self.layers(block, shortcut);
                    self.shortcuts.extend(start..self.parameters.len());
                }
                Operation::Relu
                | Operation::MaxPool { .. }
                | Operation::AveragePool
                | Operation::LargestPool
                | Operation::Flatten
                | Operation::Gelu
                | Operation::FirstToken
                | Operation::Divide { .. } => {}
            }
        }
    }

    fn patches(&mut self, &Patches { channels, side, count, width }: &Patches) {
        let bias = Role::KernelBias { fan_in: channels * side * side };
        for (key, shape, role, birth) in [
            ("class_token", [1, 1, width].as_slice(), Role::Embedding, Birth::Zero),
            ("conv_proj.weight", &[width, channels, side, side], Role::Kernel, Birth::LeCun),
            ("conv_proj.bias", &[width], bias, Birth::LeCun),
            ("encoder.pos_embedding", &[1, 1 + count, width], Role::Embedding, Birth::Position),
        ] {
            self.parameter(key.to_owned(), shape, role, birth);
        }
    }

    /// Queries, keys and values in one map, as `torch.nn.MultiheadAttention` has them, and the map behind the heads.
    fn attention(&mut self, module: &str, width: i64) {
        let bias = Role::LinearBias { fan_in: width };
        for (key, shape, role, birth) in [
            ("in_proj_weight", [3 * width, width].as_slice(), Role::LinearWeight, Birth::Glorot),
            ("in_proj_bias", &[3 * width], bias, Birth::Zero),
            ("out_proj.weight", &[width, width], Role::LinearWeight, Birth::FanIn),
            ("out_proj.bias", &[width], bias, Birth::Zero),
        ] {
            self.parameter(format!("{module}.{key}"), shape, role, birth);
        }
    }

    /// Scale and shift.
    fn norm(&mut self, module: &str, features: i64) {
        self.parameter(format!("{module}.weight"), &[features], Role::NormWeight, Birth::FanIn);
        self.parameter(format!("{module}.bias"), &[features], Role::NormBias, Birth::FanIn);
    }

    fn batch_norm(&mut self, module: String, channels: i64) {
        self.norm(&module, channels);
        let (norm, offset) = (self.norms.len(), self.statistic_count());
        self.norms.push(Norm { module, channels, offset });
        self.entries.extend([Entry::Mean(norm), Entry::Variance(norm), Entry::Batches(norm)]);
    }

    fn parameter(&mut self, key: String, shape: &[i64], role: Role, birth: Birth) {
        let (place, offset) = (self.parameters.len(), self.parameter_count());
        self.parameters.push(Parameter { key, shape: shape.to_vec(), role, birth, offset });
        self.entries.push(Entry::Parameter(place));
    }
}
