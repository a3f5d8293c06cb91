//! The floor: the original, unchanged.

use sweep_protocol::recipe::Recipe;

use super::{Engines, Method, StartsFrom};

pub(super) const METHOD: Method = Method {
    name: "identity",
    about: "Leaves the original as it is: the floor of every score",
    source: "control",
    parameters: &[],
    starts_from: StartsFrom::Original,
    engines: Engines::All,
    recipe: |_, _| Recipe::default(),
};
