//! `sweep doctor`: whether this machine can carry a sweep through the night, and the way out where it can't; or whether an
//! engine speaks the protocol.

mod conformance;
mod engine;
mod host;
mod storage;

use std::{
    ffi::OsString,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Serialize;

use super::{CommandError, Exit, Format, Ground, terminal};
use crate::frame::printable;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder where results are to be kept
    #[arg(short, long, value_name = "DIR", env = "SWEEP_OUT", default_value = "results")]
    out: PathBuf,
    /// How to show it
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// With --engine: how long the engine may say nothing, in seconds
    #[arg(long, default_value = "60", value_name = "S", requires = "engine")]
    patience: NonZeroU32,
    /// Try an engine out against the protocol, in place of the machine: its program and arguments, to the end of the line
    #[arg(long, num_args = 1.., allow_hyphen_values = true, value_name = "WORD")]
    engine: Vec<OsString>,
}

/// How good something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, PartialEq, Serialize)]
struct Finding {
    verdict: Verdict,
    what: &'static str,
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    way_out: Option<String>,
}

impl Finding {
    fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Ok, what, found: found.into(), way_out: None }
    }

    fn warn(what: &'static str, found: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, what, found: found.into(), way_out: Some(way_out.into()) }
    }

    fn fail(what: &'static str, found: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, what, found: found.into(), way_out: Some(way_out.into()) }
    }

    /// One line, and a second one with the way out.
    fn line(&self) -> String {
        let word = match self.verdict {
            Verdict::Ok => "ok  ",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        };
        let way_out =
            self.way_out.as_ref().map_or_else(String::new, |way| format!("\n      → {}", printable(way)));
        format!("{word}  {:<14}  {}{way_out}", self.what, printable(&self.found))
    }
}

pub(super) fn doctor(arguments: &Arguments, ground: &Ground) -> Result<Exit, CommandError> {
    if let Some((program, args)) = arguments.engine.split_first() {
        return conformance::examine((program, args), arguments);
    }
    let mut findings = host::examine();
    findings.extend(storage::examine(&*ground.disk(), &existing(&arguments.out)));
    findings.extend(engine::examine());
    let worst = findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok);
    match arguments.format {
        Format::Json => terminal::json(&findings),
        Format::Human => findings.iter().for_each(|finding| terminal::data(&finding.line())),
    }
    Ok(if worst == Verdict::Fail { Exit::Usage } else { Exit::Done })
}

/// The folder, or the nearest one above it that is there: the rest is made when a sweep needs it.
fn existing(path: &Path) -> PathBuf {
    let above = path.ancestors().find(|above| above.is_dir());
    above.filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

#[cfg(test)]
mod tests;
