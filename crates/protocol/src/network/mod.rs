//! Networks as data.
//!
//! [`NETWORKS`] is the catalogue of all architectures: a name, a source, the keys that a grid may set, and a function
//! from them to a [`Topology`], a tree of named layers. From the topology follows the [`Layout`]: which tensors there
//! are, under which keys of PyTorch's state dict, and what each is. The orchestrator checks grids, recipes and
//! checkpoints by it, the worker builds the network from it; nobody else knows an architecture.

mod dense;
mod layout;
mod mlp;
mod places;
mod preparation;
mod recognise;
mod resnet18;
mod resnet18_cifar;
mod resnet9;
pub mod topology;
mod vit;

pub use dense::{NotDense, dense_layers};
pub use layout::{Entry, Layout, Norm, Parameter, Role};
pub use places::{Draw, NoSuchTensor};
pub use preparation::{NoPreparation, Preparation};
pub use recognise::{Likeness, Shapes, recognise, stranger};
pub use topology::Topology;

use std::{collections::BTreeMap, fmt, ops::RangeInclusive};

use serde::{Deserialize, Serialize};

use crate::{recipe::Python, terms::Value};

/// All architectures that a grid can name, in alphabetical order.
pub const NETWORKS: &[Architecture] =
    &[mlp::NETWORK, resnet18::NETWORK, resnet18_cifar::NETWORK, resnet9::NETWORK, vit::NETWORK];

/// How many outputs a network may have.
pub const CLASSES: RangeInclusive<u32> = 2..=10_000;

/// How many pixels the images of a network may be wide and high.
pub const SIZES: RangeInclusive<u32> = 8..=256;

/// What they are where a grid doesn't say.
pub const SIZE: u32 = 32;

/// Keywords that `sweep` gives a network of the user's own, where its constructor has them.
pub const GIVEN: [&str; 3] = ["classes", "num_classes", "size"];

/// Colours of a pixel: red, green, blue.
pub const CHANNELS: i64 = 3;

/// A registered architecture.
#[derive(Debug)]
pub struct Architecture {
    /// Its name in a grid.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub about: &'static str,
    /// Paper and code that it follows.
    pub source: &'static str,
    /// What a grid may set, beside the number of classes.
    pub keys: &'static [Key],
    /// The smallest images that it can see, in pixels of a side.
    pub least_size: u32,
    /// Whether sizes that are within bounds go together.
    pub fits: fn(&Checked<'_>) -> Result<(), NetworkError>,
    /// The network that a state dict's names and shapes tell of; nothing where every length of an axis is to be tried as
    /// every size.
    pub told: Option<fn(&Shapes<'_>) -> Option<Network>>,
    /// Keys that tensors don't tell.
    pub untold: &'static [Key],
    /// The layers of a network of these sizes.
    pub topology: fn(&Checked<'_>) -> Topology,
}

impl Architecture {
    /// One whose sizes are free of each other and can be told from its tensors; it has yet to get a name and layers.
    const PLAIN: Self = Self {
        name: "",
        about: "",
        source: "",
        keys: &[],
        least_size: *SIZES.start(),
        fits: |_| Ok(()),
        told: None,
        untold: &[],
        topology: |_| Topology { stem: Vec::new(), blocks: Vec::new(), head: Vec::new() },
    };

    /// The network that a grid gets which sets no key.
    pub fn usual(&self, classes: u32) -> Network {
        let keys: Vec<(&str, u32)> = self.keys.iter().map(|key| (key.name, key.default)).collect();
        Network::new(self.name, classes, &keys)
    }
}

/// A size that a network can be given: a whole number within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name in a grid.
    pub name: &'static str,
    /// The smallest.
    pub least: u32,
    /// The largest.
    pub most: u32,
    /// What it is where a grid doesn't say.
    pub default: u32,
    /// What it means.
    pub about: &'static str,
}

/// An architecture with its sizes, and what it sees of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Name of the architecture, e.g. `resnet18`.
    pub name: String,
    /// Outputs: the number of classes.
    pub classes: u32,
    /// The sizes that its architecture asks for, all of them and no others.
    pub keys: BTreeMap<String, u32>,
    /// Pixels of a side of the images that it sees.
    #[serde(default = "usual_size", skip_serializing_if = "is_usual_size")]
    pub size: u32,
    /// What is done to pixels before it sees them.
    #[serde(default, skip_serializing_if = "Preparation::is_raw")]
    pub preparation: Preparation,
    /// The class or function of the user's own that makes it, of which `name` is the name then; it has no keys, and its
    /// tensors are known to its own process alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<Box<Python>>,
}

fn usual_size() -> u32 {
    SIZE
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_usual_size(size: &u32) -> bool {
    *size == SIZE
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        for (key, value) in self.settings() {
            write!(formatter, ", {key} {value}")?;
        }
        write!(formatter, ", {} classes", self.classes)?;
        if self.size != SIZE {
            write!(formatter, ", images of {0}×{0}", self.size)?;
        }
        if self.preparation.is_raw() { Ok(()) } else { write!(formatter, ", {}", self.preparation) }
    }
}

impl Network {
    /// An architecture with these sizes that sees pixels as they are.
    pub fn new(name: &str, classes: u32, keys: &[(&str, u32)]) -> Self {
        let keys = keys.iter().map(|&(key, value)| (key.to_owned(), value)).collect();
        let preparation = Preparation::default();
        Self { name: name.to_owned(), classes, keys, size: SIZE, preparation, own: None }
    }

    /// Its keys, or what the constructor of the user's own is called with, as a grid writes them.
    fn settings(&self) -> Vec<(&str, String)> {
        let own = self.own.iter().flat_map(|own| &own.arguments);
        let own = own.filter(|(key, _)| !GIVEN.contains(&key.as_str()));
        let written = |value: &Value| serde_json::to_string(value).expect("plain data serialises");
        let keys = self.keys.iter().map(|(key, value)| (key.as_str(), value.to_string()));
        keys.chain(own.map(|(key, value)| (key.as_str(), written(value)))).collect()
    }

    /// The table that names it in a grid, `{ name = "resnet18", width = 64, classes = 10 }`.
    pub fn in_grid(&self) -> String {
        let settings = self.settings().into_iter().map(|(key, value)| format!(", {key} = {value}"));
        let keys: String = settings.collect();
        let (divide, mean, std) =
            (self.preparation.divide(), self.preparation.mean(), self.preparation.std());
        let preparation = if self.preparation.is_raw() {
            String::new()
        } else if self.preparation.only_divides() {
            format!(", divide = {divide}")
        } else if self.preparation.is_centred() {
            format!(", divide = {divide}, mean = \"retain\", std = {std:?}")
        } else {
            format!(", divide = {divide}, mean = {mean:?}, std = {std:?}")
        };
        let size = if self.size == SIZE { String::new() } else { format!(", size = {}", self.size) };
        let kind = if self.own.is_some() { "python" } else { "name" };
        format!("{{ {kind} = \"{}\"{keys}, classes = {}{size}{preparation} }}", self.name, self.classes)
    }

    /// Finds the architecture and holds the sizes to its bounds.
    pub fn check(&self) -> Result<Checked<'_>, NetworkError> {
        if self.own.is_some() {
            return Err(NetworkError::Own { name: self.name.clone() });
        }
        let architecture =
            find(&self.name).ok_or_else(|| NetworkError::Unknown { name: self.name.clone() })?;
        if !CLASSES.contains(&self.classes) {
            return Err(NetworkError::outside("classes", self.classes, &CLASSES));
        }
        let sizes = architecture.least_size..=*SIZES.end();
        if !sizes.contains(&self.size) {
            return Err(NetworkError::outside("size", self.size, &sizes));
        }
        let known = |key: &str| architecture.keys.iter().any(|known| known.name == key);
        if let Some(key) = self.keys.keys().find(|key| !known(key)) {
            return Err(NetworkError::NoSuchKey { network: architecture.name, key: key.clone() });
        }
        for key in architecture.keys {
            let Some(&value) = self.keys.get(key.name) else {
                return Err(NetworkError::Lacking { network: architecture.name, key: key.name });
            };
            if !(key.least..=key.most).contains(&value) {
                return Err(NetworkError::outside(key.name, value, &(key.least..=key.most)));
            }
        }
        let checked = Checked { architecture, network: self };
        (architecture.fits)(&checked)?;
        Ok(checked)
    }

    /// What it computes.
    pub fn topology(&self) -> Result<Topology, NetworkError> {
        let checked = self.check()?;
        Ok((checked.architecture.topology)(&checked))
    }

    /// What tensors it has.
    pub fn layout(&self) -> Result<Layout, NetworkError> {
        Ok(Layout::of(&self.topology()?))
    }
}

/// The architecture of this name.
pub fn find(name: &str) -> Option<&'static Architecture> {
    NETWORKS.iter().find(|architecture| architecture.name == name)
}

/// Sizes that are within the bounds of their architecture.
#[derive(Debug, Clone, Copy)]
pub struct Checked<'a> {
    architecture: &'static Architecture,
    network: &'a Network,
}

impl Checked<'_> {
    /// One of the architecture's own sizes.
    pub fn key(&self, key: &Key) -> i64 {
        i64::from(self.network.keys.get(key.name).copied().unwrap_or(key.default))
    }

    /// Outputs.
    pub fn classes(&self) -> i64 {
        i64::from(self.network.classes)
    }

    /// Pixels of a side of an image.
    pub fn size(&self) -> i64 {
        i64::from(self.network.size)
    }
}

/// There is no such network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkError {
    /// It is the user's own.
    Own {
        /// Its name.
        name: String,
    },
    /// No architecture has this name.
    Unknown {
        /// The name.
        name: String,
    },
    /// The architecture has no such key.
    NoSuchKey {
        /// The architecture.
        network: &'static str,
        /// The key.
        key: String,
    },
    /// A key of the architecture is not there.
    Lacking {
        /// The architecture.
        network: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A size is out of bounds.
    Outside {
        /// Which size.
        key: &'static str,
        /// What it is.
        value: u32,
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// A size is no multiple of another.
    NoMultiple {
        /// Which size.
        key: &'static str,
        /// What it is.
        value: i64,
        /// The size that it must be a multiple of.
        of: &'static str,
        /// What that one is.
        step: i64,
    },
}

impl NetworkError {
    fn outside(key: &'static str, value: u32, bounds: &RangeInclusive<u32>) -> Self {
        Self::Outside { key, value, least: *bounds.start(), most: *bounds.end() }
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own { name } => {
                let name = name.escape_debug();
                write!(formatter, "`{name}` is a network in Python, which its own process alone can compute")
            }
            Self::Unknown { name } => {
                let known: Vec<&str> = NETWORKS.iter().map(|architecture| architecture.name).collect();
                let known = known.join(", ");
                write!(formatter, "no network is called `{}`; there are: {known}", name.escape_debug())
            }
            Self::NoSuchKey { network, key } => {
                write!(formatter, "the network `{network}` has no key `{}`", key.escape_debug())
            }
            Self::Lacking { network, key } => {
                write!(formatter, "the network `{network}` needs a value of `{key}`")
            }
            Self::Outside { key, value, least, most } => {
                write!(formatter, "{key} = {value} can't be built; {key} is {least} to {most}")
            }
            Self::NoMultiple { key, value, of, step } => {
                write!(formatter, "{key} = {value} is no multiple of {of} = {step}")
            }
        }
    }
}

impl std::error::Error for NetworkError {}

#[cfg(test)]
mod tests;
