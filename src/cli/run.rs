//! `sweep run`: carries out what is missing, then makes the report.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{
    CommandError, Exit, Ground, across,
    inputs::{self, Asked, GridArguments, Starts, Vouching},
    places::Places,
    plan,
    progress::{Manner, WithPage},
    report::{self, Shown},
    terminal, work,
};
use crate::{
    frame::{Frame, PointRow, Unscored, printable},
    outcome::Status,
    plan::Plan,
    pool::{Ending, How, Interruption},
    report::Over,
    session::{Session, Watcher},
    store::{ChangedInputs, Recorded},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    grid: GridArguments,
    #[command(flatten)]
    places: Places,
    /// Workers at a time on each device (default: one per core, or one per GPU)
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    jobs: Option<u32>,
    /// Show the plan and stop
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Carry out runs again that ended so
    #[arg(long, value_enum, value_name = "STATUS")]
    retry: Vec<Retry>,
    /// Let other hosts work on the same results: give each the same command, or `sweep work` on the folder
    #[arg(long)]
    shared: bool,
    #[command(flatten)]
    inputs: Accepted,
    #[command(flatten)]
    vouching: Vouching,
    /// How to show progress
    #[arg(long, value_enum, default_value = "auto")]
    progress: Manner,
    #[command(flatten)]
    shown: Shown,
}

/// What is accepted of the inputs.
#[derive(Debug, Args)]
struct Accepted {
    /// Go on although the data or the original changed since the last time
    #[arg(long)]
    accept_changed_inputs: bool,
    /// Go on although the original checkpoint knows far less than it should
    #[arg(long)]
    accept_weak_original: bool,
}

/// Ends that may be repeated on request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Retry {
    /// Failed
    Failed,
    /// Took too long
    TimedOut,
    /// Diverged
    Diverged,
    /// Finished
    Finished,
}

pub(super) fn run(arguments: &Arguments, ground: &Ground) -> Result<Exit, CommandError> {
    let starts = if arguments.dry_run { Starts::Nothing } else { arguments.vouching.starts() };
    let sweeps = inputs::read(&arguments.grid, &arguments.places, starts)?;
    if arguments.dry_run {
        sweeps.iter().try_for_each(|asked| plan::show(asked, &arguments.places))?;
        return Ok(Exit::Done);
    }
    let mut worst = Exit::Done;
    for asked in &sweeps {
        match carry_out(arguments, asked, ground)? {
            Exit::Done => {}
            Exit::SomeRunsFailed => worst = Exit::SomeRunsFailed,
            // What stopped this one stops those that follow.
            exit => return Ok(exit),
        }
    }
    if sweeps.len() > 1 {
        let dirs: Vec<PathBuf> = sweeps.into_iter().map(|asked| asked.dir).collect();
        across::after(&dirs, dirs[0].parent().unwrap_or(Path::new(".")))?;
    }
    Ok(worst)
}

/// One sweep, and its report.
fn carry_out(arguments: &Arguments, asked: &Asked, ground: &Ground) -> Result<Exit, CommandError> {
    let Asked { prepared, dir } = asked;
    let selected = prepared.selected();
    let program = ground.program()?;
    let retry: Vec<Status> = arguments.retry.iter().map(|retry| retry.status()).collect();
    let watcher = WithPage { manner: &arguments.progress, results: dir };
    let session = Session {
        jobs: arguments.jobs,
        retry: &retry,
        changed_inputs: changed_inputs(arguments.inputs.accept_changed_inputs),
        accept_weak_original: arguments.inputs.accept_weak_original,
        ..session(ground, dir, arguments.places.shared(), (&program, &watcher))
    };
    let ending = if arguments.shared { session.run_shared(prepared)? } else { session.run(prepared)? }.ending;
    // Who is stopped has seconds left, and nobody looks at the report of a drained sweep that is about to go on.
    if !matches!(ending.how, How::Drained { by } if by != Interruption::Interrupt(1)) {
        let made = report::make(dir, &arguments.shown);
        over(&ending, dir, &selected.name, made.is_ok());
        // Why the runs came to an end says more than why there is no report of them.
        let exit = conclude(ending, &selected, dir)?;
        return is_whole(&made?, exit, dir);
    }
    over(&ending, dir, &selected.name, false);
    conclude(ending, &selected, dir)
}

/// Ends the page that followed the runs. The results don't depend on it, so it may fail.
fn over(ending: &Ending, dir: &Path, name: &str, reported: bool) {
    let Ending { finished, diverged, failed, pending, .. } = ending;
    let go_on = if *pending > 0 { " The same command goes on." } else { "" };
    let sentence =
        format!("{finished} finished, {diverged} diverged, {failed} failed, {pending} pending.{go_on}");
    let _ = Over { sentence, reported }.write(dir, &printable(name));
}

/// A sweep as the command line describes it.
pub(super) fn session<'a>(
    ground: &Ground,
    dir: &'a Path,
    cache: Option<&'a Path>,
    (program, watcher): (&'a Path, &'a dyn Watcher),
) -> Session<'a> {
    Session {
        disk: ground.disk(),
        dir,
        cache,
        program,
        jobs: None,
        retry: &[],
        changed_inputs: ChangedInputs::Refuse,
        accept_weak_original: false,
        task: work::task(),
        heeds_signals: true,
        watcher,
    }
}

pub(super) fn changed_inputs(accepted: bool) -> ChangedInputs {
    if accepted { ChangedInputs::Accept } else { ChangedInputs::Refuse }
}

/// That all runs have ended is not all: what they measured must still be there.
fn is_whole(frame: &Frame, exit: Exit, dir: &Path) -> Result<Exit, CommandError> {
    let lost = |point: &&PointRow| matches!(point.score, Err(Unscored::Lost { .. }));
    match frame.points.iter().filter(lost).count() {
        points if points > 0 && matches!(exit, Exit::Done | Exit::SomeRunsFailed) => {
            Err(CommandError::MeasurementsLost { points, dir: dir.to_owned() })
        }
        _ => Ok(exit),
    }
}

pub(super) fn conclude(ending: Ending, plan: &Plan, dir: &Path) -> Result<Exit, CommandError> {
    let Ending { finished, diverged, failed, pending, how } = ending;
    terminal::talk(&format!(
        "{}: {finished} finished, {diverged} diverged, {failed} failed, {pending} pending; results in {}",
        plan.name,
        dir.display()
    ));
    match how {
        How::Complete if failed + diverged > 0 => Ok(Exit::SomeRunsFailed),
        How::Complete => Ok(Exit::Done),
        How::Drained { by: Interruption::Interrupt(_) } => Ok(Exit::Interrupted),
        How::Drained { by: Interruption::Terminate } => Ok(Exit::Terminated),
        How::Drained { by: Interruption::Drain } => Ok(Exit::Drained),
        How::Refused { message } => Err(CommandError::Refused { message }),
        How::NoWorkers { reasons } => Err(CommandError::NoWorkers { reasons }),
        How::OriginalFailed { run, message, .. } => {
            let log = Recorded::read(dir)?.run_folder(&run).join("worker.log");
            Err(CommandError::OriginalFailed { message, log })
        }
    }
}

impl Retry {
    fn status(self) -> Status {
        match self {
            Self::Failed => Status::Failed,
            Self::TimedOut => Status::TimedOut,
            Self::Diverged => Status::Diverged,
            Self::Finished => Status::Finished,
        }
    }
}
