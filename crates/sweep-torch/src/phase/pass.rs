//! Passes over examples that take gradients but no steps: scores of elements, importances, influence.

use sweep_protocol::recipe::BatchNorm;
use tch::{Device, Kind, Tensor};

use super::{Halt, data::batch_length, work::Work};

/// One pass.
pub(super) struct GradientPass {
    /// Positions of the examples, in order.
    pub(super) order: Vec<i64>,
    /// Examples in a batch.
    pub(super) batch_size: usize,
    /// What batch normalisation does.
    pub(super) batch_norm: BatchNorm,
}

impl GradientPass {
    /// Calls `each` with every batch's flat gradient, in the order of the flat buffer, of `loss` of its logits and labels.
    /// Losses that aren't finite end the recipe.
    pub(super) fn run(
        &self,
        work: &mut Work<'_>,
        loss: &dyn Fn(&Tensor, &Tensor) -> Tensor,
        each: &mut dyn FnMut(Tensor),
    ) -> Result<(), Halt> {
        let everything: Vec<usize> = (0..work.layout().parameters.len()).collect();
        work.weights.require_gradients(&everything);
        let order = Tensor::from_slice(&self.order).to_device(work.examples.device());
        let mut losses = Vec::new();
        let mut taken = 0;
        while taken < self.order.len() {
            let length = self.length(self.order.len() - taken);
            let positions = order.narrow(0, taken as i64, length as i64);
            taken += length;
            let (images, labels) = work.examples.batch(&positions, work.weights.kind());
            let logits = work.network.forward(work.weights, &images, self.batch_norm);
            if self.batch_norm == BatchNorm::Train {
                work.weights.count_batch();
            }
            let loss = loss(&logits, &labels);
            losses.push(loss.detach());
            each(work.weights.gradient(&loss, &everything));
        }
        work.weights.require_gradients(&[]);
        report(&losses, work)
    }

    /// Examples in the next batch. Running statistics can judge a single one.
    fn length(&self, left: usize) -> usize {
        match self.batch_norm {
            BatchNorm::Train => batch_length(left, self.batch_size),
            BatchNorm::Frozen => left.min(self.batch_size),
        }
    }
}

fn report(losses: &[Tensor], work: &mut Work<'_>) -> Result<(), Halt> {
    if losses.is_empty() {
        return Ok(());
    }
    let stacked = Tensor::stack(losses, 0).to_device(Device::Cpu).to_kind(Kind::Double);
    let values = Vec::<f64>::try_from(stacked).expect("a stack of scalars is a vector of f64");
    work.watch.scored(&values);
    if values.iter().all(|loss| loss.is_finite()) { Ok(()) } else { Err(Halt::Diverged { step: work.steps }) }
}
