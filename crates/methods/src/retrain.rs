//! The oracle: what unlearning imitates.

use sweep_protocol::terms::Set;

use super::{Method, StartsFrom, Tier};

pub(super) const METHOD: Method = Method {
    name: "retrain",
    tier: Tier::Control,
    family: "control",
    about: "Trains afresh on the retain set by [training]: exact unlearning, the models that every score compares with",
    source: "exact; the competition's training recipe. Class weights stay those of the whole training set, as in its scorer",
    failure_modes: "dear; a few models give means, distributions need 64 and more",
    starts_from: StartsFrom::Fresh,
    recipe: |_, facts| facts.train_on(Set::Retain),
    ..Method::UNLEARNS
};
