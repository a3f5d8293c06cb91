use serde::{Deserialize, Serialize};

/// What the examples of the forget set are, in their order: by this a report tells who is harmed. The hash of a data set holds
/// the classes and not the persons, so neither enters a run's id from here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forgotten {
    /// The class of each example, as it is labelled; \[S\], or nothing where it isn't known.
    pub classes: Vec<u32>,
    /// Whom each example shows; \[S\], or nothing where the data set names no persons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<String>,
}

impl Forgotten {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty() && self.persons.is_empty()
    }

    /// Whether it is about so many examples, as far as it is known.
    pub fn fits(&self, examples: u64) -> bool {
        [self.classes.len(), self.persons.len()].into_iter().all(|have| have == 0 || have as u64 == examples)
    }
}
