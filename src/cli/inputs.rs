//! From the grid on the command line to the plan: reads the grid, looks at data and checkpoint, asks the engine who it is.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use clap::Args;
use sweep_inputs::{
    checkpoint,
    dataset::{BadImages, Dataset},
};

use super::{CommandError, progress::Counter, slots, terminal};
use crate::{
    engine::toy,
    grid::{Filter, Grid, GridFile, Resolved, ResolvedData, Settings},
    plan::{EngineName, Plan, Point, Role},
};

/// Which grid, and what of it.
#[derive(Debug, Args)]
pub(super) struct GridArguments {
    /// The grid, a TOML file; paths in it are relative to the working folder
    pub(super) grid: PathBuf,
    /// Put a value in place of the grid's, in TOML: `seeds=4`, `method.finetune.lr=[1e-3, 1e-2]`
    #[arg(short = 'S', long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Leave rows out whose images can't be used, instead of refusing the data set; the report says how many
    #[arg(long)]
    skip_bad_images: bool,
    /// Carry out only the points that this expression selects: `method == 'finetune' and lr > 1e-3`
    #[arg(long, value_name = "EXPRESSION")]
    pub(super) only: Option<String>,
}

impl GridArguments {
    fn bad_images(&self) -> BadImages {
        if self.skip_bad_images { BadImages::LeaveOut } else { BadImages::Refuse }
    }
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
        let resolved = resolve(grid.settings(), arguments.bad_images())?;
        let plan = grid.plan(&resolved);
        if plan.oracle.models < plan.seeds {
            let (have, n) = (plan.oracle.models, plan.seeds);
            terminal::talk(&format!(
                "note: the oracle has {have} models, fewer than N = {n}, so nothing can be scored; \
                 say models = {n} in [oracle], or leave it out"
            ));
        }
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
    pub(super) fn selected(&self) -> Cow<'_, Plan> {
        selected(&self.plan, self.only.as_ref())
    }
}

/// A plan without the unlearning runs that a filter leaves out; points keep their positions.
pub(super) fn selected<'p>(plan: &'p Plan, only: Option<&Filter>) -> Cow<'p, Plan> {
    let Some(only) = only else { return Cow::Borrowed(plan) };
    let selects = |point: &Point| point.role != Role::Unlearn || only.selects(point);
    let selected: Vec<bool> = plan.points.iter().map(selects).collect();
    let mut plan = plan.clone();
    plan.runs.retain(|run| selected[run.point]);
    Cow::Owned(plan)
}

/// Reads an expression of `--only`.
pub(super) fn filter(text: &str) -> Result<Filter, CommandError> {
    Filter::parse(text).map_err(|source| CommandError::Filter { text: text.to_owned(), source })
}

fn resolve(settings: &Settings, bad: BadImages) -> Result<Resolved, CommandError> {
    if settings.engine == EngineName::Toy {
        return Ok(Resolved { engine_version: toy::VERSION.to_owned(), data: None, checkpoint: None });
    }
    let data = settings.data.as_deref().map(|path| data(Path::new(path), settings, bad)).transpose()?;
    let checkpoint = match &settings.checkpoint {
        Some(path) => Some(checkpoint::read(Path::new(path))?.blake3),
        None => None,
    };
    let engine_version = slots::torch_version(&slots::torch_worker()?)?;
    Ok(Resolved { engine_version, data, checkpoint })
}

fn data(path: &Path, settings: &Settings, bad: BadImages) -> Result<ResolvedData, CommandError> {
    let counter = Counter::new("reading images");
    let classes = settings.network.classes as usize;
    let dataset = Dataset::load(path, classes, bad, &|done, total| counter.set(done, total))?;
    counter.finish();
    let skipped_images = dataset.left_out().count();
    if skipped_images > 0 {
        let which = terminal::tame(&dataset.left_out().to_string());
        terminal::talk(&format!("note: {skipped_images} images can't be used and are left out:{which}"));
    }
    Ok(ResolvedData { hash: dataset.hash().clone(), skipped_images, sizes: dataset.sizes() })
}
