//! Unlearning methods: one file each, and the registry of all.
//!
//! A method is its checked hyper-parameters, its source, and a function that writes its [`Recipe`]. It knows no libtorch:
//! a recipe can be printed, costed and sent to a worker. Adding one is a file here and a line in [`METHODS`].

mod parameter;
mod training;

mod ct;
mod finetune;
mod identity;
mod neggrad_plus;
mod original;
mod recipe;
mod retrain;
mod simulated;

pub use parameter::{Arguments, Kind, Parameter, WrongValue};
pub use recipe::PHASES;
pub use training::TrainingRecipe;

use sweep_protocol::recipe::Recipe;

/// A registered method.
#[derive(Debug)]
pub struct Method {
    /// Its name in a grid.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub about: &'static str,
    /// Paper, write-up or code that it follows.
    pub source: &'static str,
    /// Its hyper-parameters, in the order in which they are documented.
    pub parameters: &'static [Parameter],
    /// What its runs start from.
    pub starts_from: StartsFrom,
    /// Which engines can carry it out.
    pub engines: Engines,
    /// Writes the recipe for checked arguments.
    pub recipe: fn(&Arguments, &Facts) -> Recipe,
}

/// What the runs of a method start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartsFrom {
    /// The original's weights.
    Original,
    /// The network's own initialisation.
    Fresh,
}

/// Which engines can carry a method out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engines {
    /// Every engine.
    All,
    /// The toy engine alone.
    Toy,
}

/// What a method may know about the sweep when it writes its recipe.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// How the original and the retrained models are trained.
    pub training: TrainingRecipe,
}

/// All methods that a grid can name, in alphabetical order (disorder or a duplicate fails compilation).
pub const METHODS: &[Method] = &[
    ct::METHOD,
    finetune::METHOD,
    identity::METHOD,
    neggrad_plus::METHOD,
    original::METHOD,
    recipe::METHOD,
    retrain::METHOD,
    simulated::METHOD,
];

const _: () = assert!(in_strict_order(METHODS), "METHODS must be in alphabetical order, without duplicates");

/// The method of this name.
pub fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

const fn in_strict_order(methods: &[Method]) -> bool {
    let mut index = 1;
    while index < methods.len() {
        if !precedes(methods[index - 1].name.as_bytes(), methods[index].name.as_bytes()) {
            return false;
        }
        index += 1;
    }
    true
}

const fn precedes(left: &[u8], right: &[u8]) -> bool {
    let mut index = 0;
    while index < left.len() && index < right.len() {
        if left[index] != right[index] {
            return left[index] < right[index];
        }
        index += 1;
    }
    left.len() < right.len()
}
