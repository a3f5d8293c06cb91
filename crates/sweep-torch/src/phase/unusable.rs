//! Why a recipe can't be carried out.

use sweep_protocol::{check::Faults, network::NoSuchTensor};
use thiserror::Error;

/// The recipe can't be carried out on this network and these data.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unusable {
    /// What is wrong with it.
    #[error(transparent)]
    Recipe(#[from] Faults),
    /// A phase names a parameter or a module that the network lacks.
    #[error(transparent)]
    NoSuchTensor(#[from] NoSuchTensor),
    /// A phase refers to a choice of elements that no phase before it makes.
    #[error("no phase before it selects the elements `{}`; add a `select` phase of this name", name.escape_debug())]
    NoSuchChoice {
        /// The name.
        name: String,
    },
    /// Persons are left out who aren't those of the data.
    #[error("the images show other persons than the run was planned for; plan the sweep again")]
    Persons,
    /// Class weights don't fit the network.
    #[error("the data set counts {counts} classes, the network has {classes} outputs")]
    Classes {
        /// Classes with a count.
        counts: usize,
        /// Outputs of the network.
        classes: i64,
    },
}
