//! A fully connected network, and scalar products of the gradients of its margins.

use std::f64::consts::FRAC_1_SQRT_2;

use sweep_protocol::network::topology::Linear;
use tch::{Device, Kind, Tensor};

use crate::network::Weights;

/// Linear layers with a ReLU between two of them.
#[derive(Debug)]
pub struct Layers {
    /// From the input to the output: weight \[out, in\] and, where there is one, bias \[out\].
    layers: Vec<(Tensor, Option<Tensor>)>,
}

/// What stands for the derivative of a ReLU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Derivative {
    /// 1 above 0, else 0.
    Hard,
    /// sigmoid(α z): one that has a derivative itself, so that images can be moved along it.
    Sigmoid {
        /// α.
        alpha: f64,
    },
}

/// Scalar products of the gradients by all weights of the margins at images.
#[derive(Debug)]
pub struct Gram {
    /// ⟨∇fᵢ, ∇fⱼ⟩, \[m, m\].
    pub products: Tensor,
    /// ⟨θ, ∇fᵢ⟩ with the weights θ, \[m\].
    pub with_weights: Tensor,
}

impl Layers {
    /// The layers of a network whose weights are these.
    pub fn of(dense: &[Linear], weights: &Weights) -> Self {
        let mut place = 0;
        let mut next = || {
            place += 1;
            weights.parameter(place - 1).detach().copy()
        };
        Self { layers: dense.iter().map(|layer| (next(), layer.bias.then(&mut next))).collect() }
    }

    /// Layers of these weights and biases.
    pub fn new(layers: Vec<(Tensor, Option<Tensor>)>) -> Self {
        Self { layers }
    }

    /// The same in another arithmetic.
    #[must_use]
    pub fn to_kind(&self, kind: Kind) -> Self {
        let layer = |(weight, bias): &(Tensor, Option<Tensor>)| {
            (weight.to_kind(kind), bias.as_ref().map(|bias| bias.to_kind(kind)))
        };
        Self { layers: self.layers.iter().map(layer).collect() }
    }

    /// Where they live.
    pub fn device(&self) -> Device {
        self.layers[0].0.device()
    }

    /// What they are computed in.
    pub fn kind(&self) -> Kind {
        self.layers[0].0.kind()
    }

    /// Numbers of an image.
    pub fn inputs(&self) -> i64 {
        self.layers[0].0.size()[1]
    }

    /// The rows of the first layer, \[out, in\].
    pub fn first_rows(&self) -> Tensor {
        self.layers[0].0.to_kind(Kind::Double)
    }

    /// |θ|², of all weights and biases.
    pub fn norm_squared(&self) -> f64 {
        let square =
            |tensor: &Tensor| tensor.to_kind(Kind::Double).square().sum(Kind::Double).double_value(&[]);
        self.layers.iter().map(|(weight, bias)| square(weight) + bias.as_ref().map_or(0.0, square)).sum()
    }

    /// Scalar products at images \[m, in\] with their labels \[m\]; can be differentiated by the images.
    ///
    /// The gradient of a margin by the weight of a layer is what comes back times what goes in, dᵢ aᵢᵀ, so that two of them
    /// have the scalar product ⟨dᵢ, dⱼ⟩⟨aᵢ, aⱼ⟩ and one and the weight itself ⟨dᵢ, W aᵢ⟩; a bias is a weight of a number that
    /// is always 1.
    pub fn gram(&self, images: &Tensor, labels: &Tensor, derivative: Derivative) -> Gram {
        let (inputs, sums) = self.forward(images, derivative);
        let last = sums.last().expect("a network has layers");
        let mut back = margin(last, labels);
        let size = images.size()[0];
        let mut gram = Gram {
            products: images.new_zeros([size, size], (images.kind(), images.device())),
            with_weights: images.new_zeros([size], (images.kind(), images.device())),
        };
        for (place, (weight, bias)) in self.layers.iter().enumerate().rev() {
            let inward = inputs[place].mm(&inputs[place].tr());
            let inward = if bias.is_some() { inward + 1.0 } else { inward };
            gram.products += back.mm(&back.tr()) * inward;
            gram.with_weights += along_rows(&back, &sums[place]);
            if place > 0 {
                back = back.mm(weight) * derivative.at(&sums[place - 1]);
            }
        }
        gram
    }

    /// What goes into each layer and what its sums are.
    fn forward(&self, images: &Tensor, derivative: Derivative) -> (Vec<Tensor>, Vec<Tensor>) {
        let (mut inputs, mut sums) = (vec![images.shallow_clone()], Vec::with_capacity(self.layers.len()));
        for (place, (weight, bias)) in self.layers.iter().enumerate() {
            let sum = inputs[place].mm(&weight.tr());
            let sum = bias.as_ref().map_or_else(|| sum.shallow_clone(), |bias| &sum + bias);
            if place + 1 < self.layers.len() {
                inputs.push(derivative.rectified(&sum));
            }
            sums.push(sum);
        }
        (inputs, sums)
    }
}

impl Derivative {
    /// Its values at the sums of a layer.
    fn at(self, sums: &Tensor) -> Tensor {
        match self {
            Self::Hard => sums.gt(0.0).to_kind(sums.kind()),
            Self::Sigmoid { alpha } => (sums * alpha).sigmoid(),
        }
    }

    /// max(z, 0), whose derivative is this one.
    fn rectified(self, sums: &Tensor) -> Tensor {
        let sloped = sums * self.at(sums).detach();
        // Adds exactly 0, with the derivative that is wanted.
        sums.relu().detach() + (&sloped - sloped.detach())
    }
}

/// What comes back to the outputs from the margin of each image: the output of its label less the largest other one. Of a
/// network with one output the margin is ± the output; one with two is the same network when both are scaled by 1/√2.
fn margin(outputs: &Tensor, labels: &Tensor) -> Tensor {
    let classes = outputs.size()[1];
    let kind = outputs.kind();
    if classes == 1 {
        return (labels.to_kind(kind) * 2.0 - 1.0).unsqueeze(1);
    }
    let labels = labels.unsqueeze(1);
    let others = outputs.detach().scatter_value(1, &labels, f64::NEG_INFINITY);
    let other = others.argmax(1, true);
    let back = outputs.zeros_like().scatter_value(1, &other, -1.0).scatter_value(1, &labels, 1.0);
    if classes == 2 { back * FRAC_1_SQRT_2 } else { back }
}

/// Scalar products of the rows of two matrices.
fn along_rows(one: &Tensor, other: &Tensor) -> Tensor {
    (one * other).sum_dim_intlist(1, false, one.kind())
}

#[cfg(test)]
impl Layers {
    pub(super) fn layers_for_tests(&self) -> Vec<(Tensor, Option<Tensor>)> {
        self.layers.iter().map(|(weight, bias)| (weight.copy(), bias.as_ref().map(Tensor::copy))).collect()
    }
}
