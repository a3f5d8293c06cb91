//! Worlds in which the truth is known.

use statrs::distribution::{ContinuousCDF, Normal};
use sweep::score::{Attack, CrossFit, Ensemble, Kind, Model, Place};
use sweep_chance::Chance;

/// Share of a confidence's variance that all examples of a model have in common.
const SHARED: f64 = 0.25;

/// How unlearned models differ from retrained ones.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    /// Normal components, in standard deviations of the retrained.
    components: &'static [Component],
}

#[derive(Debug, Clone, Copy)]
struct Component {
    share: f64,
    shift: f64,
    spread: f64,
}

const SAME: Component = Component { share: 1.0, shift: 0.0, spread: 1.0 };

/// The settings, perfect unlearning first.
pub(crate) const SETTINGS: [Setting; 5] = [
    Setting { name: "same", components: &[SAME] },
    Setting { name: "shifted 0.5 sd", components: &[Component { shift: 0.5, ..SAME }] },
    Setting { name: "shifted 2 sd", components: &[Component { shift: 2.0, ..SAME }] },
    Setting { name: "narrowed x 0.5", components: &[Component { spread: 0.5, ..SAME }] },
    Setting {
        name: "10 % apart",
        components: &[Component { share: 0.9, ..SAME }, Component { share: 0.1, shift: 3.0, spread: 0.5 }],
    },
];

impl Setting {
    /// Its position among the settings.
    pub(crate) fn number(&self) -> usize {
        SETTINGS.iter().position(|setting| setting.name == self.name).expect("one of the settings")
    }
}

/// Where the confidences of each example lie.
pub(crate) struct World {
    means: Vec<f64>,
}

impl World {
    pub(crate) fn new(examples: usize, seed: u64) -> Self {
        let mut chance = Chance::of_seed(seed);
        Self { means: (0..examples).map(|_| 1.5 * chance.normal()).collect() }
    }

    /// Confidences of `models` models; a model is of one component as a whole.
    pub(crate) fn draw(&self, setting: &Setting, models: usize, chance: &mut Chance) -> Vec<Vec<f64>> {
        (0..models)
            .map(|_| {
                let shared = chance.normal() * SHARED.sqrt();
                let component = component(setting, chance);
                let own = |chance: &mut Chance| shared + chance.normal() * (1.0 - SHARED).sqrt();
                let means = self.means.iter();
                means.map(|mean| mean + component.shift + component.spread * own(chance)).collect()
            })
            .collect()
    }

    /// True mean advantage of the attacks that an estimate rests on.
    pub(crate) fn advantage(&self, setting: &Setting, estimate: &CrossFit) -> f64 {
        let rate = |setting: &Setting, attack: &Attack, mean: f64| -> f64 {
            let inside: f64 = setting.components.iter().map(|component| component.inside(attack, mean)).sum();
            if attack.unlearned == Place::Inside { inside } else { 1.0 - inside }
        };
        let one = |attack: &Attack, mean: f64| rate(setting, attack, mean) - rate(&SETTINGS[0], attack, mean);
        let examples = estimate.attacks.iter().zip(&self.means);
        let sum: f64 = examples.map(|(attacks, &mean)| one(&attacks[0], mean) + one(&attacks[1], mean)).sum();
        sum / (2 * self.means.len()) as f64
    }
}

impl Component {
    fn inside(self, attack: &Attack, mean: f64) -> f64 {
        let normal = Normal::new(mean + self.shift, self.spread).expect("a positive spread");
        self.share * (normal.cdf(attack.high) - normal.cdf(attack.low))
    }
}

fn component(setting: &Setting, chance: &mut Chance) -> Component {
    let mut left = chance.above_zero();
    let last = setting.components[setting.components.len() - 1];
    let picked = setting.components.iter().find(|component| {
        left -= component.share;
        left <= 0.0
    });
    picked.copied().unwrap_or(last)
}

/// Models with these confidences, all equally accurate.
pub(crate) fn ensemble<K: Kind>(rows: &[Vec<f64>]) -> Option<Ensemble<K>> {
    let accuracy = 0.5.try_into().ok()?;
    let models: Vec<Model> = rows
        .iter()
        .map(|row| Model { confidences: row.clone(), retain_accuracy: accuracy, held_out_accuracy: accuracy })
        .collect();
    Ensemble::new(&models, models.len()).ok()
}
