//! One run's course through a loop.

use sweep_protocol::recipe::AfterEpochs;

use super::{between::Between, readings::Readings, round::StepTaken};
use crate::{
    network::Weights,
    phase::{Halt, cohort::Mate, loss::Pending, schedule::Time, work::Work},
};

/// Steps after which the host looks at the losses, at the latest.
const SETTLE_EVERY: usize = 64;

/// How far one run is.
pub(super) struct Passage<'a> {
    between: Between<'a>,
    pending: Pending,
    readings: Readings,
    /// Epochs that it has done.
    done: u64,
    has_enough: bool,
    /// What it had reached when it had enough, where others went on.
    reached: Option<Weights>,
}

impl<'a> Passage<'a> {
    pub(super) fn new(after: &'a AfterEpochs, (phase, epochs): (usize, u64), work: &Work<'_>) -> Self {
        let (between, pending) = (Between::new(after, phase), Pending::new(work.steps));
        let readings = Readings::of(epochs);
        Self { between, pending, readings, done: 0, has_enough: false, reached: None }
    }

    /// Whether the run takes the next step.
    pub(super) fn goes_on(&self, run: &Mate<'_, '_>) -> bool {
        run.halt.is_none() && !self.has_enough
    }

    /// Before an epoch, counted from 0.
    pub(super) fn begin(&self, epoch: u64, run: &mut Mate<'_, '_>) {
        let result = self.between.begin(epoch, run.work);
        run.after(result);
    }

    /// After a step of a round, at a moment of the loop.
    pub(super) fn stepped(
        &mut self,
        taken: StepTaken,
        (round, time): (usize, &Time),
        run: &mut Mate<'_, '_>,
    ) {
        run.work.steps += 1;
        self.pending.push(&taken.loss);
        self.readings.push(taken.looks, (round, time));
        if self.pending.len() == SETTLE_EVERY && self.settle(run).is_none() {
            return;
        }
        if run.work.watch.stepped(run.work.steps).is_break() {
            *run.halt = Some(Halt::Abandoned);
        }
    }

    /// After an epoch. What the run has reached is kept where its row goes on without it.
    pub(super) fn end(&mut self, run: &mut Mate<'_, '_>, others_go_on: bool) {
        if run.work.watch.wants_accuracies() && self.readings.ends_with(self.done) {
            run.work.watch.aside(true);
            self.readings.measure(run.work.network, run.work.weights, run.work.examples);
            run.work.watch.aside(false);
        }
        self.done += 1;
        if self.between.wants_to_know() && self.settle(run).is_none() {
            return;
        }
        self.has_enough = self.between.end(run.work).is_break();
        if self.has_enough && others_go_on {
            self.reached = Some(run.work.weights.duplicate());
        }
    }

    /// After the last epoch, unless the run has ended before.
    pub(super) fn finish(mut self, run: &mut Mate<'_, '_>) {
        if run.halt.is_some() || self.settle(run).is_none() {
            return;
        }
        run.work.loops += 1;
        run.work.watch.read(&self.readings.all(run.work.loops));
        if let Some(reached) = &self.reached {
            run.work.weights.become_like(reached);
        }
        let result = self.between.finish(self.done, run.work);
        run.after(result);
    }

    fn settle(&mut self, run: &mut Mate<'_, '_>) -> Option<()> {
        let result = self.pending.settle(run.work.watch);
        run.after(result).map(|losses| self.readings.settle(&losses))
    }
}
