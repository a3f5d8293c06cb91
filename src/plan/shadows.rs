//! Shadow networks, each trained without one part of the persons.

use std::{collections::BTreeSet, num::NonZeroU32};

use serde::{Deserialize, Serialize};
use sweep_inputs::dataset::Persons;
use sweep_protocol::{recipe::Mention, terms::Seed};

use super::{Plan, PlanFault, Role, Run};

/// Parts that the persons may be divided into.
pub const MOST_FOLDS: u32 = 16;

/// Times that they may be divided anew.
pub const MOST_REPEATS: u64 = 10_000;

/// The shadow networks of a sweep, and what they are trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shadows {
    /// Parts of the persons, of which each network leaves out one.
    pub folds: NonZeroU32,
    /// Times that the persons are divided: so many networks are trained without any one of them.
    pub repeats: u64,
    /// The training images.
    pub training: TrainingSet,
}

/// What is known of the training images, in the order of the retain set and then of the forget set of the split that the networks
/// learn from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSet {
    /// The id of each.
    pub images: Vec<String>,
    /// The class of each, as it is labelled.
    pub classes: Vec<u32>,
    /// Whom each shows; nothing where the data set names no persons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<String>,
    /// Where the images stand that the sweep forgets, in the order of its forget set; nothing where they are the last ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<usize>,
}

impl Shadows {
    /// How many networks there are.
    pub fn models(&self) -> u64 {
        u64::from(self.folds.get()) * self.repeats
    }

    /// Which training images the network with this seed has never seen.
    pub fn left_out(&self, seed: Seed) -> Vec<bool> {
        self.training.shown().left_out(seed, self.folds)
    }
}

impl TrainingSet {
    /// Whom the images show; each image stands for itself where the data set names no persons.
    pub fn shown(&self) -> Persons {
        let names = if self.persons.is_empty() { &self.images } else { &self.persons };
        Persons::named(names.iter().map(String::as_str))
    }

    /// Where the images of the sweep's forget set stand, of which there are so many.
    pub fn forget_set(&self, count: u64) -> Vec<usize> {
        if self.forgotten.is_empty() {
            (self.images.len().saturating_sub(count as usize)..self.images.len()).collect()
        } else {
            self.forgotten.clone()
        }
    }
}

impl Plan {
    /// The runs of shadow networks, in the order of their seeds.
    pub fn shadows(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| self.point(run).role == Role::Shadow)
    }

    /// How many shadow networks it asks for.
    pub(super) fn shadow_models(&self) -> u64 {
        self.shadows.as_ref().map_or(0, Shadows::models)
    }

    /// Refuses shadow networks that aren't of these data.
    pub(super) fn check_shadows(&self) -> Result<(), PlanFault> {
        let fault = |what| Err(PlanFault::Shadows { what });
        let point = self.points.iter().find(|point| point.role == Role::Shadow);
        let (own, point) = match (&self.shadows, point) {
            (None, None) => return Ok(()),
            (Some(own), Some(point)) => (own, point),
            _ => return fault("are named without their runs, or have runs without being named"),
        };
        let Shadows { folds, repeats, training: TrainingSet { images, classes, persons, forgotten } } = own;
        if !(2..=MOST_FOLDS).contains(&folds.get()) || !(2..=MOST_REPEATS).contains(repeats) {
            return fault("have no grid's numbers of parts and repeats");
        }
        let trained = self.inputs.as_ref().map_or(0, |inputs| inputs.sizes.retain + inputs.sizes.forget);
        let counts =
            [images.len(), classes.len(), if persons.is_empty() { images.len() } else { persons.len() }];
        if counts.iter().any(|count| *count as u64 != trained) {
            return fault("are of another number of training images");
        }
        let forget = self.inputs.as_ref().map_or(0, |inputs| inputs.sizes.forget);
        let distinct: BTreeSet<usize> =
            forgotten.iter().copied().filter(|place| *place < images.len()).collect();
        if !forgotten.is_empty() && [forgotten.len(), distinct.len()] != [forget as usize; 2] {
            return fault("are of another forget set");
        }
        let shown = own.training.shown().hash();
        let mut same = true;
        point.recipe().visit(&mut |_, mention| {
            if let Mention::Loop(train) = mention {
                let mut without = train.data.iter().map(|stream| stream.without.as_ref());
                same &= without.all(|own| own.is_some_and(|own| own.persons == shown && own.folds == *folds));
            }
        });
        if same { Ok(()) } else { fault("leave out other persons than the images show") }
    }
}
