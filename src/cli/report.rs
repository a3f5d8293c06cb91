//! `sweep report`: tables, figures and report.html again, from a results folder alone.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{CommandError, Exit, Format, terminal};
use crate::{frame::Frame, report};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep
    dir: PathBuf,
    #[command(flatten)]
    shown: Shown,
}

/// How a report is made and shown.
#[derive(Debug, Args)]
pub(super) struct Shown {
    /// Bootstrap replicates behind every interval of a score; 0 for none
    #[arg(long, default_value_t = 200, value_name = "N")]
    replicates: u32,
    /// How to show the leaderboard
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: Format,
}

pub(super) fn report(arguments: &Arguments) -> Result<Exit, CommandError> {
    make(&arguments.dir, &arguments.shown)?;
    Ok(Exit::Done)
}

/// Makes the whole report of a results folder and shows the leaderboard.
pub(super) fn make(dir: &Path, shown: &Shown) -> Result<Frame, CommandError> {
    let frame = report::gather(dir, shown.replicates)?;
    let written = report::write(dir, &frame)?;
    match shown.format {
        Format::Human => {
            terminal::data(&report::leaderboard(&frame, terminal::width()));
            terminal::talk(&format!("report: {}", written.html.display()));
        }
        Format::Json => terminal::data(&report::leaderboard_json(&frame)),
    }
    Ok(frame)
}
