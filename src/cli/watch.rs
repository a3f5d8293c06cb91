//! `sweep watch`: the status of a sweep, again and again until every run has ended.

use std::{path::PathBuf, thread, time::Duration};

use clap::Args;

use super::{CommandError, Exit, status::Census};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep
    dir: PathBuf,
    /// Seconds between two looks
    #[arg(long, default_value = "30", value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: u64,
}

pub(super) fn watch(arguments: &Arguments) -> Result<Exit, CommandError> {
    loop {
        let census = Census::take(&arguments.dir)?;
        census.show();
        if census.is_complete() {
            return Ok(Exit::Done);
        }
        thread::sleep(Duration::from_secs(arguments.every));
    }
}
