//! A method of the user's own: phases written in the grid.
//!
//! ```toml
//! [method.hybrid]
//! method = "recipe"
//! lr     = [1e-3, 1e-2]                 # any other key is an axis; "$lr" below stands for its value
//! phases = [
//!   { reinit = { tensors = { modules = ["fc"] } } },
//!   { train = { data = [{ set = "retain", batch-size = 64 }], epochs = 2, loss = [{ cross-entropy = { on = "retain" } }],
//!               optimizer = { sgd = { lr = "$lr", momentum = 0.9 } } } },
//! ]
//! ```
//!
//! The grid substitutes the placeholders, reads the phases and hands them over; this file only registers the name.

use sweep_protocol::recipe::Recipe;

use super::{Engines, Method, StartsFrom};

/// The key under which the phases stand.
pub const PHASES: &str = "phases";

pub(super) const METHOD: Method = Method {
    name: "recipe",
    about: "Your own: `phases` in the recipe grammar; every other key is an axis, and \"$key\" in a phase stands for its value",
    source: "the grid",
    parameters: &[],
    starts_from: StartsFrom::Original,
    engines: Engines::All,
    // The phases come from the grid, which puts them in place of this.
    recipe: |_, _| Recipe::default(),
};
