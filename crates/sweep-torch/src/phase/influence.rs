//! Influence unlearning: one step along an inverse Fisher matrix times a difference of gradients.

use sweep_protocol::{
    recipe::{BatchNorm, Inverse},
    terms::Set,
};
use tch::Tensor;

use super::{Halt, loss::mean_cross_entropy, pass::GradientPass, work::Work};
use crate::{
    draws::{PartOf, Pass},
    pass_cache::Question,
};

/// The direction k of influence unlearning, flat, from the gradients of `samples` retain examples.
pub(super) fn influence(
    samples: usize,
    batch_size: usize,
    inverse: &Inverse,
    phase: usize,
    work: &mut Work<'_>,
) -> Result<Tensor, Halt> {
    let forget = summed(Set::Forget, batch_size, (phase, 0), work)?;
    let retain = summed(Set::Retain, batch_size, (phase, 1), work)?;
    let [n_f, n_r] = [Set::Forget, Set::Retain].map(|set| work.examples.set(set).len() as f64);
    let v = forget / (n_f + n_r) - retain * (n_f / ((n_f + n_r) * n_r));
    let part = PartOf { phase, stream: 2, part: 0 };
    let further = usize::from(*inverse == Inverse::AsPublished);
    let drawn = work.draws.sample(&part, work.examples.set(Set::Retain), samples + further)?;
    match inverse {
        Inverse::AsPublished => as_published(v, drawn, work),
        Inverse::WoodFisher { damping } => wood_fisher(&v, drawn, damping.get(), work),
        Inverse::Diagonal { damping } => diagonal(&v, drawn, damping.get(), work),
        Inverse::ConjugateGradients { damping, iterations } => {
            conjugate_gradients(&v, &drawn, (damping.get(), iterations.get()), work)
        }
    }
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

/// Calls `each` with the gradient of every one of these examples.
fn one_by_one(drawn: Vec<i64>, work: &mut Work<'_>, each: &mut dyn FnMut(Tensor)) -> Result<(), Halt> {
    let pass = GradientPass { order: drawn, batch_size: 1, batch_norm: BatchNorm::Frozen };
    pass.run(work, &mean_cross_entropy, each)
}

/// k ← v, o ← the first gradient; then for each of N further gradients s: c = o·s, k ← k − (k·s) / (N + c) · o,
/// o ← o − c / (N + c) · o (Unlearn-Sparse, `Wfisher.py`).
fn as_published(v: Tensor, drawn: Vec<i64>, work: &mut Work<'_>) -> Result<Tensor, Halt> {
    let further = drawn.len().saturating_sub(1) as f64;
    let mut k = v;
    let mut o: Option<Tensor> = None;
    one_by_one(drawn, work, &mut |s| {
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

/// F⁻¹ v by the recursion of Sherman and Morrison: F₀ = λ I, Fₙ = Fₙ₋₁ + s sᵀ / N and oₙ = Fₙ₋₁⁻¹ s give
/// Fₙ⁻¹ v = Fₙ₋₁⁻¹ v − oₙ (oₙ·v) / (N + oₙ·s).
fn wood_fisher(v: &Tensor, drawn: Vec<i64>, damping: f64, work: &mut Work<'_>) -> Result<Tensor, Halt> {
    let count = drawn.len() as f64;
    let k = v / damping;
    let mut earlier: Vec<(Tensor, Tensor)> = Vec::new();
    one_by_one(drawn, work, &mut |s| {
        let mut o = &s / damping;
        for (other, below) in &earlier {
            let _ = o.g_sub_(&((other.dot(&s) / below) * other));
        }
        let below = o.dot(&s) + count;
        let _ = k.shallow_clone().g_sub_(&((o.dot(v) / &below) * &o));
        earlier.push((o, below));
    })?;
    Ok(k)
}

/// v over the diagonal of F.
fn diagonal(v: &Tensor, drawn: Vec<i64>, damping: f64, work: &mut Work<'_>) -> Result<Tensor, Halt> {
    let count = drawn.len().max(1) as f64;
    let mut squares = v.zeros_like();
    one_by_one(drawn, work, &mut |s| {
        let _ = squares.g_add_(&s.square());
    })?;
    Ok(v / (squares / count + damping))
}

/// F⁻¹ v by conjugate gradients from 0.
fn conjugate_gradients(
    v: &Tensor,
    drawn: &[i64],
    (damping, iterations): (f64, u32),
    work: &mut Work<'_>,
) -> Result<Tensor, Halt> {
    let count = drawn.len().max(1) as f64;
    let (mut k, mut rest, mut along) = (v.zeros_like(), v.copy(), v.copy());
    let mut square = rest.dot(&rest);
    for _ in 0..iterations {
        let mut product = &along * damping;
        one_by_one(drawn.to_vec(), work, &mut |s| {
            let _ = product.g_add_(&(s.dot(&along) / count * &s));
        })?;
        // What is already solved has nothing left to divide by.
        let step = &square / along.dot(&product).clamp_min(f64::MIN_POSITIVE);
        let _ = (k.g_add_(&(&step * &along)), rest.g_sub_(&(&step * &product)));
        let next = rest.dot(&rest);
        along = &rest + (&next / square.clamp_min(f64::MIN_POSITIVE)) * &along;
        square = next;
    }
    Ok(k)
}
