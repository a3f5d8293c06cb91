//! Which data a recipe looks at.

use std::collections::BTreeSet;

use super::{Mention, Recipe};
use crate::terms::Set;

impl Recipe {
    /// Every set that a phase draws examples from, counts, or takes an accuracy on.
    pub fn sets(&self) -> BTreeSet<Set> {
        let mut sets = BTreeSet::new();
        self.visit(&mut |_, mention| {
            if let Mention::Examples { set, .. } = mention {
                sets.insert(set);
            }
        });
        sets
    }
}
