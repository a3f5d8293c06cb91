//! Half of the models of both sides, with their confidences in order.

use crate::score::ensemble::{Confidences, Kind, Retrained, Unlearned};

/// One model's confidence on one forget example.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::score) struct Entry {
    pub(in crate::score) confidence: f64,
    /// Position among the models of the half: the unlearned first, then the retrained.
    pub(in crate::score) model: usize,
}

/// Half of the models of both sides.
#[derive(Debug)]
pub(super) struct Half {
    /// Models of each side in this half.
    pub(super) n: usize,
    /// Ascending by confidence; \[S\]\[2n\].
    pub(super) examples: Vec<Vec<Entry>>,
}

impl Half {
    /// Takes the models at even positions (`parity` 0) or odd ones (1).
    pub(super) fn new(
        unlearned: &Confidences<Unlearned>,
        retrained: &Confidences<Retrained>,
        parity: usize,
    ) -> Self {
        let n = (unlearned.models() + 1 - parity) / 2;
        let examples = (0..unlearned.examples()).map(|example| {
            let sides = taken(unlearned, example, parity).chain(taken(retrained, example, parity));
            let mut entries: Vec<Entry> =
                sides.zip(0..).map(|(confidence, model)| Entry { confidence, model }).collect();
            entries.sort_unstable_by(|one, other| one.confidence.total_cmp(&other.confidence));
            entries
        });
        Self { n, examples: examples.collect() }
    }

    /// Ascending confidences of the unlearned and of the retrained models on one example; \[n\] each.
    pub(super) fn sides(&self, example: usize) -> [Vec<f64>; 2] {
        let (unlearned, retrained): (Vec<Entry>, Vec<Entry>) =
            self.examples[example].iter().partition(|entry| entry.model < self.n);
        [unlearned, retrained].map(|side| side.iter().map(|entry| entry.confidence).collect())
    }

    /// What each model adds to an attack's advantage if the attack takes it for unlearned: 1/n for an unlearned model, which
    /// is a hit, and −1/n for a retrained one, which is a false alarm.
    pub(super) fn weights(&self) -> Vec<f64> {
        let each = 1.0 / self.n as f64;
        (0..2 * self.n).map(|model| if model < self.n { each } else { -each }).collect()
    }
}

fn taken<K: Kind>(
    confidences: &Confidences<K>,
    example: usize,
    parity: usize,
) -> impl Iterator<Item = f64> + '_ {
    confidences.of_example(example).iter().copied().skip(parity).step_by(2)
}
