//! A method of the user's own: phases written in the grid.
//!
//! ```toml
//! [method.hybrid]
//! method = "recipe"
//! lr     = [1e-3, 1e-2]                 # any other key is an axis; "$lr" below stands for its value
//! phases = [
//!   { reinit = { tensors = "head" } },
//!   { train = { data = [{ set = "retain", batch-size = 64 }], epochs = 2, loss = [{ cross-entropy = { on = "retain" } }],
//!               optimizer = { sgd = { lr = "$lr", momentum = 0.9 } } } },
//! ]
//! ```
//!
//! The grid substitutes the placeholders, reads the phases and hands them over; this file only registers the name.

use sweep_protocol::recipe::Recipe;

use super::{Method, Tier};

/// The key under which the phases stand.
pub const PHASES: &str = "phases";

pub(super) const METHOD: Method = Method {
    name: "recipe",
    tier: Tier::Control,
    family: "your own",
    about: "Your own: `phases` in the recipe grammar; every other key is an axis, and \"$key\" in a phase stands for its value",
    source: "the grid",
    failure_modes: "its own: the phases are checked, not their sense",
    open: true,
    // The phases come from the grid, which puts them in place of this.
    recipe: |_, _| Recipe::default(),
    ..Method::UNLEARNS
};
