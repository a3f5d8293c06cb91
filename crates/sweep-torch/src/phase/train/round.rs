//! One round of a training loop: its streams, its losses and its step.

use sweep_protocol::{
    recipe::{self, BatchNorm, Term, Train},
    terms::Set,
};
use tch::Tensor;

use crate::{
    optimizer::{Optimizer, Scope},
    phase::{
        Halt,
        cohort::Cohort,
        data::{Batch, Feed},
        gradient::Shaping,
        loss::{Loss, Penalties, Seen},
        schedule::Time,
        tensors::places,
        train::readings::Glance,
        work::Work,
    },
};

/// A step of one run.
pub(super) struct StepTaken {
    pub(super) row: usize,
    /// The loss before it.
    pub(super) loss: Tensor,
    /// How many images of its batches were taken for what they are labelled as, where that was asked for.
    pub(super) looks: Vec<Glance>,
}

/// A round under way.
pub(super) struct Round<'a> {
    plan: &'a Train,
    turns: Option<&'a recipe::Round>,
    /// What it changes, the same in every row.
    scope: Scope,
    /// The streams whose labels its loss asks for.
    labelled: Vec<Set>,
    /// Each run's own; none of a run that has ended.
    members: Vec<Option<Own<'a>>>,
    steps_per_epoch: u64,
}

/// What is one run's own.
struct Own<'a> {
    feeds: Vec<Feed>,
    scope: Scope,
    loss: Loss<'a>,
    penalties: Penalties<'a>,
    shaping: Shaping,
}

impl<'a> Round<'a> {
    /// A round for the runs that go on; none where none does.
    pub(super) fn new(
        plan: &'a Train,
        turns: Option<&'a recipe::Round>,
        ids: (usize, usize),
        cohort: &mut Cohort<'_, '_>,
    ) -> Option<Self> {
        let mut members = Vec::with_capacity(cohort.runs.len());
        for run in &mut cohort.runs {
            let begun = run.halt.is_none().then(|| Own::new(plan, ids, run.work));
            members.push(begun.and_then(|begun| run.after(begun)));
        }
        let mut begun = members.iter().flatten();
        let first = begun.next()?;
        let (scope, steps_per_epoch) = (first.scope.clone(), first.steps_per_epoch());
        let alike = |member: &Own<'_>| member.scope == scope && member.steps_per_epoch() == steps_per_epoch;
        assert!(begun.all(alike), "runs in lockstep train the same tensors on as many batches");
        let labelled = plan.loss.iter().filter_map(|term| match term {
            Term::CrossEntropy(term) => Some(term.on),
            _ => None,
        });
        Some(Self { plan, turns, scope, labelled: labelled.collect(), members, steps_per_epoch })
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
        self.steps_per_epoch
    }

    /// Steps of one turn.
    pub(super) fn steps_of_a_turn(&self) -> u64 {
        match self.turns {
            None => self.steps_per_epoch,
            Some(recipe::Round { steps: Some(steps), .. }) => u64::from(steps.get()),
            Some(_) => (self.plan.epochs.get() * self.steps_per_epoch as f64).floor() as u64,
        }
    }

    /// Takes one step in the rows of the runs that go on. A run that can't take it ends. Where `looks` says so, it is looked
    /// how many images the networks get right.
    pub(super) fn step(
        &mut self,
        optimizer: &mut Optimizer,
        (time, looks): (&Time, bool),
        (going, cohort): (&[usize], &mut Cohort<'_, '_>),
    ) -> Vec<StepTaken> {
        let endless = self.turns.is_some_and(|turns| turns.steps.is_some());
        if !endless && time.step.is_multiple_of(self.steps_per_epoch) {
            self.members.iter_mut().flatten().for_each(Own::begin_pass);
        }
        cohort.rows.require_gradients(self.scope.places());
        let mut taken = Vec::with_capacity(going.len());
        for (row, seen) in self.see(going, cohort) {
            let (run, member) = (&mut cohort.runs[row], member(&mut self.members, row));
            let loss = member.loss.total(&seen, time, run.work);
            let looks = if looks { self.looks(&seen) } else { Vec::new() };
            taken.extend(run.after(loss).map(|loss| StepTaken { row, loss, looks }));
        }
        if taken.is_empty() {
            return taken;
        }
        let of: Vec<&Tensor> = taken.iter().map(|taken| &taken.loss).collect();
        let mut gradients = cohort.rows.gradient(&of, self.scope.places());
        for StepTaken { row, loss, .. } in &mut taken {
            let (work, member) = (&*cohort.runs[*row].work, member(&mut self.members, *row));
            let gradient = gradients.select(0, *row as i64);
            let (all, gradient) =
                member.penalties.add((loss.shallow_clone(), gradient), &self.scope, time, work);
            let _ = member.shaping.shape(gradient);
            *loss = all;
        }
        let lr = self.plan.optimizer.lr() * time.factor(&self.plan.schedule);
        optimizer.step(cohort.rows, &mut gradients, lr);
        for &StepTaken { row, .. } in &taken {
            member(&mut self.members, row).shaping.hold(optimizer, row, cohort.runs[row].work.weights);
        }
        taken
    }

    /// How many images of each labelled batch are taken for what they are labelled as.
    fn looks(&self, seen: &[Seen]) -> Vec<Glance> {
        let labelled = seen.iter().filter(|seen| self.labelled.contains(&seen.set));
        labelled.filter_map(|seen| Glance::of(seen.set, &seen.logits, &seen.batch.labels)).collect()
    }

    /// The next batches of each run and what its network says to them: one forward pass per stream, in their order, since
    /// running statistics move in it.
    fn see(&mut self, going: &[usize], cohort: &mut Cohort<'_, '_>) -> Vec<(usize, Vec<Seen>)> {
        let mut seen: Vec<(usize, Vec<Seen>)> = going.iter().map(|&row| (row, Vec::new())).collect();
        for (place, stream) in self.plan.data.iter().enumerate() {
            let mut batches: Vec<Batch> = Vec::with_capacity(seen.len());
            seen.retain(|&(row, _)| {
                let run = &mut cohort.runs[row];
                let batch = member(&mut self.members, row).feeds[place].next(run.work);
                batches.extend(run.after(batch));
                run.halt.is_none()
            });
            let Some((first, _)) = seen.first() else { return seen };
            let learns = member(&mut self.members, *first).loss.learns_from(stream.set);
            // A row that nobody looks at any more sees what the first one sees.
            let mut images = vec![&batches[0].images; cohort.rows.count()];
            for ((row, _), batch) in seen.iter().zip(&batches) {
                images[*row] = &batch.images;
            }
            let network = cohort.runs[*first].work.network;
            let forward = || network.forward_rows(cohort.rows, &images, self.plan.batch_norm);
            let logits = if learns { forward() } else { tch::no_grad(forward) };
            for ((row, seen), batch) in seen.iter_mut().zip(batches) {
                if self.plan.batch_norm == BatchNorm::Train {
                    cohort.runs[*row].work.weights.count_batch();
                }
                seen.push(Seen { set: stream.set, batch, logits: logits[*row].shallow_clone() });
            }
        }
        seen
    }
}

/// What is a run's own, which goes on.
fn member<'m, 'a>(members: &'m mut [Option<Own<'a>>], row: usize) -> &'m mut Own<'a> {
    members[row].as_mut().expect("a run that goes on has begun")
}

impl<'a> Own<'a> {
    fn new(
        plan: &'a Train,
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
        Ok(Self { feeds, scope, loss, penalties, shaping })
    }

    fn steps_per_epoch(&self) -> u64 {
        let (lead, following) = self.feeds.split_first().expect("a checked loop has a stream");
        let zipped = following.iter().filter(|feed| feed.is_zipped()).map(Feed::batches);
        zipped.fold(lead.batches(), u64::min)
    }

    fn begin_pass(&mut self) {
        let (lead, following) = self.feeds.split_first_mut().expect("a checked loop has a stream");
        lead.restart();
        following.iter_mut().filter(|feed| feed.is_zipped()).for_each(Feed::restart);
    }
}
