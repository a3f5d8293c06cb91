//! From the grid on the command line to the plan: reads the grid, looks at data and checkpoint, asks the engine who it is.

use std::path::{Path, PathBuf};

use clap::Args;
use sweep_inputs::{checkpoint, dataset::Dataset};

use super::{CommandError, progress::Counter, slots};
use crate::{
    engine::toy,
    grid::{Filter, Grid, GridFile, Resolved, ResolvedData, Settings},
    plan::{EngineName, Plan, Role, Run},
};

/// Which grid, and what of it.
#[derive(Debug, Args)]
pub(super) struct GridArguments {
    /// The grid, a TOML file; paths in it are relative to the working folder
    pub(super) grid: PathBuf,
    /// Put a value in place of the grid's, in TOML: `seeds=4`, `method.finetune.lr=[1e-3, 1e-2]`
    #[arg(short = 'S', long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Carry out only the points that this expression selects: `method == 'finetune' and lr > 1e-3`
    #[arg(long, value_name = "EXPRESSION")]
    only: Option<String>,
}

/// A grid, ready to be carried out.
pub(super) struct Prepared {
    pub(super) grid: Grid,
    /// The grid, verbatim.
    pub(super) text: String,
    pub(super) plan: Plan,
    /// Version of the engine.
    pub(super) engine: String,
    only: Option<Filter>,
}

impl Prepared {
    /// Reads everything and reports all problems of the first input that has any.
    pub(super) fn read(arguments: &GridArguments) -> Result<Self, CommandError> {
        let only = arguments.only.as_deref().map(filter).transpose()?;
        let mut file = GridFile::read(&arguments.grid)?;
        for assignment in &arguments.set {
            file.set(assignment)?;
        }
        let text = file.text().to_owned();
        let grid = file.check()?;
        let resolved = resolve(grid.settings())?;
        let plan = grid.plan(&resolved);
        let prepared = Self { grid, text, plan, engine: resolved.engine_version, only };
        if prepared.only.is_some() && !prepared.plan.stages.is_empty() {
            return Err(CommandError::OnlyOfStaged);
        }
        if let Some(filter) = &prepared.only
            && !prepared.plan.points.iter().any(|point| point.role == Role::Unlearn && filter.selects(point))
        {
            return Err(CommandError::NothingSelected);
        }
        Ok(prepared)
    }

    /// The plan without the unlearning runs that `--only` leaves out; points keep their positions.
    pub(super) fn selected(&self) -> Plan {
        let mut plan = self.plan.clone();
        plan.runs.retain(|run| self.selects(run));
        plan
    }

    fn selects(&self, run: &Run) -> bool {
        let point = self.plan.point(run);
        point.role != Role::Unlearn || self.only.as_ref().is_none_or(|filter| filter.selects(point))
    }
}

fn filter(text: &str) -> Result<Filter, CommandError> {
    Filter::parse(text).map_err(|source| CommandError::Filter { text: text.to_owned(), source })
}

fn resolve(settings: &Settings) -> Result<Resolved, CommandError> {
    if settings.engine == EngineName::Toy {
        return Ok(Resolved { engine_version: toy::VERSION.to_owned(), data: None, checkpoint: None });
    }
    let data = settings.data.as_deref().map(|path| data(Path::new(path), settings)).transpose()?;
    let checkpoint = match &settings.checkpoint {
        Some(path) => Some(checkpoint::read(Path::new(path))?.blake3),
        None => None,
    };
    let engine_version = slots::torch_version(&slots::torch_worker()?)?;
    Ok(Resolved { engine_version, data, checkpoint })
}

fn data(path: &Path, settings: &Settings) -> Result<ResolvedData, CommandError> {
    let counter = Counter::new("reading images");
    let dataset =
        Dataset::load(path, settings.network.classes as usize, &|done, total| counter.set(done, total))?;
    counter.finish();
    Ok(ResolvedData { hash: dataset.hash().clone(), sizes: dataset.sizes() })
}
