//! What makes a recipe unfit to be carried out, found before anything is touched.
//!
//! The orchestrator asks when it reads a grid and when it has looked at the data, the worker before every run: the rules
//! are these for both, and who knows more leaves less open.

mod fault;
#[cfg(test)]
mod tests;

pub use fault::{Fault, Faults, Flaw};

use crate::{
    network::Layout,
    recipe::{
        AfterEpochs, Alternate, BatchNorm, Edge, Elements, Memory, Mention, Optimizer, Recipe, Signed,
        Stream, Trail, Train,
    },
    terms::{Set, SetSizes},
};

impl Recipe {
    /// Finds everything that is wrong with it. What depends on the network or on the data is left out where they aren't
    /// known.
    pub fn check(&self, layout: Option<&Layout>, sizes: Option<&SetSizes>) -> Result<(), Faults> {
        let mut check = Check { layout, sizes, chosen: Vec::new(), courses: Vec::new(), faults: Vec::new() };
        self.visit(&mut |at, mention| check.hear(at, mention));
        Faults::of(check.faults)
    }
}

struct Check<'r, 'c> {
    layout: Option<&'c Layout>,
    sizes: Option<&'c SetSizes>,
    /// Names of the choices that earlier phases make.
    chosen: Vec<&'r str>,
    /// How many of them were made before each course that is being walked.
    courses: Vec<usize>,
    faults: Vec<Fault>,
}

impl<'r> Check<'r, '_> {
    fn hear(&mut self, at: &Trail<'_>, mention: Mention<'r>) {
        match mention {
            Mention::Examples { set, share } => {
                self.learns(at, set);
                if let Some(sizes) = self.sizes
                    && set != Set::Test
                    && share.of(sizes.of(set), sizes) == 0
                {
                    self.find(at, Flaw::EmptySet { set });
                }
            }
            Mention::Name(Set::Test) => self.find(at, Flaw::TestSet),
            Mention::Name(_)
            | Mention::ClassCounts
            | Mention::Elements(Elements::All)
            | Mention::Function(_) => {}
            Mention::Tensors(tensors) => match self.layout.map(|layout| layout.possible_places(tensors)) {
                Some(Err(lacking)) => self.find(at, Flaw::Tensors(lacking)),
                Some(Ok(places)) if places.is_empty() => self.find(at, Flaw::NoTensors),
                Some(Ok(_)) | None => {}
            },
            Mention::Elements(Elements::In(name) | Elements::Outside(name)) => {
                if !self.chosen.contains(&name.as_str()) {
                    self.find(at, Flaw::NoSuchChoice { name: name.clone() });
                }
            }
            Mention::Chosen(name) => self.chosen.push(name),
            Mention::Number(number) if number.is_finite() => {}
            Mention::Number(_) => self.find(at, Flaw::NotFinite),
            Mention::Loop(train) => self.train(at, train),
            Mention::Turns(plan) => self.turns(at, plan),
            Mention::Pass(pass, batch_norm) => self.pass(at, pass, batch_norm),
            Mention::Course(Edge::Start) => self.courses.push(self.chosen.len()),
            Mention::Course(Edge::End) => self.chosen.truncate(self.courses.pop().unwrap_or(0)),
        }
    }

    fn find(&mut self, at: &Trail<'_>, flaw: Flaw) {
        self.faults.push(Fault { at: at.path(), flaw });
    }

    /// What a result is judged by must not be learnt from.
    fn learns(&mut self, at: &Trail<'_>, set: Set) {
        match set {
            Set::Test => self.find(at, Flaw::TestSet),
            Set::Validation if self.sizes.is_some_and(|sizes| sizes.test.is_none()) => {
                self.find(at, Flaw::ValidationIsTest);
            }
            Set::Train | Set::Retain | Set::Forget | Set::Validation => {}
        }
    }

    fn train(&mut self, at: &Trail<'_>, plan: &Train) {
        let Train { data, loss, batch_norm, .. } = plan;
        if data.is_empty() {
            self.find(&at.key("data"), Flaw::NoData);
        }
        if loss.iter().all(|term| term.head().is_none()) {
            self.find(&at.key("loss"), Flaw::NoLoss);
        }
        for (position, stream) in data.iter().enumerate() {
            let at = at.key("data");
            let at = at.position(position);
            if data[..position].iter().any(|earlier| earlier.set == stream.set) {
                self.find(&at, Flaw::TwoStreams { set: stream.set });
            }
            if let Some(sizes) = self.sizes {
                let smallest = smallest_batch(stream, sizes);
                self.single(&at, stream.set, smallest, *batch_norm);
            }
        }
        for (position, term) in loss.iter().enumerate() {
            let streams = term.streams();
            if let Some(set) = streams.into_iter().find(|set| data.iter().all(|stream| stream.set != *set)) {
                self.find(&at.key("loss").position(position), Flaw::NoStream { set });
            }
        }
    }

    fn pass(&mut self, at: &Trail<'_>, pass: &Signed, batch_norm: BatchNorm) {
        let Some(sizes) = self.sizes else { return };
        let examples = pass.share.of(sizes.of(pass.set), sizes);
        self.single(at, pass.set, examples.min(u64::from(pass.batch_size.get())), batch_norm);
    }

    /// Refuses batches of one example where batch normalisation trains.
    fn single(&mut self, at: &Trail<'_>, set: Set, smallest: u64, batch_norm: BatchNorm) {
        if smallest == 1 && batch_norm == BatchNorm::Train {
            self.find(at, Flaw::SingleExample { set });
        }
    }

    fn turns(&mut self, at: &Trail<'_>, plan: &Alternate) {
        let Some((first, others)) = plan.rounds.split_first() else {
            self.find(&at.key("rounds"), Flaw::NoRounds);
            return;
        };
        for (position, round) in plan.rounds.iter().enumerate() {
            if round.train.memory != Memory::Loop || round.train.after_epochs != AfterEpochs::default() {
                self.find(&at.key("rounds").position(position), Flaw::Round);
            }
        }
        let alike = |train: &Train| {
            train.trainable == first.train.trainable
                && but_for_lr(&train.optimizer) == but_for_lr(&first.train.optimizer)
        };
        let differs = others.iter().position(|round| !alike(&round.train));
        if let (Memory::Loop, Some(position)) = (plan.memory, differs) {
            self.find(&at.key("rounds").position(position + 1), Flaw::Memory);
        }
    }
}

fn smallest_batch(stream: &Stream, sizes: &SetSizes) -> u64 {
    stream.examples(sizes).min(u64::from(stream.batch_size.get()))
}

/// What rounds must agree in to share an optimiser: momentum, where there is one, and weight decay.
fn but_for_lr(optimizer: &Optimizer) -> (Option<f64>, f64) {
    match optimizer {
        Optimizer::Sgd { lr: _, momentum, weight_decay } => (Some(momentum.get()), weight_decay.get()),
        Optimizer::Adam { lr: _, weight_decay } => (None, weight_decay.get()),
    }
}
