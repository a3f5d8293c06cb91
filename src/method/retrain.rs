//! The oracle: what unlearning imitates.

use sweep_protocol::terms::Set;

use super::{Engines, Method, StartsFrom};

pub(super) const METHOD: Method = Method {
    name: "retrain",
    about: "Trains afresh on the retain set by [recipe]: exact unlearning, the models that every score compares with",
    source: "exact; the competition's training recipe. Class weights stay those of the whole training set, as in its scorer",
    parameters: &[],
    starts_from: StartsFrom::Fresh,
    engines: Engines::All,
    recipe: |_, facts| facts.training.on(Set::Retain),
};
