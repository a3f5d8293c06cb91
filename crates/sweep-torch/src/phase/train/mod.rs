//! The one training loop.
//!
//! A [`Train`] phase is a loop of one round; an [`Alternate`] phase is a loop of several that take turns.

mod between;
mod round;

use sweep_protocol::recipe::{AfterEpochs, Alternate, Memory, Train};

use super::{Halt, loss::Pending, schedule::Time, work::Work};
use crate::optimizer::Optimizer;
use between::Between;
use round::Round;

/// Steps after which the host looks at the losses, at the latest.
const SETTLE_EVERY: usize = 64;

/// Carries out a loop of one round, whose first stream is the `first_stream`-th of its phase.
pub(super) fn train(
    plan: &Train,
    (phase, first_stream): (usize, usize),
    work: &mut Work<'_>,
) -> Result<(), Halt> {
    let round = Round::new(plan, None, (phase, first_stream), work)?;
    let per_epoch = round.steps_per_epoch();
    let steps = (plan.epochs.get() * per_epoch as f64).floor() as u64;
    let epochs = if per_epoch == 0 { 0 } else { steps.div_ceil(per_epoch) };
    let span = Span { epochs, length: plan.epochs.get(), steps: Some(steps) };
    Loop::new(vec![round], plan.memory, work).run(&span, (phase, &plan.after_epochs), work)
}

/// Carries out rounds that take turns.
pub(super) fn alternate(plan: &Alternate, phase: usize, work: &mut Work<'_>) -> Result<(), Halt> {
    let mut rounds = Vec::with_capacity(plan.rounds.len());
    let mut stream = 0;
    for round in &plan.rounds {
        rounds.push(Round::new(&round.train, Some(round), (phase, stream), work)?);
        stream += round.train.data.len();
    }
    let epochs = plan.epochs.get();
    let span = Span { epochs: u64::from(epochs), length: f64::from(epochs), steps: None };
    Loop::new(rounds, plan.memory, work).run(&span, (phase, &plan.after_epochs), work)
}

/// How long a loop is.
struct Span {
    /// Epochs begun.
    epochs: u64,
    /// Epochs, perhaps with a part of one.
    length: f64,
    /// Steps in all, where they end before the last epoch does.
    steps: Option<u64>,
}

/// A loop under way.
struct Loop<'a> {
    rounds: Vec<Round<'a>>,
    /// One for all rounds, or one for each.
    optimizers: Vec<Optimizer>,
    memory: Memory,
    pending: Pending,
    taken: u64,
}

impl<'a> Loop<'a> {
    fn new(rounds: Vec<Round<'a>>, memory: Memory, work: &Work<'_>) -> Self {
        let count = if memory == Memory::Loop { rounds.len().min(1) } else { rounds.len() };
        let optimizers = rounds[..count].iter().map(Round::optimizer).collect();
        Self { rounds, optimizers, memory, pending: Pending::new(work.steps), taken: 0 }
    }

    fn run(
        mut self,
        span: &Span,
        (phase, after): (usize, &AfterEpochs),
        work: &mut Work<'_>,
    ) -> Result<(), Halt> {
        let mut between = Between::new(after, phase);
        let mut done = 0;
        for epoch in 0..span.epochs {
            between.begin(epoch, work)?;
            if self.memory == Memory::Epoch {
                self.optimizers.iter_mut().for_each(Optimizer::reset);
            }
            for place in 0..self.rounds.len() {
                self.turn(place, epoch, span, work)?;
            }
            done = epoch + 1;
            if between.wants_to_know() {
                self.pending.settle(work.watch)?;
            }
            if between.end(work).is_break() {
                break;
            }
        }
        self.pending.settle(work.watch)?;
        work.weights.require_gradients(&[]);
        between.finish(done, work)
    }

    /// One round's turn in one epoch.
    fn turn(&mut self, place: usize, epoch: u64, span: &Span, work: &mut Work<'_>) -> Result<(), Halt> {
        if !self.rounds[place].takes_turn(epoch) {
            return Ok(());
        }
        let steps = self.rounds[place].steps_of_a_turn();
        let now = span.steps.map_or(steps, |all| steps.min(all - self.taken));
        for step in 0..now {
            let time = Time { epochs: span.length, epoch, step, steps };
            self.step(place, &time, work)?;
        }
        Ok(())
    }

    fn step(&mut self, place: usize, time: &Time, work: &mut Work<'_>) -> Result<(), Halt> {
        let optimizer = if self.memory == Memory::Loop { 0 } else { place };
        let loss = self.rounds[place].step(&mut self.optimizers[optimizer], time, work)?;
        self.taken += 1;
        work.steps += 1;
        self.pending.push(&loss);
        if self.pending.len() == SETTLE_EVERY {
            self.pending.settle(work.watch)?;
        }
        if work.watch.stepped(work.steps).is_break() { Err(Halt::Abandoned) } else { Ok(()) }
    }
}
