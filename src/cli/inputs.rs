//! From the grid on the command line to the plan: reads the grid, looks at data and checkpoint, asks the engine who it is.

use std::path::{Path, PathBuf};

use clap::Args;
use sweep_inputs::dataset::BadImages;

use super::{CommandError, places::Places, progress::Counter, terminal};
use crate::{
    frame::printable,
    grid::{Grid, GridFile, Resolved},
    plan::{Remnant, UNASKED},
    score::MIN_MODELS,
    session::{self, Asking, Only, Outside, Prepared},
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

/// Whether an engine of the user's own is started to hear who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Starts {
    /// Nothing that isn't ours is.
    Nothing,
    /// It is; `trusted` whatever it is.
    Engine { trusted: bool },
}

/// Whether the user vouches for the grid's engine.
#[derive(Debug, Args)]
pub(super) struct Vouching {
    /// Start the grid's own engine and call its functions, though they are no files of yours below the grid's folder
    #[arg(long)]
    trust: bool,
}

impl Vouching {
    /// The grid's engine is asked who it is, if it may be started.
    pub(super) fn starts(&self) -> Starts {
        Starts::Engine { trusted: self.trust }
    }
}

/// A sweep that a grid asks for, and the folder of its results.
pub(super) struct Asked {
    pub(super) prepared: Prepared,
    pub(super) dir: PathBuf,
}

/// Reads everything and reports all problems of the first input that has any. A grid asks for one sweep, or for one for each of
/// its forget sets, in whose folder each has one of its own.
pub(super) fn read(
    arguments: &GridArguments,
    places: &Places,
    starts: Starts,
) -> Result<Vec<Asked>, CommandError> {
    let mut file = GridFile::read(&arguments.grid)?;
    for assignment in &arguments.set {
        file.set(assignment)?;
    }
    let text = file.text().to_owned();
    let grid = file.check()?;
    let results = places.results(&grid.settings().name);
    let sweeps = grid.per_forget_set().into_iter().map(|(forget_set, grid)| {
        let dir = forget_set.map_or_else(|| results.clone(), |name| results.join(name));
        let prepared = prepare(grid, &text, arguments, &dir, starts)?;
        Ok(Asked { prepared, dir })
    });
    sweeps.collect()
}

fn prepare(
    grid: Grid,
    text: &str,
    arguments: &GridArguments,
    results: &Path,
    starts: Starts,
) -> Result<Prepared, CommandError> {
    let only = arguments.only.as_deref().map(Only::parse).transpose()?;
    let asking = match starts {
        Starts::Nothing => Asking::Recorded(results),
        Starts::Engine { trusted } => Asking::Start { trusted },
    };
    let resolved = resolve(&grid, &arguments.grid, (asking, arguments.bad_images()))?;
    let plan = grid.plan(&resolved)?;
    if plan.oracle.models < plan.seeds {
        let (have, n) = (plan.oracle.models, plan.seeds);
        terminal::talk(&format!(
            "note: the oracle has {have} models, fewer than N = {n}, so nothing can be scored; \
             say models = {n} in [oracle], or leave it out"
        ));
    }
    if plan.seeds < MIN_MODELS as u64 {
        let n = plan.seeds;
        terminal::talk(&format!(
            "note: N = {n} models per point are too few for a score, which takes {MIN_MODELS}"
        ));
    }
    for (remnant, points) in plan.remnants() {
        terminal::talk(&format!("note: {}", small_batch(remnant, &points)));
    }
    Ok(Prepared { grid, text: text.to_owned(), plan, only }.check()?)
}

fn small_batch(remnant: Remnant, points: &[String]) -> String {
    let Remnant { set, examples, batch_size, last } = remnant;
    let points = match points {
        [] => String::new(),
        [one] => printable(one),
        [one, more @ ..] => format!("{} and {} more", printable(one), more.len()),
    };
    format!(
        "batches of {batch_size} leave {last} of {examples} {set} images for the last one of each epoch ({points}): batch normalisation \
         divides by what so few differ in, so that what is trained may end much worse; another batch size leaves more"
    )
}

pub(super) fn resolve(
    grid: &Grid,
    path: &Path,
    (asking, bad): (Asking<'_>, BadImages),
) -> Result<Resolved, CommandError> {
    let counter = Counter::new("reading images");
    let (resolved, left_out) =
        session::resolve(grid, Outside { grid: path, asking, bad }, &|done, total| counter.set(done, total))?;
    counter.finish();
    if let Some(data) = resolved.data.as_ref().filter(|data| data.skipped_images > 0) {
        let (count, which) = (data.skipped_images, terminal::tame(&left_out));
        terminal::talk(&format!("note: {count} images can't be used and are left out:{which}"));
    }
    if resolved.engine.name == UNASKED {
        terminal::talk(
            "note: nobody has asked the engine who it is, since this command starts nothing but sweep's own programs: run \
             ids are not those of results, and nothing is counted as done; `sweep run` asks",
        );
    }
    Ok(resolved)
}
