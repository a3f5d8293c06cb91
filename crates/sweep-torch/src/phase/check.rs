//! Refuses recipes that can't be carried out, before anything is touched.
//!
//! The rules are the protocol's; here they are given the network and the data of the run.

use sweep_protocol::{
    network::Layout,
    recipe::{Mention, Recipe},
};

use super::Unusable;
use crate::examples::Examples;

/// Checks a recipe against the network and the data.
pub fn check(recipe: &Recipe, layout: &Layout, examples: &Examples) -> Result<(), Unusable> {
    recipe.check(Some(layout), Some(&examples.sizes()))?;
    let mut counted = false;
    let mut persons = None;
    recipe.visit(&mut |_, mention| match mention {
        Mention::ClassCounts => counted = true,
        Mention::Loop(train) => {
            persons = persons.or(train.data.iter().find_map(|stream| stream.without.as_ref()));
        }
        _ => {}
    });
    if persons.is_some_and(|without| without.persons != examples.persons().hash()) {
        return Err(Unusable::Persons);
    }
    let (counts, classes) = (examples.class_counts().len(), layout.outputs());
    if counted && counts as i64 != classes {
        return Err(Unusable::Classes { counts, classes });
    }
    Ok(())
}
