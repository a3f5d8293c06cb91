//! `sweep doctor`: what this machine offers.

use std::process::Command;

use clap::Args;

use super::{CommandError, Exit, slots, terminal};

#[derive(Debug, Args)]
pub(super) struct Arguments {}

pub(super) fn doctor(_: &Arguments) -> Result<Exit, CommandError> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    terminal::data(&format!("sweep {}, {cores} cores", env!("CARGO_PKG_VERSION")));
    let worker = slots::torch_worker()?;
    let version = slots::torch_version(&worker)?;
    terminal::data(&format!("torch engine: {version} ({})", worker.display()));
    let examined = Command::new(&worker).arg("doctor").output();
    let said = examined.map_or_else(
        |error| format!("`{} doctor` failed: {error}", worker.display()),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    terminal::data(&said);
    Ok(Exit::Done)
}
