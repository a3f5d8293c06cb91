//! Where the models of a score come from: an array, the organisers' cache, the oracle of a results folder, a folder of
//! checkpoints, or one of margins.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use sweep_inputs::{
    npy::{self, Array},
    retrain_cache::RetrainCache,
};
use sweep_protocol::{
    measurement::Measurement,
    network::{NETWORKS, NoPreparation, NotDense},
};
use thiserror::Error;

use super::{
    super::CommandError,
    checkpoints::Scene,
    margins::{self, MarginsError},
};
use crate::{
    appraisal::read_asked,
    audit::Unauditable,
    measuring::Measured,
    plan::{Role, Run},
    score::{Incomparable, Side},
    store::{ArrayError, Folder},
};

/// Why models can't be had, or kept.
#[derive(Debug, Error)]
pub(in crate::cli) enum ModelsError {
    /// A sweep without an oracle.
    #[error("the sweep in `{}` has no oracle; name a results folder that has retrained models", dir.display())]
    NoOracle {
        /// The results.
        dir: PathBuf,
    },
    /// The unlearned models of a sweep.
    #[error("`{}` holds a sweep, which has scored its unlearned models: see its points.csv", dir.display())]
    ScoredBefore {
        /// The results.
        dir: PathBuf,
    },
    /// What a model measured can't be had.
    #[error("{0}")]
    Array(#[from] ArrayError),
    /// A folder of margins does not fit.
    #[error(transparent)]
    Margins(#[from] MarginsError),
    /// Accuracies were asked for where there are none.
    #[error(
        "`{}` holds confidences alone; accuracies are in a retrain_confs.npz, a results folder or a folder of checkpoints",
        path.display()
    )]
    NoAccuracies {
        /// The array.
        path: PathBuf,
    },
    /// Accuracies were given where they are known.
    #[error("the accuracies of the models in `{}` are known; leave out --retain-accuracy and --test-accuracy", path.display())]
    AccuraciesTwice {
        /// The models.
        path: PathBuf,
    },
    /// A folder of nothing.
    #[error("`{}` has no checkpoint (.pth, .pt or .safetensors) and is no results folder", dir.display())]
    NoCheckpoints {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder can't be listed.
    #[error("failed to list `{}`: {source}", dir.display())]
    Unlistable {
        /// The folder.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Checkpoints without data.
    #[error("`{}` holds checkpoints; name the data set that they are measured on with --data", dir.display())]
    NoData {
        /// The folder.
        dir: PathBuf,
    },
    /// A checkpoint of something else.
    #[error(
        "`{}` has no tensor with the name and the shape of any network that sweep knows; there are: {}",
        path.display(),
        network_names()
    )]
    NoNetwork {
        /// The checkpoint.
        path: PathBuf,
    },
    /// Nothing can be reconstructed from such a network.
    #[error("`{}` looks like `{network}`, which {reason}: nothing can be reconstructed from it", path.display())]
    NotDense {
        /// The checkpoint.
        path: PathBuf,
        /// What it looks like.
        network: String,
        /// Why.
        reason: NotDense,
    },
    /// Pixels can't be prepared so.
    #[error(transparent)]
    Preparation {
        /// Why.
        problem: NoPreparation,
    },
    /// What was found gives no numbers.
    #[error("{problem}")]
    Unauditable {
        /// Why.
        problem: Unauditable,
    },
    /// Its tensors leave open what it computes.
    #[error(
        "`{}` is a `{network}`, whose `{key}` its tensors don't tell; `sweep` measures it as the original of a grid that says \
         what `{key}` is",
        path.display()
    )]
    Untold {
        /// The checkpoint.
        path: PathBuf,
        /// The network.
        network: String,
        /// What isn't told.
        key: &'static str,
    },
    /// There is no room for what workers write.
    #[error("failed to make a temporary folder: {source}; TMPDIR names another place")]
    NoScratch {
        /// Why.
        source: io::Error,
    },
    /// The cache can't be written.
    #[error("failed to write `{}`: {source}; an existing file is never overwritten", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn network_names() -> String {
    NETWORKS.iter().map(|architecture| architecture.name).collect::<Vec<_>>().join(", ")
}

/// The models of one side, with or without their accuracies.
pub(super) enum Models {
    Bare(Array),
    Measured(RetrainCache),
}

impl Models {
    /// Reads whichever of the five the path is.
    pub(super) fn read(path: &Path, side: Side, scene: &Scene<'_>) -> Result<Self, CommandError> {
        let is_sweep = Folder::new(path).plan().exists();
        if path.is_dir() {
            if let Some(margins) =
                (!is_sweep).then(|| margins::read(path)).transpose().map_err(ModelsError::from)?.flatten()
            {
                return Ok(Self::Bare(margins));
            }
            return Ok(Self::Measured(match (is_sweep, side) {
                (false, _) => gathered(scene.measure(path)?, side)?,
                (true, Side::Retrained) => oracle(path)?,
                (true, Side::Unlearned) => {
                    return Err(ModelsError::ScoredBefore { dir: path.to_owned() }.into());
                }
            }));
        }
        if path.extension().is_some_and(|extension| extension == "npz") {
            return Ok(Self::Measured(RetrainCache::read(path)?));
        }
        Ok(Self::Bare(npy::read(path)?))
    }

    pub(super) fn confidences(&self) -> &Array {
        match self {
            Self::Bare(confidences) => confidences,
            Self::Measured(cache) => &cache.confidences,
        }
    }

    /// The cache that these models, read from `path`, make.
    pub(super) fn measured(&self, path: &Path) -> Result<&RetrainCache, ModelsError> {
        match self {
            Self::Bare(_) => Err(ModelsError::NoAccuracies { path: path.to_owned() }),
            Self::Measured(cache) => Ok(cache),
        }
    }
}

/// Writes a cache to a file that is not there yet.
pub(super) fn write(cache: &RetrainCache, path: &Path) -> Result<(), ModelsError> {
    let unwritable = |source| ModelsError::Unwritable { path: path.to_owned(), source };
    let bytes = cache.to_bytes().map_err(unwritable)?;
    let mut file = File::create_new(path).map_err(unwritable)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(unwritable)
}

/// The retrained models of a sweep, in the order of their seeds; all must be there.
fn oracle(dir: &Path) -> Result<RetrainCache, CommandError> {
    let recorded = read_asked(dir)?;
    let point = recorded.plan.point_with(Role::Oracle);
    let point = point.ok_or_else(|| ModelsError::NoOracle { dir: dir.to_owned() })?;
    let runs: Vec<&Run> = recorded.plan.runs_of(point).collect();
    let found =
        runs.iter().filter_map(|run| Some((*run, recorded.outcomes.get(&run.id)?.outcome.measurement()?)));
    let found: Vec<(&Run, &Measurement)> = found.collect();
    if found.len() < runs.len() || runs.is_empty() {
        let (side, have, want) = (Side::Retrained, found.len(), runs.len().max(1));
        return Err(Incomparable::Incomplete { side, have, want }.into());
    }
    let measured = found.into_iter().map(|(run, measurement)| {
        let confidences = recorded.confidences_of(run, measurement)?.values;
        Ok(Measured { confidences, accuracy: measurement.accuracy, renamed: None })
    });
    let measured: Vec<Measured> = measured.collect::<Result<_, ModelsError>>()?;
    Ok(gathered(measured, Side::Retrained)?)
}

/// Models that were measured one by one, as a cache.
fn gathered(models: Vec<Measured>, side: Side) -> Result<RetrainCache, Incomparable> {
    let want = models.first().map_or(0, |model| model.confidences.len());
    let rows = || models.iter().map(|model| model.confidences.len()).enumerate();
    if let Some((model, have)) = rows().find(|(_, have)| *have != want) {
        return Err(Incomparable::Ragged { side, model, have, want });
    }
    let percent = |of: fn(&Measured) -> f64| models.iter().map(|model| 100.0 * of(model)).collect();
    Ok(RetrainCache {
        retain: percent(|it| it.accuracy.retain.get()),
        test: percent(|it| it.accuracy.held_out().get()),
        forget: percent(|it| it.accuracy.forget.get()),
        confidences: Array {
            shape: vec![models.len(), want],
            values: models.into_iter().flat_map(|model| model.confidences).collect(),
        },
    })
}
