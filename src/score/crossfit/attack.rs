//! The attacks: a model is unlearned if its confidence lies inside an interval, or if it lies outside.
//!
//! Single thresholds are intervals that are open at one end. Ends lie half way between neighbouring confidences.

use super::half::Entry;

/// Takes models for unlearned inside `low..=high`, or outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attack {
    /// Lower end; minus infinity where it is open.
    pub low: f64,
    /// Upper end; infinity where it is open.
    pub high: f64,
    /// Where it expects the unlearned models.
    pub unlearned: Place,
}

/// Where an attack expects the unlearned models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Within the interval, its ends included.
    Inside,
    /// Beyond it.
    Outside,
}

impl Attack {
    /// Whether it takes a model with this confidence for unlearned.
    pub(super) fn says_unlearned(self, confidence: f64) -> bool {
        (self.low <= confidence && confidence <= self.high) == (self.unlearned == Place::Inside)
    }

    /// True minus false positive rate on models that weigh as told.
    pub(in crate::score) fn advantage(self, entries: &[Entry], weights: &[f64]) -> f64 {
        let taken = entries.iter().filter(|entry| self.says_unlearned(entry.confidence));
        taken.map(|entry| weights[entry.model]).sum()
    }

    /// The attack with the largest advantage on models that weigh as told (0: left out), the first of equals.
    ///
    /// Weights of both sides sum to 0, so the best interval is the contiguous stretch of models with the largest or
    /// the smallest sum (Bentley, 1984, doi:10.1145/358234.381162).
    pub(in crate::score) fn strongest(entries: &[Entry], weights: &[f64]) -> Self {
        let mut best = (
            f64::NEG_INFINITY,
            Self { low: f64::NEG_INFINITY, high: f64::INFINITY, unlearned: Place::Inside },
        );
        let mut stretches = [Place::Inside, Place::Outside].map(Stretch::new);
        let mut kept = entries.iter().filter(|entry| weights[entry.model].abs() > 0.0).peekable();
        let mut low = f64::NEG_INFINITY;
        while let Some(first) = kept.next() {
            let mut weight = weights[first.model];
            while let Some(tied) = kept.next_if(|entry| entry.confidence <= first.confidence) {
                weight += weights[tied.model];
            }
            let high =
                kept.peek().map_or(f64::INFINITY, |next| f64::midpoint(first.confidence, next.confidence));
            for stretch in &mut stretches {
                let attack = stretch.extend(weight, low, high);
                if stretch.advantage > best.0 + ROUNDING {
                    best = (stretch.advantage, attack);
                }
            }
            low = high;
        }
        best.1
    }
}

/// Sums of weights that differ by less are equal.
const ROUNDING: f64 = 1e-12;

/// The best interval that ends at the present confidence.
struct Stretch {
    unlearned: Place,
    advantage: f64,
    low: f64,
}

impl Stretch {
    fn new(unlearned: Place) -> Self {
        Self { unlearned, advantage: 0.0, low: f64::NEG_INFINITY }
    }

    /// Takes up all that lies from `low` to `high`; begins anew where what came before is no gain.
    fn extend(&mut self, weight: f64, low: f64, high: f64) -> Attack {
        if self.advantage <= ROUNDING {
            (self.advantage, self.low) = (0.0, low);
        }
        self.advantage += if self.unlearned == Place::Inside { weight } else { -weight };
        Attack { low: self.low, high, unlearned: self.unlearned }
    }
}
