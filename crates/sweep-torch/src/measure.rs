//! What is measured on a network when its recipe is done: accuracies, the confidences of the forget set, and
//! single examples where they are asked for.

use sweep_protocol::{
    behaviour::{Behaviour, COLUMNS, Rows},
    confidence::logit_scaled,
    measurement::{Accuracies, Renamed, retain_sample},
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
    /// What it does on single examples, where that was asked for.
    pub rows: Option<Rows>,
    /// What it would reach on the retain set with other names of its outputs.
    pub renamed: Renamed,
}

/// A confidence is not a number: the logits overflowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the network's logits are not finite")]
pub struct NotFinite;

/// Logits \[N, classes\] of the images at `positions`, with the running statistics and without gradients.
pub fn logits(network: &Network, weights: &Weights, examples: &Examples, positions: &[i64]) -> Tensor {
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

/// What a network says of every set: logits \[N, classes\], in the set's order.
#[derive(Debug)]
pub struct Outputs {
    /// Of the retain set.
    pub retain: Tensor,
    /// Of the forget set.
    pub forget: Tensor,
    /// Of the validation set.
    pub validation: Tensor,
    /// Of the test set, where there is one.
    pub test: Option<Tensor>,
}

impl Outputs {
    /// By a network with these weights.
    pub fn by(network: &Network, weights: &Weights, examples: &Examples) -> Self {
        let on = |set| logits(network, weights, examples, examples.set(set));
        Self {
            retain: on(Set::Retain),
            forget: on(Set::Forget),
            validation: on(Set::Validation),
            test: examples.sizes().test.map(|_| on(Set::Test)),
        }
    }
}

/// Measures what a network says of every set, and of single examples where a sample of the retain set of some size is asked
/// for.
pub fn measure(said: &Outputs, examples: &Examples, sample: Option<u64>) -> Result<Measured, NotFinite> {
    let Outputs { retain, forget, validation, test } = said;
    let right = |logits, set| accuracy(logits, examples.set(set), examples);
    let accuracy = Accuracies {
        retain: right(retain, Set::Retain),
        forget: right(forget, Set::Forget),
        validation: right(validation, Set::Validation),
        test: test.as_ref().map(|logits| right(logits, Set::Test)),
        truth: truth(forget, examples),
    };
    let single = |sample| -> Result<Rows, NotFinite> {
        let positions = retain_sample(examples.set(Set::Retain).len() as u64, sample);
        let (rows, chosen): (Vec<i64>, Vec<i64>) =
            positions.map(|row| (row as i64, examples.set(Set::Retain)[row as usize])).unzip();
        let rows = Tensor::from_slice(&rows).to_device(retain.device());
        let (unseen, set) = test.as_ref().map_or((validation, Set::Validation), |test| (test, Set::Test));
        Ok(Rows {
            forget: behaviours(forget, examples.set(Set::Forget), examples)?,
            retain: behaviours(&retain.index_select(0, &rows), &chosen, examples)?,
            test: behaviours(unseen, examples.set(set), examples)?,
        })
    };
    let confidences = confidences(forget, examples.set(Set::Forget), examples)?;
    let labels = examples.set(Set::Retain).iter().map(|&position| examples.label(position) as usize);
    let guesses = guesses(retain).into_iter().map(|guess| guess as usize);
    let renamed = Renamed::of(guesses.zip(labels), retain.size()[1] as usize);
    Ok(Measured { accuracy, confidences, rows: sample.map(single).transpose()?, renamed })
}

/// How many of the images at `positions` are classified correctly, with the running statistics.
pub fn correct(network: &Network, weights: &Weights, examples: &Examples, positions: &[i64]) -> usize {
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
    let guesses = guesses(logits);
    guesses.iter().zip(positions).filter(|&(&guess, &position)| guess == examples.label(position)).count()
}

/// How many of the forget set's images are taken for what they show, where their labels are wrong.
fn truth(forget: &Tensor, examples: &Examples) -> Option<UnitInterval> {
    let truths = examples.truths();
    let right = guesses(forget).iter().zip(truths).filter(|(guess, truth)| guess == truth).count();
    let share = || right as f64 / truths.len() as f64;
    (!truths.is_empty()).then(|| UnitInterval::new(share()).expect("a part of a whole is in [0, 1]"))
}

/// The largest output of each row.
fn guesses(logits: &Tensor) -> Vec<i64> {
    let guesses = logits.argmax(1, false).to_device(Device::Cpu);
    Vec::<i64>::try_from(guesses).expect("one index per row is a vector of i64")
}

fn confidences(logits: &Tensor, positions: &[i64], examples: &Examples) -> Result<Vec<f64>, NotFinite> {
    each(logits, positions, examples, logit_scaled)
}

fn behaviours(
    logits: &Tensor,
    positions: &[i64],
    examples: &Examples,
) -> Result<Vec<[f64; COLUMNS]>, NotFinite> {
    each(logits, positions, examples, |row, label| Behaviour::of(row, label).map(|behaviour| behaviour.row()))
}

/// What `of` makes of each row of logits and its label.
fn each<T>(
    logits: &Tensor,
    positions: &[i64],
    examples: &Examples,
    of: impl Fn(&[f32], usize) -> Option<T>,
) -> Result<Vec<T>, NotFinite> {
    let classes = logits.size()[1] as usize;
    let flat = logits.to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view([-1]);
    let flat = Vec::<f32>::try_from(flat).expect("a flat float32 tensor is a vector of f32");
    flat.chunks(classes)
        .zip(positions)
        .map(|(row, &position)| of(row, examples.label(position) as usize).ok_or(NotFinite))
        .collect()
}
