//! The gates: each breaks one promise's preconditions on purpose, many times, and counts how often the promise broke.
//!
//! `cargo test --test gates -- [--full] [NAME…]` prints `GATE <id> <n> trials <k> failures` for each gate, what went wrong on
//! standard error, and ends with 1 if anything did. Without `--full` every gate makes as many trials as fit into seconds.

#[path = "../harness.rs"]
mod harness;
mod chance;
mod command;
mod crowd;
mod faulty;
mod processes;
mod report;
mod sample;
mod toy;

mod corrupt;
mod determinism;
mod environment;
mod evil;
mod exhaustive;
mod freeze;
mod fuzz;
mod ioerr;
mod kill_enum;
mod kill_rand;
mod limits;
mod lock;
mod orphans;
mod place;
mod power;
mod scale;
mod scale_resume;
mod signals;
mod simulation;
mod soak;
mod standard_output;
mod tamper;
mod worker_kills;

use std::{
    io::{Write, stderr, stdout},
    process::ExitCode,
    time::Instant,
};

use report::Report;
use sweep_faults::{forge, meter};

#[global_allocator]
static METER: meter::Meter = meter::Meter;

/// One gate: a promise, and how often (or how widely) it is tried.
struct Gate {
    /// Name, as it is printed.
    id: &'static str,
    /// What the gate is given so that it takes seconds.
    quick: u64,
    /// What it is given for `--full`.
    full: u64,
    /// Makes the trials.
    run: fn(u64) -> Report,
}

/// All gates, in the order in which they run.
const GATES: &[Gate] = &[
    Gate { id: "KILL-ENUM", quick: 12, full: 1 << 20, run: kill_enum::run },
    Gate { id: "KILL-RAND", quick: 20, full: 1_000, run: kill_rand::run },
    Gate { id: "IOERR", quick: 4, full: 1 << 20, run: ioerr::run },
    Gate { id: "CORRUPT", quick: 3, full: 12, run: corrupt::run },
    Gate { id: "TAMPER", quick: 40, full: 10_000, run: tamper::run },
    Gate { id: "CACHE", quick: 400, full: 10_000, run: tamper::cache },
    Gate { id: "PLAN", quick: 1, full: 8, run: tamper::plan },
    Gate { id: "PLACE", quick: 20, full: 1_000, run: place::run },
    Gate { id: "STDOUT", quick: 1, full: 10, run: standard_output::run },
    Gate { id: "LIMITS", quick: 20, full: 300, run: limits::run },
    Gate { id: "POWER", quick: 4, full: 100, run: power::run },
    Gate { id: "FREEZE", quick: 1 << 20, full: 1 << 20, run: freeze::run },
    Gate { id: "LOCK", quick: 100, full: 1_000, run: lock::run },
    Gate { id: "SCALE-RESUME", quick: 3, full: 20, run: scale_resume::run },
    Gate { id: "FUZZ", quick: 10_000, full: 1_000_000, run: fuzz::run },
    Gate { id: "EVIL", quick: 1, full: 1, run: evil::run },
    Gate { id: "SCALE", quick: 1, full: 3, run: scale::run },
    Gate { id: "SIM", quick: 5_000, full: 100_000, run: simulation::run },
    Gate { id: "EXH", quick: 1, full: 3, run: exhaustive::run },
    Gate { id: "WORKER", quick: 400, full: 10_000, run: worker_kills::run },
    Gate { id: "SOAK", quick: 1_000, full: 10_000, run: soak::run },
    Gate { id: "SIG", quick: 10, full: 60, run: signals::run },
    Gate { id: "ORPHAN", quick: 10, full: 200, run: orphans::run },
    Gate { id: "ENV", quick: 12, full: 12, run: environment::run },
    Gate { id: "DET-CPU", quick: 5, full: 20, run: determinism::run },
];

fn main() -> ExitCode {
    if let Some(code) = faulty::act() {
        return code;
    }
    let (options, names): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    if let Some(unknown) = options.iter().find(|option| *option != "--full") {
        say(&mut stderr(), &format!("no option `{unknown}`; write [--full] [NAME…]"));
        return ExitCode::from(2);
    }
    if let Some(unknown) = names.iter().find(|name| !GATES.iter().any(|gate| is_named(gate, name))) {
        let ids: Vec<&str> = GATES.iter().map(|gate| gate.id).collect();
        say(&mut stderr(), &format!("no gate `{unknown}`; there are {}", ids.join(" ")));
        return ExitCode::from(2);
    }
    // What a trial panicked with stands in its gate's report.
    std::panic::set_hook(Box::new(|_| ()));
    let chosen =
        GATES.iter().filter(|gate| names.is_empty() || names.iter().any(|name| is_named(gate, name)));
    let trials = |gate: &Gate| if options.is_empty() { gate.quick } else { gate.full };
    let failed = chosen.filter(|gate| !pass(gate, trials(gate))).count();
    ExitCode::from(u8::from(failed > 0))
}

fn is_named(gate: &Gate, name: &str) -> bool {
    gate.id.eq_ignore_ascii_case(name)
}

/// Makes the trials of a gate and says what came out of them.
fn pass(gate: &Gate, trials: u64) -> bool {
    let started = Instant::now();
    let report = Report::guarded(|| (gate.run)(trials));
    say(
        &mut stdout(),
        &format!("GATE {} {} trials {} failures", gate.id, report.trials, report.failures.len()),
    );
    for figure in &report.figures {
        say(&mut stderr(), &format!("  {figure}"));
    }
    for failure in report.failures.iter().take(20) {
        say(&mut stderr(), &format!("  failed: {failure}"));
    }
    say(&mut stderr(), &format!("  {:.1} s", started.elapsed().as_secs_f64()));
    report.failures.is_empty()
}

fn say(stream: &mut impl Write, line: &str) {
    // Where nobody reads, the exit code still tells.
    let _ = writeln!(stream, "{line}").and_then(|()| stream.flush());
}
