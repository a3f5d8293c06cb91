//! Networks that are trained without a part of the persons: for whom they left out they are retrained models, for the others
//! originals.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{LeaveOut, Phase},
    terms::Set,
};

use super::{Engines, Hyper, Method, StartsFrom, Tier, parameters};

/// Into how many parts the persons are divided.
const FOLDS: Hyper<NonZeroU32> =
    Hyper::count("folds", 6, "parts of the persons, of which each network leaves out one").usual("5 to 10");

pub(super) const METHOD: Method = Method {
    name: "shadow",
    tier: Tier::Control,
    family: "control",
    about: "Trains afresh by [training] on everything but one part of the persons, drawn by the seed: what `[shadows]` asks for",
    source: "Feldman and Zhang, What neural networks memorize and why, NeurIPS 2020, arXiv:2008.03703; Carlini et al., \
             arXiv:2112.03570. There every example is drawn by itself; here a person is in or out with all images, and out of \
             exactly one network of each block",
    failure_modes: "it learns from a part of the forget set: it is evidence about the data, and never scored",
    starts_from: StartsFrom::Fresh,
    parameters: parameters![FOLDS],
    engines: Engines::Torch,
    recipe: |arguments, facts| {
        let mut recipe = facts.training.on(Set::Train);
        let without = LeaveOut { folds: arguments.get(&FOLDS), persons: facts.persons.clone() };
        for phase in &mut recipe.phases {
            if let Phase::Train(train) = phase {
                for stream in &mut train.data {
                    stream.without = Some(without.clone());
                }
            }
        }
        recipe
    },
    ..Method::UNLEARNS
};
