//! The weighted sum that a training loop minimises, and what became of it.

use sweep_protocol::{
    recipe::{self, ClassWeight, Term},
    terms::Set,
};
use tch::{Device, Kind, Reduction, Tensor};

use super::{Halt, Watch};
use crate::examples::Examples;

/// A loss, ready to be taken on logits.
pub(super) struct Loss {
    terms: Vec<CrossEntropy>,
}

struct CrossEntropy {
    on: Set,
    weight: f64,
    class_weights: Option<Tensor>,
}

impl Loss {
    pub(super) fn new(terms: &[Term], examples: &Examples, kind: Kind) -> Self {
        let terms = terms.iter().filter_map(|term| {
            let &Term::CrossEntropy(recipe::CrossEntropy { on, weight, class_weight, .. }) = term else {
                return None;
            };
            let class_weights = match class_weight {
                ClassWeight::None => None,
                _ => Some(inverse(examples.class_counts(), kind, examples.device())),
            };
            Some(CrossEntropy { on, weight, class_weights })
        });
        Self { terms: terms.collect() }
    }

    /// The terms that are taken on one set's batch, summed; none where no term is.
    pub(super) fn on(&self, set: Set, logits: &Tensor, labels: &Tensor) -> Option<Tensor> {
        self.terms
            .iter()
            .filter(|term| term.on == set)
            .map(|term| {
                let mean = logits.cross_entropy_loss(
                    labels,
                    term.class_weights.as_ref(),
                    Reduction::Mean,
                    // No label is left out, none is smoothed.
                    -100,
                    0.0,
                );
                mean * term.weight
            })
            .reduce(|sum, term| sum + term)
    }
}

/// 1 / count of each class; a class without examples, which no batch can hold, weighs 0.
fn inverse(counts: &[u64], kind: Kind, device: Device) -> Tensor {
    let weights: Vec<f64> =
        counts.iter().map(|&count| if count == 0 { 0.0 } else { 1.0 / count as f64 }).collect();
    Tensor::from_slice(&weights).to_kind(kind).to_device(device)
}

/// Losses that still lie on the device: the host asks for them only now and then, so that it never waits for a step.
pub(super) struct Pending {
    losses: Vec<Tensor>,
    /// Steps of the recipe before the first of them.
    steps_before: u64,
}

impl Pending {
    pub(super) fn new(steps_before: u64) -> Self {
        Self { losses: Vec::new(), steps_before }
    }

    pub(super) fn push(&mut self, loss: &Tensor) {
        self.losses.push(loss.detach());
    }

    pub(super) fn len(&self) -> usize {
        self.losses.len()
    }

    /// Fetches the losses, reports them and stops at the first that is not finite.
    pub(super) fn settle(&mut self, watch: &mut dyn Watch) -> Result<(), Halt> {
        if self.losses.is_empty() {
            return Ok(());
        }
        let stacked = Tensor::stack(&self.losses, 0).to_device(Device::Cpu).to_kind(Kind::Double);
        let values = Vec::<f64>::try_from(stacked).expect("a stack of scalars is a vector of f64");
        watch.losses(&values);
        let before = self.steps_before;
        self.steps_before += values.len() as u64;
        self.losses.clear();
        match values.iter().position(|loss| !loss.is_finite()) {
            Some(position) => Err(Halt::Diverged { step: before + position as u64 + 1 }),
            None => Ok(()),
        }
    }
}
