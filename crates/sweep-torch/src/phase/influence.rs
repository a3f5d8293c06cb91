//! Influence unlearning: one step along the WoodFisher inverse times a difference of gradients.

use sweep_protocol::{recipe::BatchNorm, terms::Set};
use tch::Tensor;

use super::{Halt, loss::mean_cross_entropy, pass::GradientPass, work::Work};
use crate::{
    draws::{PartOf, Pass},
    pass_cache::Question,
};

/// The direction k of influence unlearning (Unlearn-Sparse, `Wfisher.py`), flat: `samples` is the number of retain
/// examples after the first.
pub(super) fn wood_fisher(
    samples: usize,
    batch_size: usize,
    phase: usize,
    work: &mut Work<'_>,
) -> Result<Tensor, Halt> {
    let forget = summed(Set::Forget, batch_size, (phase, 0), work)?;
    let retain = summed(Set::Retain, batch_size, (phase, 1), work)?;
    let [n_f, n_r] = [Set::Forget, Set::Retain].map(|set| work.examples.set(set).len() as f64);
    let difference = forget / (n_f + n_r) - retain * (n_f / ((n_f + n_r) * n_r));
    let part = PartOf { phase, stream: 2, part: 0 };
    let drawn = work.draws.sample(&part, work.examples.set(Set::Retain), samples + 1)?;
    times_inverse(difference, drawn, work)
}

/// Σ over a set of the gradients of its examples. Depends on data and weights alone.
fn summed(
    set: Set,
    batch_size: usize,
    (phase, stream): (usize, usize),
    work: &mut Work<'_>,
) -> Result<Tensor, Halt> {
    let order = work.draws.settled_order(&Pass { phase, stream, number: 0 }, work.examples.set(set))?;
    let question = Question { what: "sum of gradients", plan: &batch_size, order: &order };
    let known = work.known.look_up(&question, work.weights);
    let count = work.layout().parameter_count() as usize;
    known.or_compute(count, || sum(order, batch_size, work))
}

fn sum(order: Vec<i64>, batch_size: usize, work: &mut Work<'_>) -> Result<Tensor, Halt> {
    let lengths: Vec<usize> = order.chunks(batch_size).map(<[i64]>::len).collect();
    let mut lengths = lengths.into_iter();
    let pass = GradientPass { order, batch_size, batch_norm: BatchNorm::Frozen };
    let place = (work.weights.kind(), work.weights.device());
    let mut sum = Tensor::zeros([work.layout().parameter_count()], place);
    pass.run(work, &mean_cross_entropy, &mut |gradient| {
        let length = lengths.next().expect("as many batches as lengths");
        let _ = sum.g_add_(&(gradient * length as f64));
    })?;
    Ok(sum)
}

/// k ← v, o ← the first gradient; then for each of N further gradients s: c = o·s, k ← k − (k·s) / (N + c) · o,
/// o ← o − c / (N + c) · o.
fn times_inverse(v: Tensor, drawn: Vec<i64>, work: &mut Work<'_>) -> Result<Tensor, Halt> {
    let further = drawn.len().saturating_sub(1) as f64;
    let pass = GradientPass { order: drawn, batch_size: 1, batch_norm: BatchNorm::Frozen };
    let mut k = v;
    let mut o: Option<Tensor> = None;
    pass.run(work, &mean_cross_entropy, &mut |s| {
        let Some(o) = &mut o else {
            o = Some(s);
            return;
        };
        let c = o.dot(&s);
        let below = &c + further;
        let step = (k.dot(&s) / &below) * &*o;
        let _ = k.g_sub_(&step);
        let shrink = (c / below) * &*o;
        let _ = o.g_sub_(&shrink);
    })?;
    Ok(k)
}
