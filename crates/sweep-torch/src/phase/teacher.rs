//! Networks that stand still, and what they say to each example.
//!
//! Nothing in this protocol augments images, so what a teacher says to an example is computed once and looked up by the
//! example's position. [`Teachers::learn`] is the only place where it is computed.

use std::collections::BTreeMap;

use sweep_protocol::recipe::{BatchNorm, Teacher};
use tch::Tensor;

use crate::{
    draws::{Draws, Purpose, Unrecorded},
    examples::Examples,
    measure::logits,
    network::{Network, Weights},
};

/// The teachers of one run.
pub(super) struct Teachers {
    start: Weights,
    born: Option<Weights>,
    said: BTreeMap<Teacher, Said>,
}

/// Logits by the position of the example.
struct Said {
    known: Vec<bool>,
    logits: Tensor,
}

impl Teachers {
    /// Keeps the weights at the start of a recipe.
    pub(super) fn new(start: &Weights) -> Self {
        Self { start: start.duplicate(), born: None, said: BTreeMap::new() }
    }

    /// The weights at the start of the recipe.
    pub(super) fn start(&self) -> &Weights {
        &self.start
    }

    /// Makes sure that a teacher exists.
    pub(super) fn summon(&mut self, teacher: Teacher, draws: &mut dyn Draws) -> Result<(), Unrecorded> {
        if teacher == Teacher::Born && self.born.is_none() {
            let place = (self.start.kind(), self.start.device());
            self.born =
                Some(Weights::born_for(|key| Purpose::Teacher { key }, self.start.layout(), draws, place)?);
        }
        Ok(())
    }

    fn weights(&self, teacher: Teacher) -> &Weights {
        match teacher {
            Teacher::Start => &self.start,
            Teacher::Born => self.born.as_ref().expect("a teacher is summoned before it is asked"),
        }
    }

    /// Makes sure that what a teacher says to these examples can be looked up.
    pub(super) fn learn(
        &mut self,
        teacher: Teacher,
        network: &dyn Network,
        examples: &Examples,
        positions: &[i64],
    ) {
        let known = self.said.get(&teacher);
        let unknown: Vec<i64> = positions
            .iter()
            .copied()
            .filter(|&position| known.is_none_or(|said| !said.known[position as usize]))
            .collect();
        if unknown.is_empty() {
            return;
        }
        let fresh = logits(network, self.weights(teacher), examples, &unknown);
        let said = self.said.entry(teacher).or_insert_with(|| Said {
            known: vec![false; examples.count() as usize],
            logits: Tensor::zeros([examples.count(), fresh.size()[1]], (fresh.kind(), fresh.device())),
        });
        let places = Tensor::from_slice(&unknown).to_device(fresh.device());
        let _ = said.logits.index_copy_(0, &places, &fresh);
        for position in unknown {
            said.known[position as usize] = true;
        }
    }

    /// Logits \[B, classes\] of examples that were [learnt](Self::learn).
    pub(super) fn logits(&self, teacher: Teacher, positions: &Tensor) -> Tensor {
        let said = self.said.get(&teacher).expect("what a teacher says is learnt before it is asked");
        said.logits.index_select(0, positions)
    }

    /// Logits \[B, classes\] of any images.
    pub(super) fn logits_of(&self, teacher: Teacher, network: &dyn Network, images: &Tensor) -> Tensor {
        tch::no_grad(|| network.forward(self.weights(teacher), images, BatchNorm::Frozen))
    }
}
