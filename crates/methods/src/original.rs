//! Trains the network that is to be unlearned.

use sweep_protocol::terms::Set;

use super::{Method, StartsFrom, Tier};

pub(super) const METHOD: Method = Method {
    name: "original",
    tier: Tier::Control,
    family: "control",
    about: "Trains on everything by [training]: the network that the other methods unlearn",
    source: "the competition's training recipe",
    failure_modes: "unlearns nothing: it is where unlearning starts",
    starts_from: StartsFrom::Fresh,
    recipe: |_, facts| facts.train_on(Set::Train),
    ..Method::UNLEARNS
};
