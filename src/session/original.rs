//! Whether the checkpoints that are to be unlearned know what they should, before anything is trained.

use std::{borrow::Cow, path::Path};

use sweep_inputs::checkpoint::{self, Values};
use sweep_protocol::{
    measurement::Renamed,
    network::{Network, Preparation},
};

use super::{
    Means, Session, SessionError,
    weak_original::{Cause, WeakOriginal},
};
use crate::{
    measuring::{Measured, Measuring, Subject, scratch},
    outcome::Outcome,
    plan::{Plan, PlannedInputs, PlannedOriginal, Run},
    pool::{Ending, How},
    store::{Cache, Store},
};

/// How much of the way from guessing to knowing everything an original must have gone on the retain set.
const LEAST: f64 = 0.5;
/// Accuracy on the retain set from which on nothing is looked for.
const SURE: f64 = 0.9;
/// How much more another preparation or other names must reach to be what was meant.
const MORE: f64 = 0.1;
/// Accuracies so close say nothing about which inputs a network was trained on.
const TIED: f64 = 0.01;

impl Session<'_> {
    /// Measures the checkpoints of a plan that has some; says how it ended where that was not with their measurements.
    pub(super) fn look_at_originals(
        &self,
        plan: &Plan,
        store: &mut Store,
        means: &Means,
    ) -> Result<Option<Ending>, SessionError> {
        let checkpoints = if self.accept_weak_original { Vec::new() } else { of_checkpoints(plan) };
        let is_known = |run: &Run| store.outcome(&run.id).is_some_and(|it| plan.is_settled(run, it));
        let runs = checkpoints.iter().map(|(run, ..)| *run).filter(|run| !is_known(run));
        let runs: Vec<Run> = runs.cloned().collect();
        if !runs.is_empty() {
            let alone = Plan { runs, ..plan.clone() };
            let (mut ending, drained) = self.perform(&alone, store, means)?;
            if let Some(by) = drained.filter(|_| ending.how == How::Complete) {
                ending.how = How::Drained { by };
            }
            if ending.how != How::Complete {
                ending.pending = plan.runs.len() - ending.finished - ending.diverged - ending.failed;
                return Ok(Some(ending));
            }
        }
        checkpoints.into_iter().try_for_each(|checkpoint| refuse_weak(plan, checkpoint, store, means))?;
        Ok(None)
    }
}

/// Refuses a checkpoint that was measured and knows less than it should.
fn refuse_weak(
    plan: &Plan,
    (run, inputs, path): (&Run, &PlannedInputs, &Path),
    store: &Store,
    means: &Means,
) -> Result<(), SessionError> {
    let (retain, renamed) = match store.outcome(&run.id) {
        Some(Outcome::Diverged { .. }) => (None, None),
        Some(outcome) => match outcome.measurement() {
            Some(measured) => (Some(measured.accuracy.retain.get()), measured.renamed.clone()),
            None => return Ok(()),
        },
        None => return Ok(()),
    };
    if retain.is_some_and(|retain| retain >= SURE) {
        return Ok(());
    }
    let reached = retain.unwrap_or(0.0);
    let mut tried = prepared_otherwise(plan, inputs, path, means);
    let guessing = renamed.as_ref().map_or(0.0, |renamed| renamed.guessing.get());
    let guessing = guessing.max(f64::from(inputs.network.classes).recip());
    tried.insert(0, Tried { preparation: inputs.network.preparation, retain: reached, renamed });
    let cause = cause(&tried, || is_as_born(path));
    let weak = is_weak(reached, guessing);
    if weak || matches!(cause, Cause::Preparation(..) | Cause::Order(..)) {
        let (path, network) = (path.to_owned(), inputs.network.clone());
        return Err(SessionError::WeakOriginal(Box::new(WeakOriginal {
            path,
            retain,
            guessing,
            network,
            cause,
        })));
    }
    Ok(())
}

/// What the checkpoint reaches with the grid's own mean and standard deviation of pixels from 0 to 1, and with each usual
/// preparation, other than the grid's; nothing where that can't be measured.
fn prepared_otherwise(plan: &Plan, inputs: &PlannedInputs, path: &Path, means: &Means) -> Vec<Tried> {
    let own = inputs.network.preparation;
    let mut others = vec![own.of_unit_pixels()];
    others.extend(Preparation::usual().into_iter().filter(|usual| *usual != own.of_unit_pixels()));
    others.retain(|other| *other != own);
    let networks: Vec<Network> =
        others.into_iter().map(|preparation| Network { preparation, ..inputs.network.clone() }).collect();
    let measured = measured(plan, inputs, path, &networks, means).unwrap_or_default();
    let tried = |(network, measured): (Network, Measured)| Tried {
        preparation: network.preparation,
        retain: measured.accuracy.retain.get(),
        renamed: measured.renamed,
    };
    networks.into_iter().zip(measured).map(tried).collect()
}

/// Nothing where there is no room for it or a worker fails: what is wrong stays unknown then.
fn measured(
    plan: &Plan,
    inputs: &PlannedInputs,
    path: &Path,
    networks: &[Network],
    means: &Means,
) -> Option<Vec<Measured>> {
    let scratch = scratch().ok()?;
    let cache = match &means.cache {
        Some(cache) => Cow::Borrowed(cache),
        None => Cow::Owned(Cache::open(scratch.path()).ok()?),
    };
    let workers: Vec<_> = means.settings.slots.iter().map(|slot| slot.command.clone()).collect();
    let measuring = Measuring {
        data: Path::new(&inputs.data),
        data_hash: &inputs.data_hash,
        skip_bad_images: inputs.skipped_images > 0,
        engine: &plan.engine.identity(),
        workers: &workers,
        cache: &cache,
        scratch: scratch.path(),
    };
    let subjects: Vec<Subject<'_>> = networks.iter().map(|network| Subject { path, network }).collect();
    measuring.measure(&subjects, &|_| {}).ok()
}

/// What the checkpoint reaches with one preparation.
#[derive(Debug)]
struct Tried {
    preparation: Preparation,
    retain: f64,
    renamed: Option<Renamed>,
}

/// The first of what was tried is what the grid says, the next what is nearest to it.
fn cause(tried: &[Tried], is_as_born: impl FnOnce() -> bool) -> Cause {
    let reached = tried.first().map_or(0.0, |as_it_is| as_it_is.retain);
    let enough = |accuracy: f64| accuracy >= (reached + MORE).max(LEAST);
    let best = tried.iter().map(|tried| tried.retain).fold(0.0, f64::max);
    if enough(best) {
        let tied = tried.iter().filter(|tried| tried.retain >= best - TIED);
        return Cause::Preparation(tied.map(|tried| (tried.preparation, tried.retain)).collect());
    }
    let orders = tried.iter().filter_map(|tried| {
        let renamed = tried.renamed.as_ref().filter(|renamed| renamed.is_an_order())?;
        Some((renamed, tried.preparation))
    });
    let orders: Vec<_> = orders.collect();
    let best = orders.iter().map(|(renamed, _)| renamed.accuracy.get()).fold(0.0, f64::max);
    let first = orders.into_iter().find(|(renamed, _)| renamed.accuracy.get() >= best - TIED);
    match first.filter(|(renamed, _)| enough(renamed.accuracy.get())) {
        Some((renamed, preparation)) => Cause::Order(renamed.clone(), preparation),
        None if is_as_born() => Cause::Untrained,
        None => Cause::Unknown,
    }
}

/// Whether every batch normalisation, of which there is one, still has the statistics that it was born with.
fn is_as_born(path: &Path) -> bool {
    let Ok(read) = checkpoint::read(path) else { return false };
    let of = |ending: &'static str| {
        read.state.iter().filter(move |(key, _)| key.ends_with(ending)).map(|(_, tensor)| &tensor.values)
    };
    let are_all = |values: &Values, one: f32| matches!(values, Values::F32(it) if it.iter().all(|it| it.to_bits() == one.to_bits()));
    of("running_mean").next().is_some()
        && of("running_mean").all(|means| are_all(means, 0.0))
        && of("running_var").all(|variances| are_all(variances, 1.0))
}

/// The runs that measure checkpoints as they are, where the originals are some.
fn of_checkpoints(plan: &Plan) -> Vec<(&Run, &PlannedInputs, &Path)> {
    let Some(inputs) = &plan.inputs else { return Vec::new() };
    let mut found = Vec::new();
    for (number, original) in (0..).zip(&inputs.originals) {
        let PlannedOriginal::Checkpoint { path, .. } = original else { continue };
        let mut floor = plan.runs.iter().filter(|run| plan.point(run).is_floor());
        let run = floor.find(|run| plan.start_of(run) == Some(number));
        found.extend(run.map(|run| (run, inputs, Path::new(path))));
    }
    found
}

fn is_weak(retain: f64, guessing: f64) -> bool {
    retain < guessing + LEAST * (1.0 - guessing)
}

#[cfg(test)]
mod tests {
    use sweep_protocol::{measurement::Renamed, network::Preparation, terms::UnitInterval};

    use super::{Cause, Tried, cause, is_weak};

    #[test]
    fn less_than_half_of_the_way_from_guessing_is_weak() {
        for (retain, guessing, weak) in
            [(0.10, 0.1, true), (0.17, 0.1, true), (0.54, 0.1, true), (0.56, 0.1, false), (0.7, 0.5, true)]
        {
            assert_eq!(is_weak(retain, guessing), weak, "{retain}, guessing {guessing}");
        }
    }

    #[test]
    fn inputs_are_suspected_first_then_the_order_then_the_weights() {
        let raw = Preparation::default();
        let divided = Preparation::new(255.0, [0.0; 3], [1.0; 3]).expect("it divides");
        let renamed = |accuracy, labels: &[u32]| {
            Some(Renamed {
                accuracy: UnitInterval::new(accuracy).expect("a share"),
                labels: labels.to_vec(),
                guessing: UnitInterval::new(0.4).expect("a share"),
            })
        };
        let tried = |preparation, retain, renamed| Tried { preparation, retain, renamed };
        let (order, none) = (renamed(0.97, &[1, 2, 0]), renamed(0.97, &[1, 1, 0]));
        let of = |tried: [Tried; 2], born| cause(&tried, || born);

        let inputs = of([tried(raw, 0.3, order.clone()), tried(divided, 0.98, None)], true);
        assert_eq!(inputs, Cause::Preparation(vec![(divided, 0.98)]));
        let centred = Preparation::usual()[2];
        let tie = [tried(raw, 0.3, None), tried(divided, 0.975, None), tried(centred, 0.98, None)];
        let tie = cause(&tie, || false);
        assert_eq!(tie, Cause::Preparation(vec![(divided, 0.975), (centred, 0.98)]), "nobody can tell");
        let order_tie = [tried(raw, 0.1, order.clone()), tried(divided, 0.1, renamed(0.975, &[1, 2, 0]))];
        let order_tie = cause(&order_tie, || false);
        assert_eq!(order_tie, Cause::Order(order.clone().expect("some"), raw), "the grid's inputs may stay");
        let classes = of([tried(raw, 0.0, order.clone()), tried(divided, 0.4, None)], false);
        assert_eq!(classes, Cause::Order(order.expect("some"), raw));
        assert_eq!(of([tried(raw, 0.3, none), tried(divided, 0.35, None)], true), Cause::Untrained);
        assert_eq!(of([tried(raw, 0.8, None), tried(divided, 0.85, None)], false), Cause::Unknown);
    }
}
