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

use super::{Format, Weights};

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
        Self { named: None, layout, format, steps }
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
        let pass = Forward { weights, trains: batch_norm == BatchNorm::Train };
        pass.all(&self.steps, self.format.arrange(images))
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
            | Self::Residual { .. } => true,
            Self::Relu { .. }
            | Self::MaxPool { .. }
            | Self::AveragePool
            | Self::LargestPool
            | Self::Flatten
            | Self::Divide { .. } => false,
        }
    }
}

/// One forward pass.
#[derive(Clone, Copy)]
struct Forward<'a> {
    weights: &'a Weights,
    trains: bool,
}

impl Forward<'_> {
    fn all(self, steps: &[Step], input: Tensor) -> Tensor {
        steps.iter().fold(input, |features, step| self.step(step, features))
    }

    fn step(self, step: &Step, mut input: Tensor) -> Tensor {
        let parameter = |place: usize| self.weights.parameter(place);
        match *step {
            Step::Convolution { kernel, bias, stride, padding } => input.conv2d(
                parameter(kernel),
                bias.map(parameter),
                [stride, stride],
                [padding, padding],
                [1, 1],
                1,
            ),
            Step::BatchNorm { weight, bias, norm } => {
                let (mean, variance) = self.weights.statistics_of(norm);
                input.batch_norm(
                    Some(parameter(weight)),
                    Some(parameter(bias)),
                    Some(mean),
                    Some(variance),
                    self.trains,
                    MOMENTUM,
                    EPSILON,
                    true,
                )
            }
            Step::Relu { in_place: true } => input.relu_(),
            Step::Relu { in_place: false } => input.relu(),
            Step::MaxPool { kernel, stride, padding } => {
                input.max_pool2d([kernel, kernel], [stride, stride], [padding, padding], [1, 1], false)
            }
            Step::AveragePool => input.adaptive_avg_pool2d([1, 1]),
            Step::LargestPool => input.adaptive_max_pool2d([1, 1]).0,
            Step::Divide { by } => input / by,
            Step::Flatten => input.flatten(1, -1),
            Step::Linear { weight, bias } => input.linear(parameter(weight), bias.map(parameter)),
            Step::Residual { ref body, ref shortcut, in_place } => {
                let mut long = self.all(body, input.shallow_clone());
                let short = self.all(shortcut, input);
                if in_place { long.g_add_(&short) } else { long.g_add(&short) }
            }
        }
    }
}
