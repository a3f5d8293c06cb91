//! Runs that are recorded, carried out once more for the weights that nobody has kept.

use std::path::Path;

use sweep_inputs::{
    checkpoint::{self, CheckpointError, StateDict},
    dataset::Refused,
};
use sweep_protocol::{
    message::{Job, Start},
    terms::RunId,
};
use thiserror::Error;

use super::{Asking, Engine, Session, SessionError, asked, functions, slots};
use crate::{
    grid::{Grid, GridError, GridFile},
    measuring::{BenchError, MeasuringError, Workplace, folder_in, scratch, side_by_side},
    outcome::Outcome,
    plan::Run,
    pool,
    store::Recorded,
};

/// Why a recorded run can't be carried out again.
#[derive(Debug, Error)]
pub enum RepeatError {
    /// The session.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The grid beside the results.
    #[error("the grid beside the results can't be read:\n{}", .0.render(crate::grid::Color::Plain))]
    Grid(#[from] GridError),
    /// The engine is another.
    #[error(
        "the runs were carried out by {recorded}, and the engine here is {here}; install what they were carried out with"
    )]
    OtherEngine {
        /// Who carried them out.
        recorded: String,
        /// Who would.
        here: String,
    },
    /// The original's weights are gone.
    #[error(
        "the weights of the original are not recorded, so nothing can start from them; `sweep fsck` says more"
    )]
    NoOriginal,
    /// There is no folder for what the worker leaves.
    #[error(transparent)]
    Scratch(#[from] MeasuringError),
    /// The worker did not do it.
    #[error("run {} was not carried out again: {source}", run.short())]
    Worker {
        /// The run.
        run: RunId,
        /// Why.
        source: BenchError,
    },
    /// It measures something else than it did.
    #[error(
        "run {} was carried out again and measured {what} other than the recorded, so its weights are not those that were \
         scored; the results stand",
        run.short()
    )]
    Differs {
        /// The run.
        run: RunId,
        /// What is different.
        what: &'static str,
    },
    /// The engine trains, and keeps no weights.
    #[error("the engine keeps no weights, so there is nothing to export")]
    NoWeights,
    /// The data set is refused.
    #[error(transparent)]
    Data(Box<Refused>),
    /// The weights that it has left can't be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl Session<'_> {
    /// Carries finished runs of `recorded`, by their positions in its plan, out once more, and hands their weights to `take`
    /// in this order. Nothing is handed over but what measured, bit for bit, what is recorded. Writes nothing into the
    /// results. An engine or functions of the user's own are started only if they are `trusted`.
    pub fn repeat<E: From<RepeatError> + Send>(
        &self,
        recorded: &Recorded,
        runs: &[usize],
        trusted: bool,
        take: &mut dyn FnMut(StateDict) -> Result<(), E>,
    ) -> Result<(), E> {
        let workers = self.workers_for(recorded, trusted)?;
        let scratch = scratch().map_err(RepeatError::from)?;
        let one = |task: usize, desk: &mut Workplace<'_>| {
            Ok(once_more(recorded, runs[task], scratch.path(), desk)?)
        };
        side_by_side(&workers, runs.len(), &one, take)
    }

    /// Workers of the engine that the results are of, and of no other.
    pub(super) fn workers_for(
        &self,
        recorded: &Recorded,
        trusted: bool,
    ) -> Result<Vec<crate::engine::WorkerCommand>, RepeatError> {
        let plan = &recorded.plan;
        let path = self.dir.join("grid.toml");
        let grid: Grid = GridFile::read(&path)?.check()?;
        let here = asked::engine(&grid, &path, Asking::Start { trusted })?;
        if here != plan.engine {
            let (recorded, here) = (plan.engine.identity(), here.identity());
            return Err(RepeatError::OtherEngine { recorded, here });
        }
        if !trusted {
            functions::refuse_unseen(plan)?;
        }
        let settings = grid.settings();
        let engine = Engine::of(&plan.engine, settings.toy_examples, None, self.program);
        let slots = slots(&settings.pool, engine, self.jobs, self.watcher)?;
        Ok(slots.into_iter().map(|slot| slot.command).collect())
    }
}

fn once_more(
    recorded: &Recorded,
    position: usize,
    scratch: &Path,
    desk: &mut Workplace<'_>,
) -> Result<StateDict, RepeatError> {
    let run = &recorded.plan.runs[position];
    let folder = folder_in(scratch)?;
    let original = |run: &RunId| weights(recorded, run);
    let job = pool::job(&recorded.plan, position, (1, folder.path().to_owned()), &original)
        .ok_or(RepeatError::NoOriginal)?;
    let job = Job { keep_weights: true, ..job };
    let measured = desk.perform(job).map_err(|source| RepeatError::Worker { run: run.id.clone(), source })?;
    let known = recorded.outcomes.get(&run.id).and_then(|record| record.outcome.measurement());
    let differs = |what| RepeatError::Differs { run: run.id.clone(), what };
    let known = known.ok_or_else(|| differs("anything"))?;
    // The hash of an array is of every bit in it.
    if measured.confidences.blake3 != known.confidences.blake3 {
        return Err(differs("confidences"));
    }
    if measured.accuracy != known.accuracy {
        return Err(differs("accuracies"));
    }
    let weights = measured.weights.as_ref().ok_or(RepeatError::NoWeights)?;
    let read = checkpoint::read(&folder.path().join(&weights.file))?;
    Ok(read.state)
}

/// The weights that a trained original has left.
pub(super) fn weights(recorded: &Recorded, run: &RunId) -> Option<Start> {
    let measured = recorded.outcomes.get(run).map(|record| &record.outcome).and_then(Outcome::measurement)?;
    let weights = measured.weights.as_ref()?;
    let path = recorded.run_folder(run).join(&weights.file);
    // A worker's paths are whole ones.
    let path = std::path::absolute(path).ok()?;
    Some(Start::Checkpoint { path, blake3: weights.blake3.clone() })
}

/// Positions of the finished runs of a point, in the order of their seeds.
pub fn finished(recorded: &Recorded, point: usize) -> Vec<usize> {
    let has_finished = |run: &Run| {
        recorded.outcomes.get(&run.id).is_some_and(|record| record.outcome.measurement().is_some())
    };
    let runs = recorded.plan.runs.iter().enumerate();
    runs.filter(|(_, run)| run.point == point && has_finished(run)).map(|(position, _)| position).collect()
}
