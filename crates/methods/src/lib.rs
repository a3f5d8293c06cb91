//! Unlearning methods: one file each, and the registry of all.
//!
//! A method is its checked hyper-parameters, its source, and a function that writes its [`Recipe`]. It knows no libtorch:
//! a recipe can be printed, costed and sent to a worker. Adding one is a file here and a line in [`METHODS`].

mod parameter;
mod loops;
mod training;
mod document;

mod bad_teacher;
mod boundary_shrink;
mod cf_k;
mod cfw;
mod ct;
mod delete;
mod eu_k;
mod fcs;
mod finetune;
mod fisher;
mod forget_set_free;
mod gradient_ascent;
mod identity;
mod iu;
mod jit;
mod kde;
mod l1_sparse;
mod ssd;
mod lfssd;
mod mixture;
mod msg;
mod neggrad_plus;
mod negmerge;
mod original;
mod prmq;
mod python;
mod random_labels;
mod random_mask;
mod recipe;
mod retrain;
mod rni;
mod salun;
mod rum;
mod scrub;
mod scrub_r;
mod sfron;
mod shadow;
mod simulated;

pub use document::with_tables;
pub use parameter::{Arguments, Kind, Parameter, Words, WrongValue};
pub use python::FUNCTION;
pub use recipe::PHASES;
pub use training::TrainingRecipe;

use parameter::{Hyper, parameters};
use sweep_protocol::{
    recipe::{Phase, Python, Recipe, Takes},
    terms::{ContentHash, Set},
};

/// A registered method.
#[derive(Debug)]
pub struct Method {
    /// Its name in a grid.
    pub name: &'static str,
    /// How well it is established.
    pub tier: Tier,
    /// What kind of method it is, in a word or two.
    pub family: &'static str,
    /// What it does, in one sentence.
    pub about: &'static str,
    /// Paper, write-up or code that it follows, and where they differ.
    pub source: &'static str,
    /// How it goes wrong.
    pub failure_modes: &'static str,
    /// Its hyper-parameters, in the order in which they are documented.
    pub parameters: &'static [Parameter],
    /// What its runs start from.
    pub starts_from: StartsFrom,
    /// Which engines can carry it out.
    pub engines: Engines,
    /// Whether what it does is not here: the grid says it, or a file that the grid names.
    pub open: bool,
    /// Writes the recipe for checked arguments.
    pub recipe: fn(&Arguments, &Facts) -> Recipe,
}

impl Method {
    /// What is the same for nearly every unlearning method; a registered one writes the rest over it.
    const UNLEARNS: Self = Self {
        name: "",
        tier: Tier::Control,
        family: "",
        about: "",
        source: "",
        failure_modes: "",
        parameters: &[],
        starts_from: StartsFrom::Original,
        engines: Engines::All,
        open: false,
        recipe: |_, _| Recipe { phases: Vec::new() },
    };

    /// Whether a grid may sweep it. What others don't is there by itself: `[original]` and `[shadows]` ask for it.
    pub fn is_swept(&self) -> bool {
        !matches!(self.name, "original" | "shadow")
    }

    /// All hyper-parameters at their defaults.
    pub fn defaults(&self) -> Arguments {
        let defaults =
            self.parameters.iter().map(|parameter| (parameter.name.to_owned(), parameter.default()));
        Arguments::checked(defaults.collect())
    }
}

/// How well a method is established.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// A reference that methods are compared with, or a tool.
    Control,
    /// What every comparison should have.
    One,
    /// The rest of the challenge and strong literature.
    Two,
    /// Beyond.
    Three,
}

impl Tier {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::One => "1",
            Self::Two => "2",
            Self::Three => "3",
        }
    }
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
    /// Engines that train nothing: it is drawn, not trained.
    Simulating,
    /// The torch engine alone: it calls a function of the user's own, or knows whom images show.
    Torch,
}

/// What a method may know about the sweep when it writes its recipe.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// How the original and the retrained models are trained.
    pub training: TrainingRecipe,
    /// The function of the user's own that trains them instead.
    pub trainer: Option<Python>,
    /// Hash of whom each training image shows.
    pub persons: ContentHash,
}

impl Facts {
    /// What every network without a function of its own is trained by, on persons that nobody has looked at.
    pub fn of(training: TrainingRecipe) -> Self {
        Self { training, trainer: None, persons: ContentHash::from([0; 32]) }
    }

    /// Trains a network on a set, as the original and the retrained models are.
    fn train_on(&self, set: Set) -> Recipe {
        match &self.trainer {
            None => self.training.on(set),
            Some(trainer) => {
                let trainer = Python { takes: Takes::Training(set), ..trainer.clone() };
                Recipe { phases: vec![Phase::Python(trainer)] }
            }
        }
    }
}

/// All methods that a grid can name, in alphabetical order (disorder or a duplicate fails compilation).
pub const METHODS: &[Method] = &[
    bad_teacher::METHOD,
    boundary_shrink::METHOD,
    cf_k::METHOD,
    cfw::METHOD,
    ct::METHOD,
    delete::METHOD,
    eu_k::METHOD,
    fcs::METHOD,
    finetune::METHOD,
    fisher::METHOD,
    forget_set_free::METHOD,
    gradient_ascent::METHOD,
    identity::METHOD,
    iu::METHOD,
    jit::METHOD,
    kde::METHOD,
    l1_sparse::METHOD,
    lfssd::METHOD,
    mixture::METHOD,
    msg::METHOD,
    neggrad_plus::METHOD,
    negmerge::METHOD,
    original::METHOD,
    prmq::METHOD,
    python::METHOD,
    random_labels::METHOD,
    random_mask::METHOD,
    recipe::METHOD,
    retrain::METHOD,
    rni::METHOD,
    rum::METHOD,
    salun::METHOD,
    scrub::METHOD,
    scrub_r::METHOD,
    sfron::METHOD,
    shadow::METHOD,
    simulated::METHOD,
    ssd::METHOD,
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

#[cfg(test)]
mod tests;
