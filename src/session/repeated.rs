//! The weights of runs that are recorded: those that a run has left, or else those of the run carried out once more.

use std::path::{Path, PathBuf};

use sweep_inputs::{
    checkpoint::{self, CheckpointError, StateDict},
    dataset::Refused,
};
use sweep_protocol::{
    measurement::Measurement,
    message::{Job, Start},
    terms::{ContentHash, RunId},
};
use thiserror::Error;

use super::{Asking, Engine, Session, SessionError, asked, functions, slots};
use crate::{
    grid::{Grid, GridError, GridFile},
    measuring::{BenchError, MeasuringError, Workplace, folder_in, side_by_side},
    pool,
    store::{Cache, Fetched, Recorded},
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
    /// The weights that the run has left are others now.
    #[error(
        "`{}` is not what the journal recorded; remove it, and the run is carried out again for its weights",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
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
    /// Hands the weights of finished runs of `recorded`, by their positions in its plan, to `take` in this order: those that
    /// the run has left, where it has; otherwise the run is carried out once more. Nothing is handed over but what measured,
    /// bit for bit, what is recorded. Writes nothing into the results. What has been carried out again is kept in `done`, so
    /// that whoever is interrupted begins where it was. An engine or functions of the user's own are started only if they
    /// are `trusted`.
    pub fn repeat<E: From<RepeatError> + Send>(
        &self,
        recorded: &Recorded,
        runs: &[usize],
        (trusted, done): (bool, &Cache),
        take: &mut dyn FnMut(StateDict) -> Result<(), E>,
    ) -> Result<(), E> {
        if runs.iter().all(|run| left_by(recorded, *run).is_some()) {
            let left = runs.iter().filter_map(|run| left_by(recorded, *run));
            return left.into_iter().try_for_each(|left| take(left.read()?));
        }
        let workers = self.workers_for(recorded, trusted)?;
        let scratch = folder_in(done.dir()).map_err(RepeatError::from)?;
        let again = Repetition { recorded, done, scratch: scratch.path() };
        let one = |task: usize, desk: &mut Workplace<'_>| Ok(again.weights_of(runs[task], desk)?);
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

/// Weights that a run has left in its folder, where the grid asked for them.
struct KeptModel {
    path: PathBuf,
    blake3: ContentHash,
}

/// Nothing as well where somebody has removed them since.
fn left_by(recorded: &Recorded, position: usize) -> Option<KeptModel> {
    let run = &recorded.plan.runs[position].id;
    let weights = measured(recorded, run)?.weights.as_ref()?;
    let path = recorded.run_folder(run).join(&weights.file);
    path.exists().then(|| KeptModel { path, blake3: weights.blake3.clone() })
}

impl KeptModel {
    fn read(self) -> Result<StateDict, RepeatError> {
        let read = checkpoint::read(&self.path)?;
        if read.blake3 == self.blake3 {
            Ok(read.state)
        } else {
            Err(RepeatError::Changed { path: self.path })
        }
    }
}

/// Runs that are carried out again.
struct Repetition<'a> {
    recorded: &'a Recorded,
    /// What has been carried out again, this time or before.
    done: &'a Cache,
    /// An existing folder for what workers write.
    scratch: &'a Path,
}

impl Repetition<'_> {
    /// The weights of one run, however they are come by.
    fn weights_of(&self, position: usize, desk: &mut Workplace<'_>) -> Result<StateDict, RepeatError> {
        if let Some(left) = left_by(self.recorded, position) {
            return left.read();
        }
        let run = &self.recorded.plan.runs[position].id;
        let folder = folder_in(self.scratch)?;
        if let Fetched::Hit(measured) = self.done.fetch(run, folder.path()) {
            return self.held_to_the_record(run, (folder.path(), &measured));
        }
        // Another, because what a damaged entry has left would be in the worker's way.
        let folder = folder_in(self.scratch)?;
        let measured = self.once_more(position, folder.path(), desk)?;
        let weights = self.held_to_the_record(run, (folder.path(), &measured))?;
        // Where there is no room to keep it, only time is lost, and only if this is interrupted.
        let _ = self.done.keep(run, folder.path(), &measured);
        Ok(weights)
    }

    fn once_more(
        &self,
        position: usize,
        folder: &Path,
        desk: &mut Workplace<'_>,
    ) -> Result<Measurement, RepeatError> {
        let run = &self.recorded.plan.runs[position];
        let original = |run: &RunId| weights(self.recorded, run);
        let job = pool::job(&self.recorded.plan, position, (1, folder.to_owned()), &original)
            .ok_or(RepeatError::NoOriginal)?;
        let job = Job { keep_weights: true, ..job };
        desk.perform(job).map_err(|source| RepeatError::Worker { run: run.id.clone(), source })
    }

    /// The weights, if what was measured is what is recorded.
    fn held_to_the_record(
        &self,
        run: &RunId,
        (folder, measured): (&Path, &Measurement),
    ) -> Result<StateDict, RepeatError> {
        let differs = |what| RepeatError::Differs { run: run.clone(), what };
        let known = self::measured(self.recorded, run).ok_or_else(|| differs("anything"))?;
        // The hash of an array is of every bit in it.
        if measured.confidences.blake3 != known.confidences.blake3 {
            return Err(differs("confidences"));
        }
        if measured.accuracy != known.accuracy {
            return Err(differs("accuracies"));
        }
        let weights = measured.weights.as_ref().ok_or(RepeatError::NoWeights)?;
        Ok(checkpoint::read(&folder.join(&weights.file))?.state)
    }
}

/// What a run measured, if it has finished.
fn measured<'r>(recorded: &'r Recorded, run: &RunId) -> Option<&'r Measurement> {
    recorded.outcomes.get(run)?.outcome.measurement()
}

/// The weights that a trained original has left.
pub(super) fn weights(recorded: &Recorded, run: &RunId) -> Option<Start> {
    let weights = measured(recorded, run)?.weights.as_ref()?;
    let path = recorded.run_folder(run).join(&weights.file);
    // A worker's paths are whole ones.
    let path = std::path::absolute(path).ok()?;
    Some(Start::Checkpoint { path, blake3: weights.blake3.clone() })
}

/// Positions of the finished runs of a point, in the order of their seeds.
pub fn finished(recorded: &Recorded, point: usize) -> Vec<usize> {
    let runs = recorded.plan.runs.iter().enumerate();
    let finished = runs.filter(|(_, run)| run.point == point && measured(recorded, &run.id).is_some());
    finished.map(|(position, _)| position).collect()
}
