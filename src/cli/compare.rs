//! `sweep compare`: one leaderboard of several sweeps, from their results alone.

use std::path::PathBuf;

use clap::Args;

use super::{CommandError, Exit, report, terminal};
use crate::{appraisal::appraise_together, report::Report, store::Folder};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folders of sweeps that share their retrained models: one engine version, data set, network, recipe, original
    #[arg(num_args = 2.., required = true, value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// Write the whole report of all of them into this folder too
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    shown: report::Shown,
}

pub(super) fn compare(arguments: &Arguments) -> Result<Exit, CommandError> {
    if let Some(dir) = arguments.out.as_ref().filter(|dir| Folder::new(*dir).plan().exists()) {
        return Err(CommandError::ResultsOverResults { dir: dir.clone() });
    }
    let together = appraise_together(&arguments.dirs, arguments.shown.replicates)?;
    if together.is_cut {
        let n = together.frame.sweep.seeds;
        terminal::talk(&format!("note: all points are compared at N = {n}, the smallest of the sweeps"));
    }
    if together.left_out > 0 {
        let count = together.left_out;
        terminal::talk(&format!(
            "note: points with fewer models, dropped by a staged sweep and left out: {count}"
        ));
    }
    let written = arguments.out.as_deref().map(|dir| Report::write(dir, &together.frame)).transpose()?;
    report::show(&together.frame, written.as_ref(), &arguments.shown);
    Ok(Exit::Done)
}
