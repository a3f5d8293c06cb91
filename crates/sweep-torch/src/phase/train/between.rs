//! What happens between the epochs of a loop.

use std::ops::ControlFlow;

use sweep_protocol::{
    recipe::{AfterEpochs, Rewind},
    terms::Set,
};

use crate::{
    draws::Purpose,
    measure::correct,
    network::Weights,
    phase::{Halt, operation::add_noise, work::Work},
};

/// The plan, and the epochs that may be returned to.
pub(super) struct Between<'a> {
    plan: &'a AfterEpochs,
    phase: usize,
    kept: Vec<Kept>,
}

struct Kept {
    weights: Weights,
    /// Error on the forget set.
    error: f64,
}

impl<'a> Between<'a> {
    pub(super) fn new(plan: &'a AfterEpochs, phase: usize) -> Self {
        Self { plan, phase, kept: Vec::new() }
    }

    /// Before an epoch, counted from 0.
    pub(super) fn begin(&self, epoch: u64, work: &mut Work<'_>) -> Result<(), Halt> {
        let phase = self.phase;
        for late in self.plan.noise.iter().filter(|late| u64::from(late.after) == epoch) {
            let after = late.after;
            add_noise(&late.noise, |key| Purpose::LateNoise { phase, after, key }, work)?;
        }
        Ok(())
    }

    /// Whether something is measured after each epoch.
    pub(super) fn wants_to_know(&self) -> bool {
        self.plan.stop.is_some() || self.plan.rewind != Rewind::Off
    }

    /// After an epoch; breaks where training is to end.
    pub(super) fn end(&mut self, work: &Work<'_>) -> ControlFlow<()> {
        if self.plan.rewind == Rewind::MatchedValidation {
            let error = error(work.examples.set(Set::Forget), work);
            self.kept.push(Kept { weights: work.weights.duplicate(), error });
        }
        let enough = self
            .plan
            .stop
            .is_some_and(|stop| 1.0 - error(work.examples.set(stop.on), work) <= stop.accuracy.get());
        if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// After the last epoch.
    pub(super) fn finish(self, epochs: u64, work: &mut Work<'_>) -> Result<(), Halt> {
        self.begin(epochs, work)?;
        let (Some(last), Rewind::MatchedValidation) = (self.kept.last(), self.plan.rewind) else {
            return Ok(());
        };
        let reference = reference(last, work);
        let mut best = &self.kept[0];
        for kept in &self.kept[1..] {
            if (kept.error - reference).abs() < (best.error - reference).abs() {
                best = kept;
            }
        }
        work.weights.become_like(&best.weights);
        Ok(())
    }
}

/// The final network's error on the validation examples of the classes that the forget set holds.
fn reference(last: &Kept, work: &Work<'_>) -> f64 {
    let classes: Vec<i64> =
        work.examples.set(Set::Forget).iter().map(|&place| work.examples.label(place)).collect();
    let validation = work.examples.set(Set::Validation).iter().copied();
    let matched: Vec<i64> =
        validation.filter(|&place| classes.contains(&work.examples.label(place))).collect();
    let right = correct(work.network, &last.weights, work.examples, &matched);
    1.0 - right as f64 / matched.len().max(1) as f64
}

/// Share of examples classified wrongly, running statistics used.
fn error(positions: &[i64], work: &Work<'_>) -> f64 {
    let right = correct(work.network, work.weights, work.examples, positions);
    1.0 - right as f64 / positions.len().max(1) as f64
}
