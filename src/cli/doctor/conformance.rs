//! `sweep doctor --engine`: what an engine does, and what the protocol says.

use std::{env, ffi::OsString, time::Duration};

use sweep_protocol::terms::Device;
use tempfile::TempDir;

use super::Arguments;
use crate::{
    cli::{CommandError, Exit, Format, score::ModelsError, terminal},
    conformance::{Check, Kit, Verdict},
    engine::WorkerCommand,
    frame::printable,
};

pub(super) fn examine(
    (program, args): (&OsString, &[OsString]),
    arguments: &Arguments,
) -> Result<Exit, CommandError> {
    let command = WorkerCommand::new(program.into(), args.to_vec(), Device::Cpu, env::vars_os());
    let scratch = TempDir::with_prefix("sweep-").map_err(|source| ModelsError::NoScratch { source })?;
    let patience = Duration::from_secs(arguments.patience.get().into());
    let checks = Kit { command: &command, scratch: scratch.path(), patience }.examine()?;
    match arguments.format {
        Format::Json => terminal::json(&checks),
        Format::Human => checks.iter().for_each(|check| terminal::data(&line(check))),
    }
    let keeps = checks.iter().all(|check| check.verdict != Verdict::Wrong);
    Ok(if keeps { Exit::Done } else { Exit::Usage })
}

/// One line, and a second one with what the protocol says where the engine does otherwise.
fn line(check: &Check) -> String {
    let word = match check.verdict {
        Verdict::Ok => "ok  ",
        Verdict::NotTried => "-   ",
        Verdict::Wrong => "FAIL",
    };
    let says = match check.verdict {
        Verdict::Wrong => format!("\n      → the protocol says: {}", check.protocol),
        Verdict::Ok | Verdict::NotTried => String::new(),
    };
    format!("{word}  {:<14}  {}{says}", check.name, printable(&check.found))
}
