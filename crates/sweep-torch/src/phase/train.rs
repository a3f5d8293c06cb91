//! The one training loop.

use sweep_protocol::recipe::{BatchNorm, Optimizer as Plan, Schedule, Train};
use tch::Tensor;

use super::{
    Halt, Subject, Watch,
    feed::Feed,
    losses::{Loss, Pending},
    tensors::places,
};
use crate::{
    draws::Draws,
    examples::Examples,
    optimizer::{Optimizer, Scope},
};

/// Steps after which the host looks at the losses, at the latest.
const SETTLE_EVERY: usize = 64;

/// Where in a recipe a training loop stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Position of the phase.
    pub(super) phase: usize,
    /// Optimiser steps of the phases before it.
    pub(super) steps_before: u64,
}

/// Who a training loop talks to.
pub(super) struct Around<'a> {
    pub(super) draws: &'a mut dyn Draws,
    pub(super) watch: &'a mut dyn Watch,
}

/// Trains and returns the number of optimiser steps.
pub(super) fn train(
    plan: &Train,
    place: Place,
    subject: &mut Subject<'_>,
    examples: &Examples,
    around: &mut Around<'_>,
) -> Result<u64, Halt> {
    let layout = subject.network.layout();
    let scope = Scope::new(layout, places(layout, &plan.trainable)?);
    let sizes = examples.sizes();
    let (steps, per_epoch) = (plan.steps(&sizes), plan.batches_per_epoch(&sizes));
    let mut batches = Batches {
        plan,
        examples,
        loss: Loss::new(&plan.loss, examples, subject.weights.kind()),
        feeds: plan
            .data
            .iter()
            .enumerate()
            .map(|(stream, data)| Feed::new(data, examples, (place.phase, stream)))
            .collect(),
    };

    subject.weights.require_gradients(scope.places());
    let mut optimizer = Optimizer::new(&plan.optimizer, scope);
    let mut pending = Pending::new(place.steps_before);
    for step in 0..steps {
        if step % per_epoch == 0 {
            pending.settle(around.watch)?;
            batches.begin_epoch();
        }
        let loss = batches.next_loss(subject, around.draws)?;
        let gradient = subject.weights.gradient(&loss, optimizer.scope().places());
        optimizer.step(subject.weights, gradient, learning_rate(plan, step / per_epoch));
        pending.push(&loss);
        if pending.len() == SETTLE_EVERY {
            pending.settle(around.watch)?;
        }
        if around.watch.stepped(place.steps_before + step + 1).is_break() {
            return Err(Halt::Abandoned);
        }
    }
    pending.settle(around.watch)?;
    subject.weights.require_gradients(&[]);
    Ok(steps)
}

/// The streams of a loop and the loss on them.
struct Batches<'a> {
    plan: &'a Train,
    examples: &'a Examples,
    loss: Loss,
    feeds: Vec<Feed<'a>>,
}

impl Batches<'_> {
    fn begin_epoch(&mut self) {
        self.feeds.iter_mut().filter(|feed| feed.follows_epochs()).for_each(Feed::restart);
    }

    /// The loss of the next batches: one forward pass per stream, in their order, since running statistics move in it.
    fn next_loss(&mut self, subject: &mut Subject<'_>, draws: &mut dyn Draws) -> Result<Tensor, Halt> {
        let mut sum: Option<Tensor> = None;
        for (stream, feed) in self.plan.data.iter().zip(&mut self.feeds) {
            let positions = feed.next(draws)?;
            let (images, labels) = self.examples.batch(&positions, subject.weights.kind());
            let logits = subject.network.forward(subject.weights, &images, self.plan.batch_norm);
            if self.plan.batch_norm == BatchNorm::Train {
                subject.weights.count_batch();
            }
            let part = self.loss.on(stream.set, &logits, &labels);
            sum = match (sum, part) {
                (Some(sum), Some(part)) => Some(sum + part),
                (sum, part) => sum.or(part),
            };
        }
        Ok(sum.expect("a checked loop has a term, and every term a stream"))
    }
}

fn learning_rate(plan: &Train, epoch: u64) -> f64 {
    let (Plan::Sgd { lr, .. } | Plan::Adam { lr, .. }) = plan.optimizer;
    match &plan.schedule {
        Schedule::Cosine => {
            let turn = std::f64::consts::PI * epoch as f64 / plan.epochs.get();
            lr.get() * 0.5 * (1.0 + turn.cos())
        }
        _ => lr.get(),
    }
}
