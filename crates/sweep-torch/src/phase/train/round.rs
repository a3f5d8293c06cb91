//! One round of a training loop: its streams, its loss and its step.

use sweep_protocol::recipe::{self, BatchNorm, Train};
use tch::Tensor;

use crate::{
    optimizer::{Optimizer, Scope},
    phase::{
        Halt,
        data::Feed,
        gradient::Shaping,
        loss::{Loss, Penalties, Seen},
        schedule::Time,
        tensors::places,
        work::Work,
    },
};

/// A round under way.
pub(super) struct Round<'a> {
    plan: &'a Train,
    turns: Option<&'a recipe::Round>,
    feeds: Vec<Feed>,
    scope: Scope,
    loss: Loss<'a>,
    penalties: Penalties<'a>,
    shaping: Shaping,
}

impl<'a> Round<'a> {
    pub(super) fn new(
        plan: &'a Train,
        turns: Option<&'a recipe::Round>,
        (phase, first_stream): (usize, usize),
        work: &mut Work<'_>,
    ) -> Result<Self, Halt> {
        let scope = Scope::new(work.layout(), places(work.layout(), &plan.trainable, work.draws)?);
        let mut feeds = Vec::with_capacity(plan.data.len());
        for (stream, data) in plan.data.iter().enumerate() {
            feeds.push(Feed::new(data, (phase, first_stream + stream), work)?);
        }
        let named: Vec<_> =
            plan.data.iter().zip(&feeds).map(|(data, feed)| (data.set, feed, data.is_altered())).collect();
        let loss = Loss::new(&plan.loss, &named, work)?;
        let penalties = Penalties::new(&plan.loss, &scope, work)?;
        let shaping = Shaping::new(&plan.gradient, &scope, work)?;
        Ok(Self { plan, turns, feeds, scope, loss, penalties, shaping })
    }

    /// An optimiser for it, without history.
    pub(super) fn optimizer(&self) -> Optimizer {
        Optimizer::new(&self.plan.optimizer, self.scope.clone())
    }

    /// Whether it takes a turn in an epoch.
    pub(super) fn takes_turn(&self, epoch: u64) -> bool {
        self.turns.is_none_or(|turns| u32::try_from(epoch).is_ok_and(|epoch| turns.takes_turn(epoch)))
    }

    /// Steps of one pass over the leading stream; fewer where a zipped stream ends first.
    pub(super) fn steps_per_epoch(&self) -> u64 {
        let (lead, following) = self.feeds.split_first().expect("a checked loop has a stream");
        let zipped = following.iter().filter(|feed| feed.is_zipped()).map(Feed::batches);
        zipped.fold(lead.batches(), u64::min)
    }

    /// Steps of one turn.
    pub(super) fn steps_of_a_turn(&self) -> u64 {
        match self.turns {
            None => self.steps_per_epoch(),
            Some(recipe::Round { steps: Some(steps), .. }) => u64::from(steps.get()),
            Some(_) => (self.plan.epochs.get() * self.steps_per_epoch() as f64).floor() as u64,
        }
    }

    /// Takes one step and returns the loss before it.
    pub(super) fn step(
        &mut self,
        optimizer: &mut Optimizer,
        time: &Time,
        work: &mut Work<'_>,
    ) -> Result<Tensor, Halt> {
        let endless = self.turns.is_some_and(|turns| turns.steps.is_some());
        if !endless && time.step.is_multiple_of(self.steps_per_epoch()) {
            self.begin_pass();
        }
        work.weights.require_gradients(self.scope.places());
        let seen = self.see(work)?;
        let loss = self.loss.total(&seen, time, work)?;
        let gradient = work.weights.gradient(&loss, self.scope.places());
        let (loss, gradient) = self.penalties.add((loss, gradient), &self.scope, time, work);
        let mut gradient = self.shaping.shape(gradient);
        let lr = self.plan.optimizer.lr() * time.factor(&self.plan.schedule);
        optimizer.step(work.weights, &mut gradient, lr);
        self.shaping.hold(optimizer, work.weights);
        Ok(loss)
    }

    fn begin_pass(&mut self) {
        let (lead, following) = self.feeds.split_first_mut().expect("a checked loop has a stream");
        lead.restart();
        following.iter_mut().filter(|feed| feed.is_zipped()).for_each(Feed::restart);
    }

    /// The next batches and what the network says to them: one forward pass per stream, in their order, since running
    /// statistics move in it.
    fn see(&mut self, work: &mut Work<'_>) -> Result<Vec<Seen>, Halt> {
        let mut seen = Vec::with_capacity(self.feeds.len());
        for (stream, feed) in self.plan.data.iter().zip(&mut self.feeds) {
            let batch = feed.next(work)?;
            let forward = || work.network.forward(work.weights, &batch.images, self.plan.batch_norm);
            let logits = if self.loss.learns_from(stream.set) { forward() } else { tch::no_grad(forward) };
            if self.plan.batch_norm == BatchNorm::Train {
                work.weights.count_batch();
            }
            seen.push(Seen { set: stream.set, batch, logits });
        }
        Ok(seen)
    }
}
