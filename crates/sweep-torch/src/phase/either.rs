//! Which courses a run takes.

use sweep_protocol::recipe::{Either, Phase, Recipe};

use crate::draws::{Draws, Purpose, Unrecorded};

/// The recipe of one run: every choice is made.
pub(super) fn decided(recipe: &Recipe, draws: &mut dyn Draws) -> Result<Recipe, Unrecorded> {
    let mut phases = Vec::with_capacity(recipe.phases.len());
    let mut ahead: Vec<&Phase> = recipe.phases.iter().rev().collect();
    let mut choices = 0;
    while let Some(phase) = ahead.pop() {
        let Phase::Either(Either { probability, first, otherwise }) = phase else {
            phases.push(phase.clone());
            continue;
        };
        let die = draws.uniform(&Purpose::Course { number: choices }, 1, 1.0)?;
        choices += 1;
        // Uniform in ±1.
        let takes_first = die.first().is_some_and(|die| (die + 1.0) / 2.0 < probability.get());
        ahead.extend(if takes_first { first } else { otherwise }.iter().rev());
    }
    Ok(Recipe { phases })
}
