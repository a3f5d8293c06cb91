//! Elements that a phase chose, for the phases after it.

use std::collections::BTreeMap;

use sweep_protocol::recipe::Elements;
use tch::Tensor;

use super::{Halt, Unusable};

/// Choices by name: whether each element of the network's flat buffer was chosen.
#[derive(Default)]
pub(super) struct Choices(BTreeMap<String, Tensor>);

impl Choices {
    /// Remembers a choice; one of the same name is replaced.
    pub(super) fn keep(&mut self, name: &str, chosen: Tensor) {
        self.0.insert(name.to_owned(), chosen);
    }

    /// Which elements of the flat buffer are meant; none where all are.
    pub(super) fn mask(&self, elements: &Elements) -> Result<Option<Tensor>, Halt> {
        let chosen = |name: &String| {
            self.0.get(name).ok_or_else(|| Halt::Unusable(Unusable::NoSuchChoice { name: name.clone() }))
        };
        Ok(match elements {
            Elements::All => None,
            Elements::In(name) => Some(chosen(name)?.shallow_clone()),
            Elements::Outside(name) => Some(chosen(name)?.logical_not()),
        })
    }
}
