//! How much each element matters to a set.

use sweep_protocol::{
    recipe::{BatchNorm, Importance, Measure},
    terms::Set,
};
use tch::Tensor;

use super::{Halt, loss::mean_cross_entropy, pass::GradientPass, work::Work};
use crate::{draws::Pass, pass_cache::Question};

/// Importance of every element of the flat buffer to a set, on the weights as they stand. It depends on the data and
/// the weights alone, not on the seed of the run, and is looked up where an earlier run has computed it.
pub(super) fn importance(
    plan: &Importance,
    set: Set,
    (phase, stream): (usize, usize),
    work: &mut Work<'_>,
) -> Result<Tensor, Halt> {
    let pass = Pass { phase, stream, number: 0 };
    let order = work.draws.settled_order(&pass, work.examples.set(set))?;
    let known = work.known.look_up(&Question { what: "importance", plan, order: &order }, work.weights);
    let count = work.layout().parameter_count();
    known.or_compute(count as usize, || computed(plan, order, work))
}

fn computed(plan: &Importance, order: Vec<i64>, work: &mut Work<'_>) -> Result<Tensor, Halt> {
    let batch_size = plan.batch_size.get() as usize;
    let pass = GradientPass { order, batch_size, batch_norm: BatchNorm::Frozen };
    let scale = plan.scale.get();
    match plan.measure {
        Measure::SquaredCrossEntropy => {
            mean(&pass, &mean_cross_entropy, |gradient| (gradient * scale).square(), work)
        }
        Measure::AbsoluteSquaredNorm => {
            mean(&pass, &|logits, _| squared_norm(logits), |gradient| (gradient * scale).abs(), work)
        }
        Measure::ExpectedCrossEntropy => expected(&pass, scale, work),
    }
}

/// Mean over the batches of a power of the gradient.
fn mean(
    pass: &GradientPass,
    loss: &dyn Fn(&Tensor, &Tensor) -> Tensor,
    power: impl Fn(Tensor) -> Tensor,
    work: &mut Work<'_>,
) -> Result<Tensor, Halt> {
    let place = (work.weights.kind(), work.weights.device());
    let mut sum = Tensor::zeros([work.layout().parameter_count()], place);
    let mut batches = 0_u32;
    pass.run(work, loss, &mut |gradient| {
        let _ = sum.g_add_(&power(gradient));
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
