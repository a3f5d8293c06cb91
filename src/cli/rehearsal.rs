//! `sweep try`: calls a function of the user's own once, at small scale, and shows what it did.

mod shown;

use std::path::{Path, PathBuf};

use clap::Args;
use sweep_inputs::{
    dataset::BadImages,
    synth::{self, SynthError},
};

use super::{CommandError, Exit, Format, Ground, inputs, progress::Counter, run, terminal};
use crate::{
    frame::printable,
    plan::{Plan, Role},
    pool::{Happening, How, Observer},
    rehearsal::{Effect, FACES, Rehearsal, leave_out_retrained, tried},
    session::{Asking, Prepared, Remark, Session, Watcher},
    store::{Notice, Recorded},
};

/// Workers side by side: the function needs one, what it is compared with another.
const WORKERS: u32 = 2;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The function: FILE.py:FUNCTION or package.module:FUNCTION
    function: String,
    /// Its keyword arguments, one value each, in TOML: `lr=1e-3`
    #[arg(value_name = "KEY=VALUE")]
    keywords: Vec<String>,
    /// Folder of a data set (default: synthetic faces, drawn once)
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Checkpoint to start from (default: a small network, trained once)
    #[arg(long, value_name = "FILE")]
    original: Option<PathBuf>,
    /// The Python with PyTorch that calls it (default: that of the active environment, then python3)
    #[arg(long, value_name = "PYTHON")]
    interpreter: Option<String>,
    /// Set a key of the rehearsal's grid, in TOML: `training.network.width=64`, `python.batch-size=256`
    #[arg(short = 'S', long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Compare with no retrained model
    #[arg(long)]
    no_retrained: bool,
    /// Folder of what is kept for the next time: faces, original, retrained model
    #[arg(long, value_name = "DIR", env = "SWEEP_CACHE", default_value = "results/cache")]
    cache: PathBuf,
    /// How to show it
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

pub(super) fn rehearse(arguments: &Arguments, ground: &Ground) -> Result<Exit, CommandError> {
    let rehearsal = arguments.rehearsal()?;
    let prepared = prepared(&rehearsal, arguments.no_retrained)?;
    let scratch = crate::measuring::scratch()?;
    let dir = scratch.path().join("rehearsal");
    let program = ground.program()?;
    let session = Session {
        jobs: Some(WORKERS),
        watcher: &Talk,
        ..run::session(ground, &dir, Some(&arguments.cache), (&program, &super::progress::Manner::None))
    };
    let ending = session.run(&prepared)?.ending;
    if ending.how != How::Complete {
        return run::conclude(ending, &prepared.plan, &dir);
    }
    // The plan may be one without retrained models, which no sweep would write.
    let recorded = Recorded::read_for(&*ground.disk(), &dir, &prepared.plan)?;
    let effect = Effect::read(&recorded)?;
    shown::show(&rehearsal, &prepared.plan, &effect, arguments.format)?;
    Ok(if effect.models.after.is_some() { Exit::Done } else { Exit::SomeRunsFailed })
}

impl Arguments {
    fn rehearsal(&self) -> Result<Rehearsal, CommandError> {
        let faces = || self.cache.join("try").join(format!("faces-{}", FACES.images));
        let data = self.data.clone().unwrap_or_else(faces);
        if self.data.is_none() {
            draw(&data)?;
        }
        Ok(Rehearsal {
            function: self.function.clone(),
            arguments: self.keywords.clone(),
            data,
            draws_faces: self.data.is_none(),
            original: self.original.clone(),
            interpreter: self.interpreter.clone(),
            settings: self.set.clone(),
        })
    }
}

/// Draws the faces, unless they are there, or another rehearsal has been faster.
fn draw(dir: &Path) -> Result<(), SynthError> {
    let is_there = || dir.join("forget.csv").is_file();
    if is_there() {
        return Ok(());
    }
    terminal::talk(&format!("drawing {} synthetic faces, once: {}", FACES.images, dir.display()));
    let counter = Counter::new("drawing faces");
    let drawn = synth::draw(dir, &FACES, &|done, total| counter.set(done, total));
    counter.finish();
    match drawn {
        Err(_) if is_there() => Ok(()),
        drawn => drawn.map(|_| ()),
    }
}

fn prepared(rehearsal: &Rehearsal, no_retrained: bool) -> Result<Prepared, CommandError> {
    let file = rehearsal.grid()?;
    let text = file.text().to_owned();
    let grid = file.check()?;
    // Who names a function on the command line has vouched for it.
    let asking = Asking::Start { trusted: true };
    let resolved = inputs::resolve(&grid, Path::new("."), (asking, BadImages::Refuse))?;
    let mut plan = grid.plan(&resolved)?;
    tried(&plan)?;
    if no_retrained {
        leave_out_retrained(&mut plan);
    }
    Ok(Prepared { grid, text, plan, only: None })
}

/// Says what is done beside the function, and nothing of what is shown in the end.
struct Talk;

impl Watcher for Talk {
    fn notice(&self, notice: &Notice) {
        terminal::notes([notice]);
    }

    fn remark(&self, remark: &Remark) {
        terminal::notes([remark]);
    }

    fn begins<'p>(&'p self, plan: &'p Plan, _: usize, _: &[usize]) -> Box<dyn Observer + 'p> {
        Box::new(Told { plan })
    }
}

struct Told<'p> {
    plan: &'p Plan,
}

impl Observer for Told<'_> {
    fn event(&mut self, happening: &Happening<'_>) {
        match happening {
            Happening::Started { run, .. } => match self.plan.point(&self.plan.runs[*run]).role {
                Role::Original => terminal::talk("training an original, kept for the next time"),
                Role::Oracle => {
                    terminal::talk("training a model without the forget set, kept for the next time");
                }
                Role::HeldOut | Role::Shadow | Role::Unlearn | Role::Confirm => {}
            },
            Happening::WorkerLost { reason, .. } | Happening::SlotBroken { reason, .. } => {
                terminal::talk(&format!("warning: a worker is gone: {}", printable(reason)));
            }
            Happening::Notice(notice) => terminal::notes([notice]),
            _ => {}
        }
    }
}
