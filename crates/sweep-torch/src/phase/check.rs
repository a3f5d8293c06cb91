//! Refuses recipes that can't be carried out, before anything is touched.

use sweep_protocol::{
    network::Layout,
    recipe::{
        AfterEpochs, Alternate, BatchNorm, ClassWeight, CrossEntropy, Elements, Memory, Move, Optimizer,
        Phase, Recipe, Route, Score, Stream, Term, Train,
    },
    terms::{Set, SetSizes},
};

use super::{Unusable, tensors};
use crate::examples::Examples;

/// Checks every phase against the network and the data.
pub fn check(recipe: &Recipe, layout: &Layout, examples: &Examples) -> Result<(), Unusable> {
    let mut check = Check { phase: 0, chosen: Vec::new(), layout, examples };
    for (phase, plan) in recipe.phases.iter().enumerate() {
        check.phase = phase;
        check.of(plan)?;
    }
    Ok(())
}

struct Check<'a> {
    phase: usize,
    /// Names of the choices that earlier phases make.
    chosen: Vec<&'a str>,
    layout: &'a Layout,
    examples: &'a Examples,
}

impl<'a> Check<'a> {
    fn of(&mut self, plan: &'a Phase) -> Result<(), Unusable> {
        match plan {
            Phase::Reinit(plan) => {
                tensors::check(self.layout, &plan.tensors)?;
                self.elements(&plan.elements)
            }
            Phase::Noise(plan) => tensors::check(self.layout, &plan.tensors),
            Phase::Transpose(plan) => tensors::check(self.layout, &plan.tensors),
            Phase::Zero(plan) => {
                tensors::check(self.layout, &plan.tensors)?;
                self.elements(&plan.elements)
            }
            Phase::Select(plan) => {
                tensors::check(self.layout, &plan.tensors)?;
                self.score(&plan.score)?;
                self.chosen.push(&plan.name);
                Ok(())
            }
            Phase::Cast(_) => Ok(()),
            Phase::Train(plan) => self.train(plan),
            Phase::Alternate(plan) => self.alternate(plan),
            Phase::Dampen(plan) => {
                tensors::check(self.layout, &plan.tensors)?;
                self.hold(&[plan.forget, plan.kept])
            }
            Phase::FisherNoise(plan) => self.hold(&[plan.kept]),
            Phase::Move(Move { scale, .. }) if !scale.is_finite() => {
                Err(Unusable::Weight { phase: self.phase })
            }
            Phase::Move(plan) => match &plan.along {
                Route::WoodFisher { .. } => self.hold(&[Set::Forget, Set::Retain]),
                Route::TaskVector(loops) => loops.iter().try_for_each(|plan| self.train(plan)),
            },
            // Both courses must be possible; a choice that only one of them makes is known to it alone.
            Phase::Either(plan) => [&plan.first, &plan.otherwise].into_iter().try_for_each(|course| {
                let before = self.chosen.len();
                course.iter().try_for_each(|plan| self.of(plan))?;
                self.chosen.truncate(before);
                Ok(())
            }),
        }
    }

    /// Whether these sets hold examples.
    fn hold(&self, sets: &[Set]) -> Result<(), Unusable> {
        sets.iter().try_for_each(|&set| self.holds(self.sizes().of(set), set))
    }

    fn elements(&self, elements: &Elements) -> Result<(), Unusable> {
        match elements {
            Elements::In(name) | Elements::Outside(name) if !self.chosen.contains(&name.as_str()) => {
                Err(Unusable::NoSuchChoice { name: name.clone() })
            }
            _ => Ok(()),
        }
    }

    fn score(&self, score: &Score) -> Result<(), Unusable> {
        match score {
            Score::Magnitude | Score::Random => Ok(()),
            Score::Ratio { above, below, .. } => self.hold(&[*above, *below]),
            Score::Gradient { of, batch_norm } => of.iter().try_for_each(|pass| {
                if !pass.sign.is_finite() {
                    return Err(Unusable::Weight { phase: self.phase });
                }
                let examples = pass.share.of(self.sizes().of(pass.set), &self.sizes());
                self.batches(examples.min(u64::from(pass.batch_size.get())), pass.set, *batch_norm)
            }),
        }
    }

    fn alternate(&self, plan: &Alternate) -> Result<(), Unusable> {
        let phase = self.phase;
        let Some((first, others)) = plan.rounds.split_first() else {
            return Err(Unusable::Empty { phase, lacking: "rounds" });
        };
        for round in &plan.rounds {
            if round.train.memory != Memory::Loop || round.train.after_epochs != AfterEpochs::default() {
                return Err(Unusable::Round { phase });
            }
            self.train(&round.train)?;
        }
        let alike = |train: &Train| {
            train.trainable == first.train.trainable
                && but_for_lr(&train.optimizer) == but_for_lr(&first.train.optimizer)
        };
        if plan.memory == Memory::Loop && !others.iter().all(|round| alike(&round.train)) {
            return Err(Unusable::Memory { phase });
        }
        self.after(&plan.after_epochs)
    }

    fn train(&self, plan: &Train) -> Result<(), Unusable> {
        tensors::check(self.layout, &plan.trainable)?;
        for factor in &plan.gradient.factors {
            tensors::check(self.layout, &factor.tensors)?;
            self.elements(&factor.elements)?;
        }
        plan.gradient.hold.iter().try_for_each(|elements| self.elements(elements))?;
        self.data(plan)?;
        self.loss(plan)?;
        self.after(&plan.after_epochs)
    }

    fn after(&self, plan: &AfterEpochs) -> Result<(), Unusable> {
        plan.noise.iter().try_for_each(|late| tensors::check(self.layout, &late.noise.tensors))
    }

    fn data(&self, plan: &Train) -> Result<(), Unusable> {
        let phase = self.phase;
        if plan.data.is_empty() {
            return Err(Unusable::Empty { phase, lacking: "data" });
        }
        for (position, stream) in plan.data.iter().enumerate() {
            let set = stream.set;
            if plan.data[..position].iter().any(|other| other.set == set) {
                return Err(Unusable::TwoStreams { phase, set });
            }
            self.stream(stream, plan.batch_norm)?;
        }
        Ok(())
    }

    fn stream(&self, stream: &Stream, batch_norm: BatchNorm) -> Result<(), Unusable> {
        let sizes = self.sizes();
        for part in stream.parts() {
            self.holds(part.share.of(sizes.of(part.set), &sizes), part.set)?;
        }
        let smallest = stream.examples(&sizes).min(u64::from(stream.batch_size.get()));
        self.batches(smallest, stream.set, batch_norm)
    }

    /// Refuses batches of one example where batch normalisation trains.
    fn batches(&self, smallest: u64, set: Set, batch_norm: BatchNorm) -> Result<(), Unusable> {
        self.holds(smallest, set)?;
        if smallest == 1 && batch_norm == BatchNorm::Train {
            return Err(Unusable::SingleExample { phase: self.phase, set });
        }
        Ok(())
    }

    fn holds(&self, examples: u64, set: Set) -> Result<(), Unusable> {
        if examples == 0 { Err(Unusable::EmptySet { phase: self.phase, set }) } else { Ok(()) }
    }

    fn loss(&self, plan: &Train) -> Result<(), Unusable> {
        let phase = self.phase;
        if plan.loss.iter().all(|term| term.head().is_none()) {
            return Err(Unusable::Empty { phase, lacking: "loss" });
        }
        for term in &plan.loss {
            if let Some(set) = missing(&term.streams(), &plan.data) {
                return Err(Unusable::NoStream { phase, set });
            }
            if !term.weight().0.is_finite() {
                return Err(Unusable::Weight { phase });
            }
            match term {
                Term::L1(penalty) | Term::L2(penalty) => tensors::check(self.layout, &penalty.tensors)?,
                Term::CrossEntropy(CrossEntropy { class_weight: ClassWeight::Inverse, .. }) => {
                    self.counts()?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn counts(&self) -> Result<(), Unusable> {
        let counts = self.examples.class_counts().len();
        let classes = self.layout.outputs();
        if counts as i64 == classes { Ok(()) } else { Err(Unusable::Classes { counts, classes }) }
    }

    fn sizes(&self) -> SetSizes {
        self.examples.sizes()
    }
}

/// The first of the sets that no stream is called after.
fn missing(sets: &[Set], data: &[Stream]) -> Option<Set> {
    sets.iter().copied().find(|set| data.iter().all(|stream| stream.set != *set))
}

/// What rounds must agree in to share an optimiser: momentum, where there is one, and weight decay.
fn but_for_lr(optimizer: &Optimizer) -> (Option<f64>, f64) {
    match optimizer {
        Optimizer::Sgd { momentum, weight_decay, .. } => (Some(momentum.get()), weight_decay.get()),
        Optimizer::Adam { weight_decay, .. } => (None, weight_decay.get()),
    }
}
