//! Which networks are fully connected.

use std::fmt;

use super::topology::{Layer, Linear, Operation, Topology};

/// A network is not fully connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotDense {
    /// It has a batch normalisation.
    Normalised,
    /// It has another layer than linear ones with a ReLU between two of them.
    Otherwise,
}

impl fmt::Display for NotDense {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Normalised => {
                "has batch normalisation, which leaves its outputs the same at any scale of its weights, so that no sum of \
                 gradients adds up to them"
            }
            Self::Otherwise => "has other layers than linear ones with a ReLU between two of them",
        })
    }
}

impl std::error::Error for NotDense {}

/// The linear layers of a fully connected network, from the input to the output: the pixels, flat, then linear layers with
/// a ReLU between two of them and nothing else.
pub fn dense_layers(topology: &Topology) -> Result<Vec<Linear>, NotDense> {
    let blocks = topology.blocks.iter().flat_map(|block| &block.layers);
    let layers: Vec<&Operation> =
        topology.stem.iter().chain(blocks).chain(&topology.head).map(|layer| &layer.operation).collect();
    if layers.iter().any(|operation| normalises(operation)) {
        return Err(NotDense::Normalised);
    }
    let Some((Operation::Flatten, layers)) = layers.split_first().map(|(first, rest)| (*first, rest)) else {
        return Err(NotDense::Otherwise);
    };
    let mut dense = Vec::new();
    for (place, operation) in layers.iter().enumerate() {
        match operation {
            Operation::Linear(linear) if place % 2 == 0 => dense.push(*linear),
            Operation::Relu if place % 2 == 1 => {}
            _ => return Err(NotDense::Otherwise),
        }
    }
    if layers.len() % 2 == 1 { Ok(dense) } else { Err(NotDense::Otherwise) }
}

fn normalises(operation: &Operation) -> bool {
    let any = |layers: &[Layer]| layers.iter().any(|layer| normalises(&layer.operation));
    match operation {
        Operation::BatchNorm { .. } => true,
        Operation::Residual { body, shortcut } => any(body) || any(shortcut),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Network, NotDense, dense_layers};

    #[test]
    fn three_linear_layers_are_and_residual_networks_are_not() {
        let mlp = Network::new("mlp", 4, &[("width", 8)]).topology().expect("registered");
        let layers = dense_layers(&mlp).expect("it is");
        let shapes: Vec<_> = layers.iter().map(|it| (it.inputs, it.outputs, it.bias)).collect();
        assert_eq!(shapes, [(3072, 8, true), (8, 8, false), (8, 4, false)]);
        let residual = Network::new("resnet18", 4, &[("width", 8)]).topology().expect("registered");
        assert_eq!(dense_layers(&residual), Err(NotDense::Normalised));
        let mut twice = mlp;
        twice.head.extend(twice.stem.clone());
        assert_eq!(dense_layers(&twice), Err(NotDense::Otherwise));
    }
}
