//! The torch engine's worker: `sweep-torch serve` performs runs for `sweep`, `sweep-torch replay` holds the interpreter
//! against recorded trajectories.

use std::{
    env,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use serde_json::json;
use sweep_protocol::terms::Device;
use sweep_torch::{TORCH_VERSION, replay::replay, serve::serve, version};

const USAGE: &str = "usage: sweep-torch serve [--device cpu|cuda:N]
       sweep-torch replay FILE.json [--format json]
       sweep-torch doctor
       sweep-torch --version";

/// A recording was not reached.
const OUTSIDE: u8 = 1;
/// The command line, an input or the device can't be used.
const UNUSABLE: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve"] => serve_on("cpu"),
        ["serve", "--device", device] => serve_on(device),
        ["replay", file] => replay_file(file, false),
        ["replay", file, "--format", "json"] | ["replay", "--format", "json", file] => replay_file(file, true),
        ["doctor"] => doctor(),
        ["--version"] => say(&version()),
        ["--help" | "-h"] => say(USAGE),
        _ => complain(USAGE),
    }
}

fn serve_on(device: &str) -> ExitCode {
    match device.parse::<Device>() {
        Err(error) => complain(&error.to_string()),
        Ok(device) => match serve(device) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => complain(&error.to_string()),
        },
    }
}

fn replay_file(file: &str, as_json: bool) -> ExitCode {
    tch::set_num_threads(1);
    let agreement = match replay(Path::new(file)) {
        Ok(agreement) => agreement,
        Err(error) => return complain(&error.to_string()),
    };
    let text = if as_json {
        serde_json::to_string(&agreement).expect("an agreement is plain data")
    } else {
        serde_json::to_string_pretty(&agreement).expect("an agreement is plain data")
    };
    let shown = say(&text);
    if agreement.holds() { shown } else { ExitCode::from(OUTSIDE) }
}

fn doctor() -> ExitCode {
    let cuda = tch::Cuda::is_available();
    say(&json!({ "torch": TORCH_VERSION, "threads": tch::get_num_threads(), "cuda": cuda }).to_string())
}

fn say(text: &str) -> ExitCode {
    match writeln!(io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(UNUSABLE),
    }
}

fn complain(text: &str) -> ExitCode {
    // Where standard error is closed there is nobody left to tell.
    let _ = writeln!(io::stderr(), "sweep-torch: {text}");
    ExitCode::from(UNUSABLE)
}
