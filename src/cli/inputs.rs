//! From the grid on the command line to the plan: reads the grid, looks at data and checkpoint, asks the engine who it is.

use std::path::PathBuf;

use clap::Args;
use sweep_inputs::dataset::BadImages;

use super::{CommandError, progress::Counter, terminal};
use crate::{
    grid::{GridFile, Resolved, Settings},
    session::{self, Only, Prepared},
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

/// Reads everything and reports all problems of the first input that has any.
pub(super) fn read(arguments: &GridArguments) -> Result<Prepared, CommandError> {
    let only = arguments.only.as_deref().map(Only::parse).transpose()?;
    let mut file = GridFile::read(&arguments.grid)?;
    for assignment in &arguments.set {
        file.set(assignment)?;
    }
    let text = file.text().to_owned();
    let grid = file.check()?;
    let resolved = resolve(grid.settings(), arguments.bad_images())?;
    let plan = grid.plan(&resolved)?;
    if plan.oracle.models < plan.seeds {
        let (have, n) = (plan.oracle.models, plan.seeds);
        terminal::talk(&format!(
            "note: the oracle has {have} models, fewer than N = {n}, so nothing can be scored; \
             say models = {n} in [oracle], or leave it out"
        ));
    }
    Ok(Prepared { grid, text, plan, engine: resolved.engine_version, only }.check()?)
}

fn resolve(settings: &Settings, bad: BadImages) -> Result<Resolved, CommandError> {
    let counter = Counter::new("reading images");
    let (resolved, left_out) = session::resolve(settings, bad, &|done, total| counter.set(done, total))?;
    counter.finish();
    if let Some(data) = resolved.data.as_ref().filter(|data| data.skipped_images > 0) {
        let (count, which) = (data.skipped_images, terminal::tame(&left_out));
        terminal::talk(&format!("note: {count} images can't be used and are left out:{which}"));
    }
    Ok(resolved)
}
