//! The world of the simulations: models whose confidences are normal around a mean of each example, with a spread of its own; a
//! model's examples share a quarter of their variance.

use sweep::score::{Ensemble, Kind, Model};
use sweep_chance::Chance;

/// Draws models.
pub(crate) struct World {
    /// What they are drawn from.
    pub(crate) chance: Chance,
}

/// How unlearned models differ from retrained ones on an example, in standard deviations of the retrained.
#[derive(Clone, Copy)]
pub(crate) struct Differs {
    /// By how much their mean lies above.
    pub(crate) shift: f64,
    /// Their standard deviation.
    pub(crate) spread: f64,
}

/// What retrained models do.
pub(crate) const SAME: Differs = Differs { shift: 0.0, spread: 1.0 };

impl Differs {
    /// The same, moved.
    pub(crate) fn by(shift: f64) -> Self {
        Self { shift, ..SAME }
    }
}

impl World {
    /// The world of one repeat.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self { chance: Chance::of_seed(seed).nth(stream) }
    }

    /// Confidences of one model on so many examples; \[S\].
    pub(crate) fn model(&mut self, examples: usize, differs: impl Fn(usize) -> Differs) -> Vec<f64> {
        let shared = 0.5 * self.chance.normal();
        let confidence = |example: usize, own: f64| {
            let (mean, deviation) = ((example % 5) as f64, 1.0 + (example % 3) as f64);
            let Differs { shift, spread } = differs(example);
            mean + deviation * (shift + spread * (shared + 0.75_f64.sqrt() * own))
        };
        (0..examples).map(|example| confidence(example, self.chance.normal())).collect()
    }
}

/// Models with these confidences, all equally accurate.
pub(crate) fn ensemble<K: Kind>(rows: &[Vec<f64>]) -> Option<Ensemble<K>> {
    let accuracy = 0.5.try_into().ok()?;
    let model = |row: &Vec<f64>| Model {
        confidences: row.clone(),
        retain_accuracy: accuracy,
        held_out_accuracy: accuracy,
    };
    Ensemble::new(&rows.iter().map(model).collect::<Vec<_>>(), rows.len()).ok()
}
