//! Cross entropy with the labels of a stream.

use sweep_protocol::recipe::{self, Averaging, ClassWeight};
use tch::{Reduction, Tensor};

use super::{Seen, counts, per_class};
use crate::phase::work::Work;

/// Smallest loss that an adaptive weight is taken of; float32 says 0 to what it is sure of.
const SMALLEST: f64 = 1e-12;

pub(super) struct CrossEntropy {
    class_weights: Option<Tensor>,
    averaging: Averaging,
}

impl CrossEntropy {
    pub(super) fn new(term: &recipe::CrossEntropy, work: &Work<'_>) -> Self {
        let class_weights = match term.class_weight {
            ClassWeight::None => None,
            ClassWeight::Inverse => Some(powers(work.examples.class_counts(), -1.0)),
            ClassWeight::Power { counts: set, power } => {
                Some(powers(&counts(set, work.examples, work.classes() as usize), -power.get()))
            }
            ClassWeight::Others(weight) => {
                let others = std::iter::repeat_n(weight.get(), (work.classes() - 1).max(0) as usize);
                Some(std::iter::once(1.0).chain(others).collect())
            }
        };
        let class_weights = class_weights.map(|weights| per_class(&weights, work));
        Self { class_weights, averaging: term.averaging }
    }

    pub(super) fn value(&self, seen: &Seen, member: Option<&Tensor>) -> Tensor {
        let (logits, labels) = (&seen.logits, &seen.batch.labels);
        let weights = self.class_weights.as_ref();
        if self.averaging == Averaging::ByWeight && member.is_none() {
            return entropy(logits, labels, weights, Reduction::Mean);
        }
        let each = entropy(logits, labels, None, Reduction::None);
        let each = member.map_or_else(|| each.shallow_clone(), |member| &each * member);
        let kind = each.kind();
        let weight = weights.map_or_else(|| each.ones_like(), |weights| weights.index_select(0, labels));
        match self.averaging {
            Averaging::ByWeight => (&each * &weight).sum(kind) / weight.sum(kind),
            Averaging::ByCount => (each * weight).mean(kind),
            Averaging::Product => each.mean(kind) * weight.mean(kind),
            Averaging::Adaptive(power) => {
                let easy = each.detach().clamp_min(SMALLEST).pow_tensor_scalar(-power.get());
                let easy = member.map_or_else(|| easy.shallow_clone(), |member| &easy * member);
                (each * (&easy / easy.sum(kind).clamp_min(SMALLEST))).sum(kind)
            }
        }
    }
}

/// count^power of each class; a class without examples, which no batch can hold, weighs 0.
fn powers(counts: &[u64], power: f64) -> Vec<f64> {
    let weight = |&count: &u64| match (count, power) {
        (0, _) => 0.0,
        (count, -1.0) => 1.0 / count as f64,
        (count, power) => (count as f64).powf(power),
    };
    counts.iter().map(weight).collect()
}

/// The plain mean of the examples' cross entropies, in the kind of the logits.
pub(in crate::phase) fn mean_cross_entropy(logits: &Tensor, labels: &Tensor) -> Tensor {
    entropy(logits, labels, None, Reduction::Mean)
}

fn entropy(logits: &Tensor, labels: &Tensor, weights: Option<&Tensor>, reduction: Reduction) -> Tensor {
    // No label is left out, none is smoothed.
    logits.cross_entropy_loss(labels, weights, reduction, -100, 0.0)
}
