//! Losses that compare outputs with those of other images.

use sweep_protocol::recipe::{BatchNorm, Contrast, LipschitzBound};
use tch::Tensor;

use super::Seen;
use crate::{
    draws::Purpose,
    phase::{Halt, work::Work},
};

pub(super) fn contrast(term: &Contrast, seen: &Seen, all: &[Seen]) -> Tensor {
    let other = all.iter().find(|other| other.set == term.against).expect("a checked term has its streams");
    let similarity = seen.logits.matmul(&other.logits.detach().tr()) / term.temperature.get();
    similarity.log_softmax(1, similarity.kind()).mean(similarity.kind()).neg()
}

pub(super) fn lipschitz(term: &LipschitzBound, seen: &Seen, work: &mut Work<'_>) -> Result<Tensor, Halt> {
    let (clean, kind) = (&seen.batch.images, seen.logits.kind());
    let copies = i64::from(term.copies.get());
    let shape: Vec<i64> = std::iter::once(copies).chain(clean.size()).collect();
    let count = shape.iter().product::<i64>() as usize;
    let noise = work.draws.normal(&Purpose::Copies(seen.batch.of), count, term.std.get())?;
    let noise = Tensor::from_slice(&noise).view(shape.as_slice()).to_kind(kind).to_device(clean.device());
    let (lowest, highest) = (clean.min(), clean.max());
    let mut sum = seen.logits.new_zeros([], (kind, clean.device()));
    for copy in 0..copies {
        let noisy = (clean + noise.select(0, copy)).clamp_tensor(Some(&lowest), Some(&highest));
        let logits = tch::no_grad(|| work.network.forward(work.weights, &noisy, BatchNorm::Frozen));
        let moved = norms(&(&seen.logits - logits));
        sum += (moved / norms(&(clean - noisy))).sum(kind);
    }
    Ok(sum / copies as f64)
}

/// ‖·‖₂ of each example.
fn norms(tensor: &Tensor) -> Tensor {
    let kind = tensor.kind();
    tensor.flatten(1, -1).square().sum_dim_intlist([1_i64].as_slice(), false, kind).sqrt()
}
