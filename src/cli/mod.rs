//! The command line: one file per command, one renderer of errors, one table of exit codes.
//!
//! Data goes to standard output, talk to standard error. Everything that a command does is done by the modules above;
//! here it is only asked for and shown.

mod across;
mod cancel;
mod clean;
mod compare;
mod diagnostic;
mod doctor;
mod example;
mod exit;
mod explain;
mod export;
mod figures;
mod fsck;
mod ground;
mod import;
mod inputs;
mod limits;
mod list;
mod logs;
mod methods;
mod new_method;
mod places;
mod plan;
mod progress;
mod reconstruct;
mod report;
mod run;
mod score;
mod screen;
mod serve;
mod split;
mod status;
mod submit;
mod synth;
mod terminal;
mod toy_worker;
mod rehearsal;
mod watch;
mod work;
mod written;

use std::{env, ffi::OsString, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand, ValueEnum, builder::FalseyValueParser};
use sweep_files::GROUP_VARIABLE;

use crate::grid::schema;
use diagnostic::CommandError;
use exit::Exit;

pub use ground::Ground;

/// Sweeps machine-unlearning methods over hyper-parameters and seeds, and scores them with error bars.
///
/// `sweep GRID.toml` is short for `sweep run GRID.toml`: it carries out the runs that are missing and writes the report.
/// Resuming is running again.
#[derive(Debug, Parser)]
#[command(name = "sweep", version, arg_required_else_help = true, override_usage = USAGE)]
struct Cli {
    /// Share results and cache with the group of their folder, and believe what its members wrote
    #[arg(long, global = true, env = GROUP_VARIABLE, value_parser = FalseyValueParser::new())]
    group: bool,
    #[command(subcommand)]
    command: Command,
}

const USAGE: &str = "sweep GRID.toml [OPTIONS]\n       sweep <COMMAND>";

#[derive(Debug, Subcommand)]
enum Command {
    /// Carry out the runs of a grid that are missing, then write the report
    Run(run::Arguments),
    /// Show what a grid asks for, without running anything
    Plan(plan::Arguments),
    /// Hand the runs of a grid that are missing to a cluster, and return at once
    Submit(submit::Arguments),
    /// Carry out runs of a shared results folder beside other workers: what a cluster starts
    Work(work::Arguments),
    /// Show how far a sweep is
    Status(status::Arguments),
    /// Show how far a sweep is, again and again until it is done
    Watch(watch::Arguments),
    /// Show what the workers of a sweep, or those of one run, have said
    Logs(logs::Arguments),
    /// End what a sweep has on the cluster; what is recorded stays
    Cancel(cancel::Arguments),
    /// Make tables, figures and report.html again from a results folder
    Report(report::Arguments),
    /// Serve the report, or how the sweep goes, to a browser on this machine
    Serve(serve::Arguments),
    /// Draw figures for a paper, of the size of its columns and letters, from a results folder alone
    Figures(figures::Arguments),
    /// Show one leaderboard of several sweeps that share their retrained models
    Compare(compare::Arguments),
    /// Put sweeps that differ in what is forgotten side by side: how a method does over forget sets, not with one of them
    Across(across::Arguments),
    /// Write the original of a sweep, or the models of one point, as files that `PyTorch` loads
    Export(export::Arguments),
    /// Score models that no sweep has made: arrays of confidences, or folders of checkpoints
    Score(score::Arguments),
    /// Look for training images in the weights of a network that no sweep has made
    Reconstruct(reconstruct::Arguments),
    /// List the methods, or one method's hyper-parameters
    Methods(methods::Arguments),
    /// Write a method of your own in Python to begin with: a file with comments that runs as it is
    NewMethod(new_method::Arguments),
    /// Call a function of your own once, at small scale, and show what it did
    Try(rehearsal::Arguments),
    /// Bring a data set of others into the layout that sweep reads: CIFAR, a folder of images, arrays, digits
    Import(import::Arguments),
    /// Choose what is to be forgotten of a data set anew, into a data set with the same images
    Split(split::Arguments),
    /// Print a grid to begin with
    Example(example::Arguments),
    /// Draw a synthetic data set of faces in the competition's layout
    Synth(synth::Arguments),
    /// List the sweeps below a folder
    List(list::Arguments),
    /// Show what the cache holds that no sweep needs, and remove it on request
    Clean(clean::Arguments),
    /// Look a results folder over for damage, and repair what can be
    Fsck(fsck::Arguments),
    /// Check what this machine offers: the engine, libtorch, devices
    Doctor(doctor::Arguments),
    /// Print the JSON Schema of a grid, for editors, or of the protocol's messages, for engines
    Schema {
        /// Of what
        #[arg(value_enum, default_value = "grid")]
        of: Described,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    #[command(hide = true, about = "Serve the toy engine's protocol on standard input and output")]
    ToyWorker(toy_worker::Arguments),
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Described {
    /// The grid, a TOML file
    Grid,
    /// The messages between sweep and an engine, JSON Lines
    Messages,
}

impl Command {
    /// Whether the command carries out runs, decodes images or makes scores and tables.
    fn computes(&self) -> bool {
        match self {
            Self::Run(_)
            | Self::Plan(_)
            | Self::Submit(_)
            | Self::Work(_)
            | Self::Report(_)
            | Self::Figures(_)
            | Self::Compare(_)
            | Self::Across(_)
            | Self::Score(_)
            | Self::Reconstruct(_)
            | Self::Synth(_)
            | Self::Try(_)
            | Self::Import(_)
            | Self::Split(_)
            | Self::Export(_)
            | Self::List(_) => true,
            Self::Status(_)
            | Self::Watch(_)
            | Self::Serve(_)
            | Self::Logs(_)
            | Self::Cancel(_)
            | Self::Methods(_)
            | Self::NewMethod(_)
            | Self::Example(_)
            | Self::Clean(_)
            | Self::Fsck(_)
            | Self::Doctor(_)
            | Self::Schema { .. }
            | Self::Completions { .. }
            | Self::ToyWorker(_) => false,
        }
    }
}

/// How a command shows its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// For programs
    Json,
}

/// Parses the command line, carries the command out and says how it ended.
pub fn main(ground: &Ground) -> ExitCode {
    let cli = match Cli::try_parse_from(spelled_out(env::args_os())) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    ended(carry_out(cli, ground).and_then(shown))
}

fn ended(result: Result<Exit, CommandError>) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal::talk(&error.render(terminal::stderr_colour()));
            error.exit().into()
        }
    }
}

/// What a command has done is worth nothing to who can't see it.
fn shown(exit: Exit) -> Result<Exit, CommandError> {
    match terminal::lost() {
        Some(source) if matches!(exit, Exit::Done | Exit::SomeRunsFailed) => {
            Err(CommandError::NotShown { kind: source.kind() })
        }
        _ => Ok(exit),
    }
}

fn carry_out(cli: Cli, ground: &Ground) -> Result<Exit, CommandError> {
    if cli.group {
        sweep_files::share_with_group();
    }
    limits::bear_small_files()?;
    if cli.command.computes() {
        limits::check()?;
    }
    match cli.command {
        Command::Run(arguments) => run::run(&arguments, ground),
        Command::Plan(arguments) => plan::plan(&arguments, ground),
        Command::Submit(arguments) => submit::submit(&arguments, ground),
        Command::Work(arguments) => work::work(&arguments, ground),
        Command::Watch(arguments) => watch::watch(&arguments),
        Command::Logs(arguments) => logs::logs(&arguments),
        Command::Cancel(arguments) => cancel::cancel(&arguments),
        Command::Status(arguments) => status::status(&arguments),
        Command::Report(arguments) => report::report(&arguments),
        Command::Serve(arguments) => serve::serve(&arguments),
        Command::Figures(arguments) => figures::figures(&arguments),
        Command::Compare(arguments) => compare::compare(&arguments),
        Command::Score(arguments) => score::score(&arguments),
        Command::Reconstruct(arguments) => reconstruct::reconstruct(&arguments),
        Command::Methods(arguments) => methods::methods(&arguments),
        Command::NewMethod(arguments) => new_method::new_method(&arguments),
        Command::Try(arguments) => rehearsal::rehearse(&arguments, ground),
        Command::Across(arguments) => across::across(&arguments),
        Command::Export(arguments) => export::export(&arguments, ground),
        Command::Import(arguments) => import::import(&arguments),
        Command::Split(arguments) => split::split(&arguments, ground),
        Command::Example(arguments) => Ok(example::example(&arguments)),
        Command::Synth(arguments) => synth::synth(&arguments),
        Command::List(arguments) => Ok(list::list(&arguments)),
        Command::Clean(arguments) => clean::clean(&arguments, ground),
        Command::Fsck(arguments) => fsck::fsck(&arguments, ground),
        Command::Doctor(arguments) => doctor::doctor(&arguments, ground),
        Command::ToyWorker(arguments) => toy_worker::serve(&arguments),
        Command::Schema { of } => {
            let schema = match of {
                Described::Grid => schema(),
                Described::Messages => sweep_protocol::schema::schema(),
            };
            terminal::data(&format!("{schema:#}"));
            Ok(Exit::Done)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "sweep", &mut script);
            terminal::data(&String::from_utf8_lossy(&script));
            Ok(Exit::Done)
        }
    }
}

/// Puts `run` in front of a grid or an option: `sweep GRID.toml` is short for `sweep run GRID.toml`.
fn spelled_out(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.collect();
    let first = arguments.get(1).map(|first| first.to_string_lossy());
    let is_run = first.is_some_and(|first| match first.as_ref() {
        "-h" | "--help" | "-V" | "--version" => false,
        // No command has a dot, a slash or a dash in front in its name.
        word => word.starts_with('-') || word.contains(['.', '/']),
    });
    if is_run {
        arguments.insert(1, "run".into());
    }
    arguments
}

/// Shows clap's own message; help and version are data and no error.
fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render().ansi().to_string();
    if error.use_stderr() {
        terminal::talk(&text);
        Exit::Usage.into()
    } else {
        terminal::data(&text);
        ended(shown(Exit::Done))
    }
}
