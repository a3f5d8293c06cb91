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

use std::collections::BTreeMap;

use sweep_protocol::{recipe::Recipe, terms::Value};
use thiserror::Error;

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

/// A placeholder that no key of the method's table gives a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`${name}` stands for no key of this method")]
pub struct UnknownPlaceholder {
    /// The name behind the dollar sign.
    pub name: String,
}

/// Puts values in place of the strings `"$name"` in phases that were read from a grid.
pub fn substitute(
    phases: &toml::Value,
    values: &BTreeMap<String, Value>,
) -> Result<toml::Value, UnknownPlaceholder> {
    match phases {
        toml::Value::String(text) => match text.strip_prefix('$') {
            Some(name) => match values.get(name) {
                Some(value) => Ok(to_toml(value)),
                None => Err(UnknownPlaceholder { name: name.to_owned() }),
            },
            None => Ok(phases.clone()),
        },
        toml::Value::Array(items) => items
            .iter()
            .map(|item| substitute(item, values))
            .collect::<Result<_, _>>()
            .map(toml::Value::Array),
        toml::Value::Table(table) => table
            .iter()
            .map(|(key, item)| Ok((key.clone(), substitute(item, values)?)))
            .collect::<Result<_, _>>()
            .map(toml::Value::Table),
        other => Ok(other.clone()),
    }
}

fn to_toml(value: &Value) -> toml::Value {
    match value {
        Value::Bool(value) => toml::Value::Boolean(*value),
        Value::Integer(value) => toml::Value::Integer(*value),
        Value::Float(value) => toml::Value::Float(*value),
        Value::Text(value) => toml::Value::String(value.clone()),
    }
}
