//! `sweep serve`: the report of a results folder, or how its sweep goes, for a browser on this machine.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{CommandError, Exit, Format, terminal};
use crate::{
    pool::{Interruption, signals},
    serving::Door,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep
    dir: PathBuf,
    /// Port of 127.0.0.1 (default: one that is free)
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// How to show the address
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

pub(super) fn serve(arguments: &Arguments) -> Result<Exit, CommandError> {
    let wishes = signals()?;
    let door = Door::open(&arguments.dir, arguments.port)?;
    let url = door.url();
    door.attend()?;
    match arguments.format {
        Format::Human => terminal::data(&url),
        Format::Json => terminal::json(&json!({ "url": url })),
    }
    terminal::talk("for a browser on this machine, until Ctrl-C; who has the address can read the report");
    match wishes.recv() {
        Ok(Interruption::Terminate) => Ok(Exit::Terminated),
        _ => Ok(Exit::Done),
    }
}
