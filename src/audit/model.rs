use sweep_protocol::{behaviour::Behaviour, measurement::Accuracies};

use super::reconstruction::Images;

/// What the audits see of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Share of examples classified correctly, per set.
    pub accuracy: Accuracies,
    /// Logit-scaled confidence on each forget example; \[S\].
    pub confidences: Vec<f64>,
    /// What it does on single examples, where that was measured.
    pub sets: Option<Sets>,
    /// What is found of the images in its weights, where that was measured.
    pub images: Option<Images>,
}

/// One model on single examples of three sets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sets {
    /// The whole forget set.
    pub forget: Behaved,
    /// A sample of the retain set.
    pub retain: Behaved,
    /// The whole test set, or the validation set where there is none.
    pub test: Behaved,
}

/// One model on the examples of one set, column by column; \[E\] each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Behaved {
    /// Logit-scaled confidences.
    pub confidence: Vec<f64>,
    /// Cross entropies, in nats.
    pub loss: Vec<f64>,
    /// Entropies of the predictions, in nats.
    pub entropy: Vec<f64>,
    /// Modified entropies, in nats.
    pub modified_entropy: Vec<f64>,
    /// 1 where the prediction is right, 0 where it is wrong.
    pub correct: Vec<f64>,
}

impl Extend<Behaviour> for Behaved {
    fn extend<T: IntoIterator<Item = Behaviour>>(&mut self, examples: T) {
        for example in examples {
            self.confidence.push(example.confidence);
            self.loss.push(example.loss);
            self.entropy.push(example.entropy);
            self.modified_entropy.push(example.modified_entropy);
            self.correct.push(f64::from(u8::from(example.correct)));
        }
    }
}

impl FromIterator<Behaviour> for Behaved {
    fn from_iter<T: IntoIterator<Item = Behaviour>>(examples: T) -> Self {
        let mut behaved = Self::default();
        behaved.extend(examples);
        behaved
    }
}
