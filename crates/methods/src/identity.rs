//! The floor: the original, unchanged.

use sweep_protocol::recipe::Recipe;

use super::{Method, Tier, parameters};

pub(super) const METHOD: Method = Method {
    name: "identity",
    tier: Tier::Control,
    family: "control",
    about: "Leaves the original as it is: the floor of every score",
    source: "control",
    failure_modes: "forgets nothing, and beats many methods in average-gap metrics where 2 % are forgotten",
    parameters: parameters![],
    recipe: |_, _| Recipe::default(),
    ..Method::UNLEARNS
};
