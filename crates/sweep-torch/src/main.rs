//! `sweep-torch`: the worker process that trains. `sweep` starts it; a person may ask it to replay or to look around.

use std::{
    env,
    ffi::OsString,
    fmt,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use sweep_protocol::terms::Device;
use sweep_torch::{
    device,
    replay::{Agreement, Comparison, replay},
    serve::{Place, ServeError, serve},
    system,
};

const USAGE: &str = "\
Usage: sweep-torch serve [--device cpu|cuda:N] [--cache DIR]
                                                     perform jobs: JSON Lines in, JSON Lines out; what passes over
                                                     the data find is kept in DIR
       sweep-torch replay FILE.json [--format json]  hold the interpreter against a recorded trajectory
       sweep-torch doctor                            what this engine finds on this machine, as JSON
       sweep-torch --version
";

/// Everything is as it should be, but the answer is no.
const DISAGREES: u8 = 1;
/// The command line or a file can't be read.
const UNREADABLE: u8 = 2;
/// The device can't be used.
const NO_DEVICE: u8 = 3;
/// The conversation with the orchestrator broke off.
const BROKEN: u8 = 4;
/// The device failed while it was used (`EX_SOFTWARE`).
const DEVICE_FAILED: u8 = 70;

enum Command {
    Serve { device: Device, cache: Option<PathBuf> },
    Replay { file: PathBuf, format: Format },
    Doctor,
    Version,
    Help,
}

#[derive(Clone, Copy)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    match command(&env::args_os().skip(1).collect::<Vec<_>>()) {
        Some(Command::Serve { device, cache }) => worker(device, cache),
        Some(Command::Replay { file, format }) => replayed(&file, format),
        Some(Command::Doctor) => answer(&json(&device::examine())),
        Some(Command::Version) => answer(&sweep_torch::version()),
        Some(Command::Help) => answer(USAGE.trim_end()),
        None => complaint(UNREADABLE, &USAGE.trim_end()),
    }
}

fn command(words: &[OsString]) -> Option<Command> {
    let words: Vec<&str> = words.iter().map(|word| word.to_str()).collect::<Option<_>>()?;
    match words.as_slice() {
        ["serve", options @ ..] => serve_command(options),
        ["replay", file] | ["replay", file, "--format", "text"] => {
            Some(Command::Replay { file: file.into(), format: Format::Text })
        }
        ["replay", file, "--format", "json"] | ["replay", "--format", "json", file] => {
            Some(Command::Replay { file: file.into(), format: Format::Json })
        }
        ["doctor"] => Some(Command::Doctor),
        ["--version" | "-V"] => Some(Command::Version),
        ["--help" | "-h"] => Some(Command::Help),
        _ => None,
    }
}

fn serve_command(options: &[&str]) -> Option<Command> {
    let (device, cache) = match *options {
        [] => ("cpu", None),
        ["--device", device] => (device, None),
        ["--device", device, "--cache", cache] => (device, Some(cache)),
        _ => return None,
    };
    Some(Command::Serve { device: device.parse().ok()?, cache: cache.map(PathBuf::from) })
}

fn worker(device: Device, cache: Option<PathBuf>) -> ExitCode {
    // Before anything else: libtorch prints to standard output, which belongs to the protocol.
    let claimed = system::claim_stdout().and_then(|messages| system::die_with_parent().map(|()| messages));
    let messages = match claimed {
        Ok(messages) => messages,
        Err(error) => return complaint(BROKEN, &error),
    };
    let place = match device::open(device) {
        Ok(opened) => Place { name: device, device: opened },
        Err(error) => return complaint(NO_DEVICE, &error),
    };
    match serve(place, cache, io::stdin().lock(), messages) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ ServeError::Device { .. }) => complaint(DEVICE_FAILED, &error),
        Err(error) => complaint(BROKEN, &error),
    }
}

fn replayed(file: &Path, format: Format) -> ExitCode {
    if let Err(error) = device::open(Device::Cpu) {
        return complaint(NO_DEVICE, &error);
    }
    let agreement = match replay(file) {
        Ok(agreement) => agreement,
        Err(error) => return complaint(UNREADABLE, &error),
    };
    let text = match format {
        Format::Text => Table(&agreement).to_string(),
        Format::Json => json(&agreement),
    };
    let answered = answer(&text);
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

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("plain data serialises")
}

fn answer(text: &str) -> ExitCode {
    match writeln!(io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(BROKEN),
    }
}

fn complaint(code: u8, problem: &dyn fmt::Display) -> ExitCode {
    // Where even standard error is closed, the exit code speaks.
    let _ = writeln!(io::stderr(), "sweep-torch: {problem}");
    ExitCode::from(code)
}
