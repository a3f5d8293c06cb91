//! What is measured on a network when its recipe is done: accuracies and the confidences of the forget set.

use sweep_protocol::{
    confidence::logit_scaled,
    measurement::Accuracies,
    recipe::BatchNorm,
    terms::{Set, UnitInterval},
};
use tch::{Device, Kind, Tensor};
use thiserror::Error;

use crate::{
    examples::Examples,
    network::{Network, Weights},
};

/// Images in one forward pass.
const BATCH: usize = 256;

/// What a network does on the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Accuracy on each set.
    pub accuracy: Accuracies,
    /// Logit-scaled confidence of each forget example, in the set's order.
    pub confidences: Vec<f64>,
}

/// A confidence is not a number: the logits overflowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the network's logits are not finite")]
pub struct NotFinite;

/// Logits \[N, classes\] of the images at `positions`, with the running statistics and without gradients.
pub fn logits(network: &dyn Network, weights: &Weights, examples: &Examples, positions: &[i64]) -> Tensor {
    let all = Tensor::from_slice(positions).to_device(examples.device());
    tch::no_grad(|| {
        let parts: Vec<Tensor> = (0..positions.len())
            .step_by(BATCH)
            .map(|start| {
                let length = BATCH.min(positions.len() - start);
                let batch = all.narrow(0, start as i64, length as i64);
                network.forward(weights, &examples.batch(&batch, weights.kind()).0, BatchNorm::Frozen)
            })
            .collect();
        Tensor::cat(&parts, 0)
    })
}

/// Measures the network on every set.
pub fn measure(network: &dyn Network, weights: &Weights, examples: &Examples) -> Result<Measured, NotFinite> {
    let forget = examples.set(Set::Forget);
    let forget_logits = logits(network, weights, examples, forget);
    let confidences = confidences(&forget_logits, forget, examples)?;
    let on = |set| {
        let positions = examples.set(set);
        accuracy(&logits(network, weights, examples, positions), positions, examples)
    };
    let accuracy = Accuracies {
        retain: on(Set::Retain),
        forget: accuracy(&forget_logits, forget, examples),
        validation: on(Set::Validation),
        test: examples.sizes().test.map(|_| on(Set::Test)),
    };
    Ok(Measured { accuracy, confidences })
}

/// How many of the images at `positions` are classified correctly, with the running statistics.
pub fn correct(network: &dyn Network, weights: &Weights, examples: &Examples, positions: &[i64]) -> usize {
    if positions.is_empty() {
        return 0;
    }
    right(&logits(network, weights, examples, positions), positions, examples)
}

fn accuracy(logits: &Tensor, positions: &[i64], examples: &Examples) -> UnitInterval {
    let right = right(logits, positions, examples);
    UnitInterval::new(right as f64 / positions.len().max(1) as f64).expect("a part of a whole is in [0, 1]")
}

fn right(logits: &Tensor, positions: &[i64], examples: &Examples) -> usize {
    let guesses = logits.argmax(1, false).to_device(Device::Cpu);
    let guesses = Vec::<i64>::try_from(guesses).expect("one index per row is a vector of i64");
    guesses.iter().zip(positions).filter(|&(&guess, &position)| guess == examples.label(position)).count()
}

fn confidences(logits: &Tensor, positions: &[i64], examples: &Examples) -> Result<Vec<f64>, NotFinite> {
    let classes = logits.size()[1] as usize;
    let flat = logits.to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view([-1]);
    let flat = Vec::<f32>::try_from(flat).expect("a flat float32 tensor is a vector of f32");
    flat.chunks(classes)
        .zip(positions)
        .map(|(row, &position)| logit_scaled(row, examples.label(position) as usize).ok_or(NotFinite))
        .collect()
}
