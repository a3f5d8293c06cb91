//! Trains the network that is to be unlearned.

use sweep_protocol::terms::Set;

use super::{Engines, Method, StartsFrom};

pub(super) const METHOD: Method = Method {
    name: "original",
    about: "Trains on everything by [recipe]: the network that the other methods unlearn",
    source: "the competition's training recipe",
    parameters: &[],
    starts_from: StartsFrom::Fresh,
    engines: Engines::All,
    recipe: |_, facts| facts.training.on(Set::Train),
};
