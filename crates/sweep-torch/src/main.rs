//! `sweep-torch`: the worker process that trains. `sweep` starts it; a person may ask it to replay or to look around.

use std::{
    env,
    ffi::OsString,
    fmt,
    io::{self, Write},
    num::NonZeroU32,
    path::PathBuf,
    process::ExitCode,
};

#[cfg(feature = "replay")]
mod replayed;

use sweep_protocol::terms::{Device, Products};
use sweep_torch::{
    device,
    serve::{Place, ServeError, serve},
    system,
};

const USAGE: &str = "\
Usage: sweep-torch serve [--device cpu|cuda:N] [--cache DIR] [--rows N] [--precision float32|tf32]
                                                     perform jobs: JSON Lines in, JSON Lines out; what passes over
                                                     the data find is kept in DIR; N runs at once, default 1
       sweep-torch doctor                            what this engine finds on this machine, as JSON
       sweep-torch --version
";

/// The command line or a file can't be read.
const UNREADABLE: u8 = 2;
/// The device can't be used.
const NO_DEVICE: u8 = 3;
/// The conversation with the orchestrator broke off.
const BROKEN: u8 = 4;
/// The device failed while it was used (`EX_SOFTWARE`).
const DEVICE_FAILED: u8 = 70;

enum Command {
    Serve {
        device: Device,
        cache: Option<PathBuf>,
        rows: NonZeroU32,
        products: Products,
    },
    #[cfg(feature = "replay")]
    Replay(replayed::Question),
    Doctor,
    Version,
    Help,
}

/// What can be asked of this build.
fn usage() -> String {
    #[cfg(feature = "replay")]
    let usage = [USAGE, replayed::USAGE].concat();
    #[cfg(not(feature = "replay"))]
    let usage = USAGE.to_owned();
    usage.trim_end().to_owned()
}

fn main() -> ExitCode {
    if env::var_os(sweep_files::GROUP_VARIABLE).is_some_and(|value| value == "1") {
        sweep_files::share_with_group();
    }
    match command(&env::args_os().skip(1).collect::<Vec<_>>()) {
        Some(Command::Serve { device, cache, rows, products }) => worker((device, products), cache, rows),
        #[cfg(feature = "replay")]
        Some(Command::Replay(question)) => replayed::answer(&question),
        Some(Command::Doctor) => answer(&json(&device::examine())),
        Some(Command::Version) => answer(&sweep_torch::version()),
        Some(Command::Help) => answer(&usage()),
        None => complaint(UNREADABLE, &usage()),
    }
}

fn command(words: &[OsString]) -> Option<Command> {
    let words: Vec<&str> = words.iter().map(|word| word.to_str()).collect::<Option<_>>()?;
    match words.as_slice() {
        ["serve", options @ ..] => serve_command(options),
        #[cfg(feature = "replay")]
        ["replay", words @ ..] => replayed::Question::of(words).map(Command::Replay),
        ["doctor"] => Some(Command::Doctor),
        ["--version" | "-V"] => Some(Command::Version),
        ["--help" | "-h"] => Some(Command::Help),
        _ => None,
    }
}

fn serve_command(options: &[&str]) -> Option<Command> {
    let (mut device, mut cache, mut rows) = (Device::Cpu, None, NonZeroU32::MIN);
    let mut products = Products::default();
    for option in options.chunks(2) {
        match *option {
            ["--device", given] => device = given.parse().ok()?,
            ["--cache", given] => cache = Some(PathBuf::from(given)),
            ["--rows", given] => rows = given.parse().ok()?,
            ["--precision", given] => products = given.parse().ok()?,
            _ => return None,
        }
    }
    Some(Command::Serve { device, cache, rows, products })
}

fn worker((device, products): (Device, Products), cache: Option<PathBuf>, rows: NonZeroU32) -> ExitCode {
    // Before anything else: libtorch prints to standard output, which belongs to the protocol.
    let claimed = system::claim_stdout().and_then(|messages| system::die_with_parent().map(|()| messages));
    let messages = match claimed {
        Ok(messages) => messages,
        Err(error) => return complaint(BROKEN, &error),
    };
    system::keep_memory();
    let place = match device::open(device, products) {
        Ok(opened) => Place { name: device, device: opened, products, rows },
        Err(error) => return complaint(NO_DEVICE, &error),
    };
    match serve(place, cache, io::stdin().lock(), messages) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ ServeError::Device { .. }) => complaint(DEVICE_FAILED, &error),
        Err(error) => complaint(BROKEN, &error),
    }
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
