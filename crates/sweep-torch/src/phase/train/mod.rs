//! The one training loop.
//!
//! A [`Train`] phase is a loop of one round; an [`Alternate`] phase is a loop of several that take turns. The runs of a cohort
//! go through it in lockstep: one forward pass, one gradient and one step of the optimiser for all of them. What is drawn,
//! the losses and what becomes of a gradient are each run's own, and each ends by itself: where one has diverged or has had
//! enough, its row is computed on and nobody looks at it.

mod between;
mod course;
mod readings;
mod round;

use sweep_protocol::recipe::{AfterEpochs, Alternate, Memory, Train};

use super::{cohort::Cohort, schedule::Time};
use crate::optimizer::Optimizer;
use course::Passage;
use round::Round;

/// Carries out a loop of one round, whose first stream is the `first_stream`-th of its phase.
pub(super) fn train(plan: &Train, (phase, first_stream): (usize, usize), cohort: &mut Cohort<'_, '_>) {
    let Some(round) = Round::new(plan, None, (phase, first_stream), cohort) else { return };
    let per_epoch = round.steps_per_epoch();
    let steps = (plan.epochs.get() * per_epoch as f64).floor() as u64;
    let epochs = if per_epoch == 0 { 0 } else { steps.div_ceil(per_epoch) };
    let span = Span { epochs, length: plan.epochs.get(), steps: Some(steps) };
    Loop::new(vec![round], plan.memory).run(&span, (phase, &plan.after_epochs), cohort);
}

/// Carries out rounds that take turns.
pub(super) fn alternate(plan: &Alternate, phase: usize, cohort: &mut Cohort<'_, '_>) {
    let mut rounds = Vec::with_capacity(plan.rounds.len());
    let mut stream = 0;
    for round in &plan.rounds {
        let Some(begun) = Round::new(&round.train, Some(round), (phase, stream), cohort) else { return };
        rounds.push(begun);
        stream += round.train.data.len();
    }
    let epochs = plan.epochs.get();
    let span = Span { epochs: u64::from(epochs), length: f64::from(epochs), steps: None };
    Loop::new(rounds, plan.memory).run(&span, (phase, &plan.after_epochs), cohort);
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
    taken: u64,
}

impl<'a> Loop<'a> {
    fn new(rounds: Vec<Round<'a>>, memory: Memory) -> Self {
        let count = if memory == Memory::Loop { rounds.len().min(1) } else { rounds.len() };
        let optimizers = rounds[..count].iter().map(Round::optimizer).collect();
        Self { rounds, optimizers, memory, taken: 0 }
    }

    fn run(mut self, span: &Span, (phase, after): (usize, &AfterEpochs), cohort: &mut Cohort<'_, '_>) {
        let mut courses: Vec<Passage<'_>> =
            cohort.runs.iter().map(|run| Passage::new(after, (phase, span.epochs), run.work)).collect();
        for epoch in 0..span.epochs {
            for (course, run) in
                courses.iter_mut().zip(&mut cohort.runs).filter(|(course, run)| course.goes_on(run))
            {
                course.begin(epoch, run);
            }
            if self.memory == Memory::Epoch {
                self.optimizers.iter_mut().for_each(Optimizer::reset);
            }
            for place in 0..self.rounds.len() {
                self.turn(place, (epoch, span), &mut courses, cohort);
            }
            for row in going(&courses, cohort) {
                let others = going(&courses, cohort).len() > 1;
                courses[row].end(&mut cohort.runs[row], others);
            }
            if going(&courses, cohort).is_empty() {
                break;
            }
        }
        cohort.rows.require_gradients(&[]);
        for (course, run) in courses.into_iter().zip(&mut cohort.runs) {
            course.finish(run);
        }
    }

    /// One round's turn in one epoch.
    fn turn(
        &mut self,
        place: usize,
        (epoch, span): (u64, &Span),
        courses: &mut [Passage<'_>],
        cohort: &mut Cohort<'_, '_>,
    ) {
        if !self.rounds[place].takes_turn(epoch) {
            return;
        }
        let steps = self.rounds[place].steps_of_a_turn();
        let now = span.steps.map_or(steps, |all| steps.min(all - self.taken));
        for step in 0..now {
            let going = going(courses, cohort);
            if going.is_empty() {
                return;
            }
            let time = Time { epochs: span.length, epoch, step, steps };
            let looks = readings::looks(span.epochs, &time);
            let optimizer = if self.memory == Memory::Loop { 0 } else { place };
            let taken =
                self.rounds[place].step(&mut self.optimizers[optimizer], (&time, looks), (&going, cohort));
            self.taken += 1;
            for taken in taken {
                let row = taken.row;
                courses[row].stepped(taken, (place, &time), &mut cohort.runs[row]);
            }
        }
    }
}

/// The rows whose runs go on.
fn going(courses: &[Passage<'_>], cohort: &Cohort<'_, '_>) -> Vec<usize> {
    (0..courses.len()).filter(|&row| courses[row].goes_on(&cohort.runs[row])).collect()
}
