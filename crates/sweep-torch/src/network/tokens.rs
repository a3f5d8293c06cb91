//! Layers of transformers, for one network and for several at once.
//!
//! Tokens are \[B, T, D\], of several networks \[M, B, T, D\]; parameters of several networks have an axis of M before
//! their own.

use tch::Tensor;

use super::layers;

/// ε in a layer normalisation's root, as torchvision's transformers have it.
const EPSILON: f64 = 1e-6;

/// How many networks are computed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Networks {
    One,
    Several,
}

/// The parameters of an attention.
pub(super) struct Maps<'t> {
    /// Queries, keys and values \[3 D, D\].
    pub(super) inward: (&'t Tensor, &'t Tensor),
    /// Behind the heads \[D, D\].
    pub(super) outward: (&'t Tensor, &'t Tensor),
}

impl Networks {
    /// Affine map of the last axis.
    pub(super) fn linear(self, input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
        match self {
            Self::One => input.linear(weight, bias),
            Self::Several => layers::linear(input, weight, bias),
        }
    }

    /// Normalises over the last axis, then scales and shifts by weights and biases \[D\].
    pub(super) fn layer_norm(self, input: &Tensor, (weight, bias): (&Tensor, &Tensor)) -> Tensor {
        let features = input.size()[input.dim() - 1];
        match self {
            Self::One => input.layer_norm([features], Some(weight), Some(bias), EPSILON, true),
            Self::Several => {
                let normalised = input.layer_norm([features], None::<&Tensor>, None, EPSILON, true);
                let [weight, bias] = [weight, bias].map(|each| spread(each, input.dim()));
                normalised * weight + bias
            }
        }
    }

    /// Every token becomes a mean of all tokens' values, weighted by how its query meets their keys, head by head.
    pub(super) fn attention(self, input: &Tensor, heads: i64, maps: &Maps<'_>) -> Tensor {
        let shape = input.size();
        let [tokens, width] = [2, 1].map(|from_the_end| shape[shape.len() - from_the_end]);
        let together = self.linear(input, maps.inward.0, Some(maps.inward.1));
        let by_head = together.reshape([-1, tokens, 3, heads, width / heads]).permute([2, 0, 3, 1, 4]);
        let [queries, keys, values] = [0, 1, 2].map(|which| by_head.select(0, which));
        let root = ((width / heads) as f64).sqrt();
        let attention = (queries / root).matmul(&keys.transpose(-1, -2)).softmax(-1, input.kind());
        let mixed = attention.matmul(&values).transpose(1, 2).reshape(shape.as_slice());
        self.linear(&mixed, maps.outward.0, Some(maps.outward.1))
    }
}

/// The maps \[B, D, h, w\] of an image's patches as tokens, behind that of the class \[1, 1, D\], with positions
/// \[1, 1 + h·w, D\] added.
pub(super) fn tokens(maps: &Tensor, class: &Tensor, positions: &Tensor) -> Tensor {
    let patches = maps.flatten(-2, -1).transpose(-1, -2);
    let mut shape = patches.size();
    let tokens = shape.len() - 2;
    shape[tokens] = 1;
    Tensor::cat(&[class.expand(shape.as_slice(), false), patches], tokens as i64) + positions
}

/// A parameter \[M, D\] of several networks, to be spread over features of so many axes.
fn spread(parameter: &Tensor, axes: usize) -> Tensor {
    let mut shape = vec![1; axes];
    (shape[0], shape[axes - 1]) = (parameter.size()[0], parameter.size()[1]);
    parameter.reshape(shape.as_slice())
}
