//! `sweep-torch replay`: how far a registered method is from its recording, for people and programs.

use std::{fmt, path::PathBuf, process::ExitCode};

use sweep_protocol::terms::{Device, Products};
use sweep_torch::{
    device,
    replay::{Agreement, Comparison, replay},
};

pub(super) const USAGE: &str = "\
       sweep-torch replay FILE.json [--format json]  hold a registered method against its recorded trajectory
";

/// Everything is as it should be, but the answer is no.
const DISAGREES: u8 = 1;

/// Which recording is replayed, and how the answer looks.
pub(super) struct Question {
    file: PathBuf,
    format: Format,
}

#[derive(Clone, Copy)]
enum Format {
    Text,
    Json,
}

impl Question {
    /// What the words after `replay` ask for.
    pub(super) fn of(words: &[&str]) -> Option<Self> {
        match *words {
            ["--format", "json", file] | [file, "--format", "json"] => {
                Some(Self { file: file.into(), format: Format::Json })
            }
            [file] | [file, "--format", "text"] => Some(Self { file: file.into(), format: Format::Text }),
            _ => None,
        }
    }
}

/// Replays, compares and says what was found.
pub(super) fn answer(question: &Question) -> ExitCode {
    if let Err(error) = device::open(Device::Cpu, Products::Float32) {
        return super::complaint(super::NO_DEVICE, &error);
    }
    let agreement = match replay(&question.file) {
        Ok(agreement) => agreement,
        Err(error) => return super::complaint(super::UNREADABLE, &error),
    };
    let text = match question.format {
        Format::Text => Table(&agreement).to_string(),
        Format::Json => super::json(&agreement),
    };
    let answered = super::answer(&text);
    if agreement.holds() { answered } else { ExitCode::from(DISAGREES) }
}

/// An agreement, for people.
struct Table<'a>(&'a Agreement);

impl fmt::Display for Table<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Agreement { method, float32, float64, .. } = self.0;
        writeln!(formatter, "{method}: {}", if self.0.holds() { "agrees" } else { "DISAGREES" })?;
        write!(formatter, "{:<8}  {:<18}  {:>10}  {:>10}", "", "largest difference", "found", "tolerated")?;
        for (kind, comparison) in [("float32", float32), ("float64", float64)] {
            rows(formatter, kind, comparison)?;
        }
        Ok(())
    }
}

fn rows(formatter: &mut fmt::Formatter<'_>, kind: &str, comparison: &Comparison) -> fmt::Result {
    for (name, part) in [
        ("weights", comparison.weights),
        ("running statistics", comparison.running_statistics),
        ("logits", comparison.logits),
        ("loss", comparison.loss),
    ] {
        write!(formatter, "\n{kind:<8}  {name:<18}  {:>10.2e}  {:>10.2e}", part.largest, part.tolerance)?;
        if !part.holds() {
            formatter.write_str("  outside")?;
        }
    }
    if !comparison.batch_counts_equal {
        write!(formatter, "\n{kind:<8}  batch counts        differ")?;
    }
    Ok(())
}
