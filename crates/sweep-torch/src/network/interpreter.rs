//! The interpreter of topologies: a network's layers with their places in the layout, resolved once, and the one forward
//! pass.

use sweep_protocol::{
    network::{
        self, Layout, Parameter, Topology,
        topology::{Layer, Operation},
    },
    recipe::BatchNorm,
};
use tch::Tensor;

use super::{
    Format, LayerViews, NetworkRows, Weights, layers,
    small_maps::{self, Stride, Taps},
    tokens::{Maps, Networks, tokens},
};

/// ε in a batch normalisation's root.
const EPSILON: f64 = 1e-5;
/// Share of the new batch in a running statistic.
const MOMENTUM: f64 = 0.1;

/// A network that can be computed. It is stateless: its numbers are [`Weights`].
#[derive(Debug)]
pub struct Network {
    /// What a job calls it; none for a topology of no catalogue.
    named: Option<network::Network>,
    layout: Layout,
    format: Format,
    steps: Vec<Step>,
    taps: Taps,
}

/// A layer with the places of its tensors.
#[derive(Debug)]
enum Step {
    Convolution {
        kernel: usize,
        bias: Option<usize>,
        stride: i64,
        padding: i64,
    },
    BatchNorm {
        weight: usize,
        bias: usize,
        norm: usize,
    },
    /// In place where nobody else needs what comes in.
    Relu {
        in_place: bool,
    },
    MaxPool {
        kernel: i64,
        stride: i64,
        padding: i64,
    },
    AveragePool,
    LargestPool,
    Flatten,
    Linear {
        weight: usize,
        bias: Option<usize>,
    },
    Divide {
        by: i64,
    },
    Patches {
        class: usize,
        kernel: usize,
        bias: usize,
        positions: usize,
        side: i64,
    },
    LayerNorm {
        weight: usize,
        bias: usize,
    },
    /// Weights and biases of the maps before the heads and behind them.
    Attention {
        inward: [usize; 2],
        outward: [usize; 2],
        heads: i64,
    },
    Gelu,
    FirstToken,
    /// The sum is written over what the body gives where nobody else needs it.
    Residual {
        body: Vec<Step>,
        shortcut: Vec<Step>,
        in_place: bool,
    },
}

impl Network {
    /// Resolves a topology.
    pub(super) fn of(topology: &Topology) -> Self {
        let layout = Layout::of(topology);
        let format = Format::of(&layout);
        Self::in_format(topology, layout, format)
    }

    pub(super) fn in_format(topology: &Topology, layout: Layout, format: Format) -> Self {
        let blocks = topology.blocks.iter().flat_map(|block| &block.layers);
        let layers = topology.stem.iter().chain(blocks).chain(&topology.head);
        let steps = Places::default().steps(layers);
        Self { named: None, layout, format, steps, taps: Taps::default() }
    }

    /// The same, by the name of the catalogue.
    pub(super) fn called(self, name: &network::Network) -> Self {
        Self { named: Some(name.clone()), ..self }
    }

    /// What a job calls it.
    pub fn named(&self) -> Option<&network::Network> {
        self.named.as_ref()
    }

    /// What tensors it has.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How its kernels lie in memory.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// A parameter as a view of any buffer that is laid out as the weights are, of PyTorch's shape.
    pub fn view(&self, parameter: &Parameter, flat: &Tensor) -> Tensor {
        self.format.view(parameter, flat)
    }

    /// Logits \[B, classes\] of images \[B, channels, H, W\]. With [`BatchNorm::Train`] the running statistics move, the
    /// counts of batches don't.
    pub fn forward(&self, weights: &Weights, images: &Tensor, batch_norm: BatchNorm) -> Tensor {
        self.pass(weights.views(), Networks::One, batch_norm).all(&self.steps, self.format.arrange(images))
    }

    /// The same for every row: one tensor of images for each, all of one shape, and the logits of each. One row is
    /// computed as a network by itself is.
    pub fn forward_rows(&self, rows: &NetworkRows, images: &[&Tensor], batch_norm: BatchNorm) -> Vec<Tensor> {
        let pass = |networks| self.pass(rows.views(), networks, batch_norm);
        match images {
            [single] => vec![pass(Networks::One).all(&self.steps, self.format.arrange(single))],
            several => pass(Networks::Several).all(&self.steps, Tensor::stack(several, 0)).unbind(0),
        }
    }

    fn pass<'a>(&'a self, views: &'a LayerViews, networks: Networks, batch_norm: BatchNorm) -> Forward<'a> {
        let trains = batch_norm == BatchNorm::Train;
        Forward { views, format: self.format, taps: &self.taps, networks, trains }
    }
}

/// The places of the tensors that come next: the layout lists them in the order of the layers.
#[derive(Default)]
struct Places {
    parameters: usize,
    norms: usize,
}

impl Places {
    fn steps<'l>(&mut self, layers: impl IntoIterator<Item = &'l Layer>) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for Layer { operation, .. } in layers {
            let in_place = steps.last().is_some_and(Step::is_needed_by_none);
            let step = self.step(operation, in_place);
            steps.push(step);
        }
        steps
    }

    fn step(&mut self, operation: &Operation, in_place: bool) -> Step {
        match operation {
            Operation::Convolution(it) => {
                let (kernel, bias) = (self.next(), it.bias.then(|| self.next()));
                Step::Convolution { kernel, bias, stride: it.stride, padding: it.padding }
            }
            Operation::BatchNorm { .. } => {
                let (weight, bias, norm) = (self.next(), self.next(), self.norms);
                self.norms += 1;
                Step::BatchNorm { weight, bias, norm }
            }
            Operation::Relu => Step::Relu { in_place },
            &Operation::MaxPool { kernel, stride, padding } => Step::MaxPool { kernel, stride, padding },
            Operation::AveragePool => Step::AveragePool,
            Operation::LargestPool => Step::LargestPool,
            &Operation::Divide { by } => Step::Divide { by },
            Operation::Flatten => Step::Flatten,
            Operation::Linear(it) => Step::Linear { weight: self.next(), bias: it.bias.then(|| self.next()) },
            Operation::Patches(it) => {
                let [class, kernel, bias, positions] = [(); 4].map(|()| self.next());
                Step::Patches { class, kernel, bias, positions, side: it.side }
            }
            Operation::LayerNorm { .. } => Step::LayerNorm { weight: self.next(), bias: self.next() },
            &Operation::Attention { heads, .. } => {
                let [inward, outward] = [(); 2].map(|()| [self.next(), self.next()]);
                Step::Attention { inward, outward, heads }
            }
            Operation::Gelu => Step::Gelu,
            Operation::FirstToken => Step::FirstToken,
            Operation::Residual { body, shortcut } => {
                let (body, shortcut) = (self.steps(body), self.steps(shortcut));
                let in_place = body.last().is_some_and(Step::is_needed_by_none);
                Step::Residual { body, shortcut, in_place }
            }
        }
    }

    fn next(&mut self) -> usize {
        self.parameters += 1;
        self.parameters - 1
    }
}

impl Step {
    /// Whether its output is new memory that its own gradient doesn't look at.
    fn is_needed_by_none(&self) -> bool {
        match self {
            Self::Convolution { .. }
            | Self::BatchNorm { .. }
            | Self::Linear { .. }
            | Self::LayerNorm { .. }
            | Self::Attention { .. }
            | Self::Patches { .. }
            | Self::Residual { .. } => true,
            Self::Relu { .. }
            | Self::MaxPool { .. }
            | Self::AveragePool
            | Self::LargestPool
            | Self::Flatten
            | Self::Gelu
            | Self::FirstToken
            | Self::Divide { .. } => false,
        }
    }
}

/// One forward pass. Of one network features are \[B, C, H, W\], of several \[M, B, C, H, W\].
#[derive(Clone, Copy)]
struct Forward<'a> {
    views: &'a LayerViews,
    format: Format,
    taps: &'a Taps,
    networks: Networks,
    trains: bool,
}

impl Forward<'_> {
    fn all(self, steps: &[Step], input: Tensor) -> Tensor {
        steps.iter().fold(input, |features, step| self.step(step, features))
    }

    fn step(self, step: &Step, mut input: Tensor) -> Tensor {
        let parameter = |place: usize| &self.views.parameters[place];
        match *step {
            Step::Convolution { kernel, bias, stride, padding } => {
                let over = Stride { stride, padding };
                self.convolution(&input, parameter(kernel), bias.map(parameter), over)
            }
            Step::BatchNorm { weight, bias, norm } => {
                self.batch_norm(&input, (parameter(weight), parameter(bias)), norm)
            }
            // What several networks share is seen through views; there nothing is done in place.
            Step::Relu { in_place } if in_place && self.networks == Networks::One => input.relu_(),
            Step::Relu { .. } => input.relu(),
            Step::MaxPool { kernel, stride, padding } => self.by_channel(&input, |input| {
                input.max_pool2d([kernel, kernel], [stride, stride], [padding, padding], [1, 1], false)
            }),
            Step::AveragePool => self.by_channel(&input, |input| input.adaptive_avg_pool2d([1, 1])),
            Step::LargestPool => self.by_channel(&input, |input| input.adaptive_max_pool2d([1, 1]).0),
            Step::Divide { by } => input / by,
            Step::Flatten if self.networks == Networks::Several => input.flatten(2, -1),
            Step::Flatten => input.flatten(1, -1),
            Step::Linear { weight, bias } => {
                self.networks.linear(&input, parameter(weight), bias.map(parameter))
            }
            Step::Patches { class, kernel, bias, positions, side } => {
                let over = Stride { stride: side, padding: 0 };
                let maps = self.convolution(&input, parameter(kernel), Some(parameter(bias)), over);
                tokens(&maps, parameter(class), parameter(positions))
            }
            Step::LayerNorm { weight, bias } => {
                self.networks.layer_norm(&input, (parameter(weight), parameter(bias)))
            }
            Step::Attention { inward, outward, heads } => {
                let map = |[weight, bias]: [usize; 2]| (parameter(weight), parameter(bias));
                let maps = Maps { inward: map(inward), outward: map(outward) };
                self.networks.attention(&input, heads, &maps)
            }
            Step::Gelu => input.gelu("none"),
            Step::FirstToken => input.select(-2, 0),
            Step::Residual { ref body, ref shortcut, in_place } => {
                let mut long = self.all(body, input.shallow_clone());
                let short = self.all(shortcut, input);
                if in_place && self.networks == Networks::One {
                    long.g_add_(&short)
                } else {
                    long.g_add(&short)
                }
            }
        }
    }

    fn convolution(self, input: &Tensor, kernel: &Tensor, bias: Option<&Tensor>, over: Stride) -> Tensor {
        let Stride { stride, padding } = over;
        match self.networks {
            Networks::One => small_maps::product(input, kernel, bias, (over, self.format, self.taps))
                .unwrap_or_else(|| {
                    input.conv2d(kernel, bias, [stride, stride], [padding, padding], [1, 1], 1)
                }),
            Networks::Several => layers::convolution(input, kernel, bias, over, self.taps),
        }
    }

    fn batch_norm(self, input: &Tensor, (weight, bias): (&Tensor, &Tensor), norm: usize) -> Tensor {
        let (mean, variance) = (&self.views.means[norm], &self.views.variances[norm]);
        let normalised = |input: &Tensor, [weight, bias, mean, variance]: [&Tensor; 4]| {
            let (weight, bias, mean, variance) = (Some(weight), Some(bias), Some(mean), Some(variance));
            input.batch_norm(weight, bias, mean, variance, self.trains, MOMENTUM, EPSILON, true)
        };
        if self.networks == Networks::One {
            return normalised(input, [weight, bias, mean, variance]);
        }
        let [weight, bias, mean, variance] = [weight, bias, mean, variance].map(|each| each.reshape([-1]));
        self.by_channel(input, |input| normalised(input, [&weight, &bias, &mean, &variance]))
    }

    fn by_channel(self, input: &Tensor, layer: impl FnOnce(&Tensor) -> Tensor) -> Tensor {
        match self.networks {
            Networks::One => layer(input),
            Networks::Several => layers::by_channel(input, layer),
        }
    }
}
