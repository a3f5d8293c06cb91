//! How the original and the retrained models are trained.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use sweep_protocol::{
    recipe::{Augment, ClassWeight, CrossEntropy, Optimizer, Phase, Recipe, Schedule, Stream, Term, Train},
    terms::{NonNegative, Positive, Set},
};

/// The `[training]` table of a grid. Its defaults are the competition's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct TrainingRecipe {
    /// Passes over the training data.
    pub epochs: Positive,
    /// Examples in a batch.
    pub batch_size: NonZeroU32,
    /// Optimiser.
    pub optimizer: Optimizer,
    /// How the learning rate moves.
    pub schedule: Schedule,
    /// Weights of the classes in the cross entropy.
    pub class_weight: ClassWeight,
    /// What is done to images anew in every batch.
    pub augment: Augment,
}

impl Default for TrainingRecipe {
    /// The organisers' recipe: 30 epochs of Adam at 1e-4 with weight decay 5e-3, cosine schedule, batches of 64,
    /// cross entropy weighted by 1 / count (`unlearning_evaluation`: `surf.py` and `train_lib.py`).
    fn default() -> Self {
        let positive = |value| Positive::new(value).expect("a constant above 0");
        Self {
            epochs: positive(30.0),
            batch_size: NonZeroU32::new(64).expect("a constant above 0"),
            optimizer: Optimizer::Adam {
                lr: positive(1e-4),
                weight_decay: NonNegative::new(5e-3).expect("a constant above 0"),
            },
            schedule: Schedule::Cosine,
            class_weight: ClassWeight::Inverse,
            augment: Augment::default(),
        }
    }
}

impl TrainingRecipe {
    /// The same training, on another set.
    pub(super) fn on(&self, set: Set) -> Recipe {
        let loss = vec![Term::CrossEntropy(CrossEntropy {
            class_weight: self.class_weight,
            ..CrossEntropy::new(set, 1.0)
        })];
        let stream = Stream { augment: self.augment, ..Stream::of(set, self.batch_size) };
        Recipe {
            phases: vec![Phase::Train(Train {
                schedule: self.schedule.clone(),
                ..Train::new(stream, self.epochs, loss, self.optimizer)
            })],
        }
    }
}
