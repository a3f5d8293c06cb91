//! Which parameters a phase means.

use sweep_protocol::{
    network::{Draw, Layout},
    recipe::Tensors,
};

use super::Halt;
use crate::draws::Draws;

/// Places of the parameters in the layout, ascending, without repetition.
pub(super) fn places(layout: &Layout, tensors: &Tensors, draws: &mut dyn Draws) -> Result<Vec<usize>, Halt> {
    layout.places(tensors, &mut |Draw { from, count, name, replacement }: Draw<'_>| {
        let keys: Vec<&str> = from.iter().map(|&place| layout.parameters[place].key.as_str()).collect();
        let drawn = draws.choose(name, &keys, count.get() as usize, replacement)?;
        Ok(drawn.into_iter().map(|position| from[position]).collect())
    })
}
