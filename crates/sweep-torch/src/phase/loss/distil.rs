//! Losses that compare outputs with a distribution or with another network's outputs, one value per example.

use sweep_protocol::recipe::{Direction, Divergence, Reduction, SoftCrossEntropy, Target, TemperatureScale};
use tch::Tensor;

/// What the true class's logit of a masked teacher becomes.
const MASKED: f64 = -1e10;

pub(super) fn divergence(
    term: &Divergence,
    logits: &Tensor,
    teacher: Option<&Tensor>,
    labels: &Tensor,
) -> Tensor {
    let (kind, temperature) = (logits.kind(), term.temperature.get());
    let classes = logits.size()[1] as f64;
    let log_student = (logits / temperature).log_softmax(1, kind);
    let target = match (term.target, teacher) {
        (Target::Teacher(_), Some(teacher)) => teacher / temperature,
        (Target::MaskedTeacher(_), Some(teacher)) => {
            teacher.scatter_value(1, &labels.unsqueeze(1), MASKED) / temperature
        }
        (_, _) => logits.detach().zeros_like(),
    };
    let log_target = target.log_softmax(1, kind);
    let each = match term.direction {
        // A class that the target rules out adds nothing: 0 log 0 = 0.
        Direction::FromTarget => {
            let target = log_target.exp();
            target.xlogy(&target) - target * log_student
        }
        Direction::FromStudent => log_student.exp() * (&log_student - log_target),
    };
    let mut factor = 1.0;
    if term.scale == TemperatureScale::Squared {
        factor *= temperature * temperature;
    }
    if term.reduction == Reduction::Mean {
        factor /= classes;
    }
    let sum = each.sum_dim_intlist([1_i64].as_slice(), false, kind);
    sum * factor
}

pub(super) fn soft_cross_entropy(term: &SoftCrossEntropy, logits: &Tensor, teacher: &Tensor) -> Tensor {
    let (kind, temperature) = (logits.kind(), term.temperature.get());
    let log_student = (logits / temperature).log_softmax(1, kind);
    let target = (teacher / temperature).softmax(1, kind);
    (target * log_student).sum_dim_intlist([1_i64].as_slice(), false, kind).neg()
}

/// Entropy of the softmax, in nats.
pub(super) fn entropy(logits: &Tensor) -> Tensor {
    let kind = logits.kind();
    let log = logits.log_softmax(1, kind);
    (log.exp() * log).sum_dim_intlist([1_i64].as_slice(), false, kind).neg()
}
