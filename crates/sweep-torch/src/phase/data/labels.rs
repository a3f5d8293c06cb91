//! What is taken for the labels of examples.

use sweep_protocol::recipe::{BatchNorm, Labels, Teacher};
use tch::{Device, Kind, Tensor};

use crate::{
    draws::{PartOf, Pass},
    phase::{Halt, loss::mean_cross_entropy, work::Work},
};

/// Images in one pass of the adversary.
const BATCH: usize = 256;

/// The examples of one set in a stream. Some rules give an example one label for all passes; those labels are found once.
pub(super) struct Labelled {
    pub(super) examples: Vec<i64>,
    pub(super) part: PartOf,
    pub(super) rule: Labels,
    /// One label for each example, if the rule gives it the same in every pass.
    pub(super) settled: Option<Vec<i64>>,
}

impl Labelled {
    pub(super) fn new(examples: Vec<i64>, rule: Labels, part: PartOf, work: &mut Work<'_>) -> Self {
        let (examples, settled) = match rule {
            Labels::True | Labels::Random | Labels::Wrong => (examples, None),
            Labels::SecondBest => {
                let labels = second_best(&examples, work);
                (examples, Some(labels))
            }
            Labels::Adversarial { epsilon } => {
                let labels = adversarial(&examples, epsilon.get(), work);
                let moved = examples
                    .into_iter()
                    .zip(labels)
                    .filter(|&(position, label)| work.examples.label(position) != label);
                let (examples, labels) = moved.unzip();
                (examples, Some(labels))
            }
        };
        Self { examples, part, rule, settled }
    }

    /// Whether labels are drawn anew in every pass.
    pub(super) fn drawn(&self) -> bool {
        matches!(self.rule, Labels::Random | Labels::Wrong)
    }

    /// Labels of the examples in one pass.
    pub(super) fn of_pass(&self, pass: &Pass, work: &mut Work<'_>) -> Result<Vec<i64>, Halt> {
        let truth = || self.examples.iter().map(|&position| work.examples.label(position));
        let classes = work.classes();
        Ok(match self.rule {
            Labels::Random => work.draws.labels(&self.part, pass, &self.examples, classes)?,
            Labels::Wrong => {
                let truth: Vec<i64> = truth().collect();
                let drawn = work.draws.labels(&self.part, pass, &self.examples, classes - 1)?;
                drawn.into_iter().zip(truth).map(|(label, true_)| label + i64::from(label >= true_)).collect()
            }
            Labels::True => truth().collect(),
            Labels::SecondBest | Labels::Adversarial { .. } => self.settled.clone().unwrap_or_default(),
        })
    }
}

fn second_best(positions: &[i64], work: &mut Work<'_>) -> Vec<i64> {
    if positions.is_empty() {
        return Vec::new();
    }
    work.teachers.learn(Teacher::Start, work.network, work.examples, positions);
    let places = Tensor::from_slice(positions).to_device(work.examples.device());
    let logits = work.teachers.logits(Teacher::Start, &places);
    let labels: Vec<i64> = positions.iter().map(|&position| work.examples.label(position)).collect();
    let labels = Tensor::from_slice(&labels).to_device(logits.device()).unsqueeze(1);
    classes(&logits.scatter_value(1, &labels, f64::NEG_INFINITY))
}

/// What the start of the recipe says after one step of the fast gradient sign method.
fn adversarial(positions: &[i64], epsilon: f64, work: &mut Work<'_>) -> Vec<i64> {
    let mut found = Vec::with_capacity(positions.len());
    let start = work.teachers.start();
    for chunk in positions.chunks(BATCH) {
        let places = Tensor::from_slice(chunk).to_device(work.examples.device());
        let (images, labels) = work.examples.batch(&places, start.kind());
        let images = images.set_requires_grad(true);
        let logits = work.network.forward(start, &images, BatchNorm::Frozen);
        let loss = mean_cross_entropy(&logits, &labels);
        let gradient = &Tensor::run_backward(&[&loss], &[&images], false, false)[0];
        let attacked = work.examples.stepped(&images.detach(), &gradient.sign(), epsilon);
        let logits = tch::no_grad(|| work.network.forward(start, &attacked, BatchNorm::Frozen));
        found.extend(classes(&logits));
    }
    found
}

fn classes(logits: &Tensor) -> Vec<i64> {
    let best = logits.argmax(1, false).to_device(Device::Cpu).to_kind(Kind::Int64);
    Vec::try_from(best).expect("one class per row is a vector of i64")
}
