//! Networks that stand still, and what they say to each example.
//!
//! Nothing in this protocol augments images, so what a teacher says to an example is computed once and looked up by the
//! example's position. [`Teachers::learn`] is the only place where it is computed.

use std::{collections::BTreeMap, convert::Infallible};

use sweep_protocol::{
    recipe::{BatchNorm, Teacher},
    terms::Set,
};
use tch::Tensor;

use crate::{
    draws::{Draws, Purpose, Unrecorded},
    examples::Examples,
    measure::logits,
    network::{Network, Weights},
    pass_cache::{PassCache, Question},
};

/// The teachers of one run.
pub(super) struct Teachers<'a> {
    /// What earlier runs have heard from the original.
    known: &'a PassCache,
    start: Weights,
    born: Option<Weights>,
    said: BTreeMap<Teacher, Said>,
}

/// Logits by the position of the example.
struct Said {
    known: Vec<bool>,
    logits: Tensor,
}

impl<'a> Teachers<'a> {
    /// Keeps the weights at the start of a recipe.
    pub(super) fn new(start: &Weights, known: &'a PassCache) -> Self {
        Self { known, start: start.duplicate(), born: None, said: BTreeMap::new() }
    }

    /// The weights at the start of the recipe.
    pub(super) fn start(&self) -> &Weights {
        &self.start
    }

    /// Makes sure that a teacher exists.
    pub(super) fn summon(
        &mut self,
        teacher: Teacher,
        network: &Network,
        draws: &mut dyn Draws,
    ) -> Result<(), Unrecorded> {
        if teacher == Teacher::Born && self.born.is_none() {
            let place = (self.start.kind(), self.start.device());
            self.born = Some(Weights::born_for(|key| Purpose::Teacher { key }, network, draws, place)?);
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
        network: &Network,
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
        let fresh = self.ask(teacher, network, examples, &unknown);
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

    /// What a teacher says, \[N, classes\]. What the start of the recipe says to a whole set, other runs ask too.
    fn ask(&self, teacher: Teacher, network: &Network, examples: &Examples, positions: &[i64]) -> Tensor {
        let weights = self.weights(teacher);
        let whole =
            [Set::Retain, Set::Forget, Set::Validation].iter().any(|&set| examples.set(set) == positions);
        let known = if teacher == Teacher::Start && whole { self.known } else { &PassCache::NONE };
        let entry = known.look_up(&Question { what: "logits", plan: &(), order: positions }, weights);
        let classes = weights.layout().outputs();
        let compute = || Ok::<_, Infallible>(logits(network, weights, examples, positions).view([-1]));
        let Ok(said) = entry.or_compute(positions.len() * classes as usize, compute);
        said.view([-1, classes])
    }

    /// Logits \[B, classes\] of examples that were [learnt](Self::learn).
    pub(super) fn logits(&self, teacher: Teacher, positions: &Tensor) -> Tensor {
        let said = self.said.get(&teacher).expect("what a teacher says is learnt before it is asked");
        said.logits.index_select(0, positions)
    }

    /// Logits \[B, classes\] of any images.
    pub(super) fn logits_of(&self, teacher: Teacher, network: &Network, images: &Tensor) -> Tensor {
        tch::no_grad(|| network.forward(self.weights(teacher), images, BatchNorm::Frozen))
    }
}
