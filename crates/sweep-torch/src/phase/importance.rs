//! How much each element matters to a set.

use sweep_protocol::{
    recipe::{BatchNorm, Importance, Measure},
    terms::Set,
};
use tch::Tensor;

use super::{Halt, loss::mean_cross_entropy, pass::GradientPass, work::Work};
use crate::draws::Pass;

/// Importance of every element of the flat buffer to a set, on the weights as they stand. It depends on the data and
/// the weights alone, not on the seed of the run.
pub(super) fn importance(
    plan: &Importance,
    set: Set,
    (phase, stream): (usize, usize),
    work: &mut Work<'_>,
) -> Result<Tensor, Halt> {
    let pass = Pass { phase, stream, number: 0 };
    let order = work.draws.settled_order(&pass, work.examples.set(set))?;
    let batch_size = plan.batch_size.get() as usize;
    let pass = GradientPass { order, batch_size, batch_norm: BatchNorm::Frozen };
    let count = work.layout().parameter_count();
    let mut sum = Tensor::zeros([count], (work.weights.kind(), work.weights.device()));
    let mut batches = 0_u32;
    let measure = plan.measure;
    let scale = plan.scale.get();
    if measure == Measure::ExpectedCrossEntropy {
        return expected(&pass, scale, work);
    }
    let loss = |logits: &Tensor, labels: &Tensor| match measure {
        Measure::AbsoluteSquaredNorm => squared_norm(logits),
        _ => mean_cross_entropy(logits, labels),
    };
    pass.run(work, &loss, &mut |gradient| {
        let gradient = gradient * scale;
        let power = if measure == Measure::AbsoluteSquaredNorm { gradient.abs() } else { gradient.square() };
        let _ = sum.g_add_(&power);
        batches += 1;
    })?;
    Ok(sum / f64::from(batches.max(1)))
}

/// Mean over the batch of ‖logits‖₂².
fn squared_norm(logits: &Tensor) -> Tensor {
    logits.square().sum_dim_intlist(1, false, logits.kind()).mean(logits.kind())
}

/// Σ over classes of the batch's mean probability times the squared gradient of its mean cross entropy with that class.
fn expected(pass: &GradientPass, scale: f64, work: &mut Work<'_>) -> Result<Tensor, Halt> {
    let (kind, device) = (work.weights.kind(), work.weights.device());
    let mut sum = Tensor::zeros([work.layout().parameter_count()], (kind, device));
    let batches = pass.order.len().div_ceil(pass.batch_size).max(1);
    for class in 0..work.classes() {
        // √p inside the gradient is p outside its square.
        let loss = |logits: &Tensor, _: &Tensor| {
            let log = logits.log_softmax(1, kind).select(1, class);
            let share = log.detach().exp().mean(kind).sqrt();
            log.mean(kind).neg() * share
        };
        pass.run(work, &loss, &mut |gradient| {
            let _ = sum.g_add_(&(gradient * scale).square());
        })?;
    }
    Ok(sum / batches as f64)
}
