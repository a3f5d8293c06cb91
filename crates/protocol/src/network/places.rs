//! Which parameters of a network a recipe means by its words for tensors.

use std::{fmt, num::NonZeroU32};

use super::layout::{Layout, Role};
use crate::recipe::{Replacement, Tensors};

/// A recipe names a parameter or a module that the network lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSuchTensor {
    /// The name.
    pub name: String,
}

impl fmt::Display for NoSuchTensor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the network has no parameter or module `{}`; names are those of PyTorch's state dict, e.g. \
             `conv1.weight`, `layer4`",
            self.name.escape_debug()
        )
    }
}

impl std::error::Error for NoSuchTensor {}

/// Tensors that are drawn at random: which may be drawn, how many, the name of the draw, and whether twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw<'a> {
    /// Places of the parameters that may be drawn, ascending.
    pub from: &'a [usize],
    /// How many; all of them where there are fewer.
    pub count: NonZeroU32,
    /// Name of the draw.
    pub name: &'a str,
    /// Whether a tensor may be drawn twice.
    pub replacement: Replacement,
}

impl Layout {
    /// Places of the parameters that `tensors` means, ascending, without repetition; `draw` chooses where chance does.
    pub fn places<E: From<NoSuchTensor>>(
        &self,
        tensors: &Tensors,
        draw: &mut dyn FnMut(Draw<'_>) -> Result<Vec<usize>, E>,
    ) -> Result<Vec<usize>, E> {
        let mut places = match tensors {
            Tensors::All => (0..self.parameters.len()).collect(),
            Tensors::Convolutions => self.of_role(|role| role == Role::Kernel),
            Tensors::Norms => self.of_role(|role| matches!(role, Role::NormWeight | Role::NormBias)),
            Tensors::Biases => {
                self.of_role(|role| matches!(role, Role::KernelBias { .. } | Role::LinearBias { .. }))
            }
            Tensors::Stem => self.stem.clone().collect(),
            Tensors::Head => self.head.clone().collect(),
            Tensors::Shortcuts => self.shortcuts.clone(),
            Tensors::Last(count) => self.last(count.get() as usize),
            Tensors::Named(keys) => self.gather(keys, |key, name| key == name)?,
            Tensors::Modules(modules) => self.gather(modules, is_within)?,
            Tensors::Union(several) => {
                let several: Vec<Vec<usize>> =
                    several.iter().map(|tensors| self.places(tensors, draw)).collect::<Result<_, E>>()?;
                several.concat()
            }
            Tensors::Intersection(several) => {
                let mut common: Vec<usize> = (0..self.parameters.len()).collect();
                for tensors in several {
                    let places = self.places(tensors, draw)?;
                    common.retain(|place| places.contains(place));
                }
                common
            }
            Tensors::Except { of, without } => {
                let without = self.places(without, draw)?;
                let of = self.places(of, draw)?;
                of.into_iter().filter(|place| !without.contains(place)).collect()
            }
            Tensors::Drawn { from, count, draw: name, replacement } => {
                let from = self.places(from, draw)?;
                draw(Draw { from: &from, count: *count, name, replacement: *replacement })?
            }
        };
        places.sort_unstable();
        places.dedup();
        Ok(places)
    }

    /// Places of all parameters that `tensors` may mean, whatever chance decides.
    pub fn possible_places(&self, tensors: &Tensors) -> Result<Vec<usize>, NoSuchTensor> {
        self.places(tensors, &mut |draw: Draw<'_>| Ok(draw.from.to_vec()))
    }

    fn of_role(&self, is: fn(Role) -> bool) -> Vec<usize> {
        (0..self.parameters.len()).filter(|&place| is(self.parameters[place].role)).collect()
    }

    /// The head, then block after block towards the input, then the stem.
    fn last(&self, count: usize) -> Vec<usize> {
        let stem = [&self.stem];
        let groups = [&self.head].into_iter().chain(self.blocks.iter().rev()).chain(stem);
        groups.take(count).flat_map(Clone::clone).collect()
    }

    fn gather(&self, names: &[String], is: fn(&str, &str) -> bool) -> Result<Vec<usize>, NoSuchTensor> {
        let mut places = Vec::new();
        for name in names {
            let before = places.len();
            places.extend((0..self.parameters.len()).filter(|&place| is(&self.parameters[place].key, name)));
            if places.len() == before {
                return Err(NoSuchTensor { name: name.clone() });
            }
        }
        Ok(places)
    }
}

/// Whether a key belongs to a module.
fn is_within(key: &str, module: &str) -> bool {
    key.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'))
}
