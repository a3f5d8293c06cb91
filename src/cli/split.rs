//! `sweep split`: another forget set of a data set.

use std::path::PathBuf;

use clap::Args;
use sweep_import::{ForgetRule, SplitSummary};

use super::{CommandError, Exit, progress::Counter, terminal};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The data set; it stays as it is
    data: PathBuf,
    /// Folder to create: a data set with the same images
    out: PathBuf,
    #[arg(
        help = "What is to be forgotten: random:0.1, random:500, class:3, class:3/0.5, persons:20, file:forget_idx.npy, mislabel:0.02"
    )]
    #[arg(long, value_name = "RULE")]
    forget: ForgetRule,
    /// The same seed draws the same forget set
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(super) fn split(arguments: &Arguments) -> Result<Exit, CommandError> {
    let Arguments { data, out, forget, seed } = arguments;
    let counter = Counter::new("sharing images");
    let summary = sweep_import::split(data, out, forget, *seed, &|done, total| counter.set(done, total))?;
    counter.finish();
    let SplitSummary { sizes, persons, mislabelled } = summary;
    let of_persons = if persons > 0 { format!(" (of {persons} persons)") } else { String::new() };
    let with_wrong = if mislabelled > 0 { ", all with wrong labels" } else { "" };
    terminal::talk(&format!(
        "{}: {} retain, {} forget{of_persons}{with_wrong}, {} validation, {} test images",
        out.display(),
        sizes.retain,
        sizes.forget,
        sizes.validation,
        sizes.test.unwrap_or(0),
    ));
    Ok(Exit::Done)
}
