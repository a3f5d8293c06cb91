//! LIMITS: commands under limits of every kind, as an ordinary user where the gate may become one. None hangs, none is ended by
//! a panic or a signal: each ends with an exit code of the table.

use std::{fs, os::unix::fs::chown, path::Path, process::Command};

use walkdir::WalkDir;

use crate::{
    chance::Chance,
    command::check_code,
    harness::{Bench, Said},
    report::Report,
    toy,
};

/// Who the commands are run as.
const USER: u32 = 60_001;
/// Limits by the letter of `ulimit`, in its units (KiB, or blocks of 1 KiB). With less, the system can't load the program.
const LIMITS: [(char, &[u64]); 6] = [
    ('v', &[300_000, 500_000, 780_000, 800_000, 1_000_000, 2_000_000]),
    ('d', &[100_000, 300_000, 400_000, 500_000, 1_000_000]),
    ('n', &[8, 16, 31, 32, 40, 64]),
    ('s', &[256, 1_000, 1_024, 2_048]),
    ('f', &[0, 1, 8, 64, 2_000]),
    ('u', &[1, 2, 3, 4, 5, 6, 8, 12, 40]),
];

/// What is done under them, half of the time a whole sweep.
const COMMANDS: [&str; 6] = [
    "report sound --replicates 0",
    "compare sound sound --replicates 0",
    "plan gate.toml",
    "run gate.toml --out FRESH --replicates 0",
    "run gate.toml --out FRESH --replicates 0 --jobs 3",
    "run gate.toml --out FRESH --replicates 0 --shared",
];

pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    let bench = Bench::new();
    bench.write("gate.toml", toy::GRID);
    bench.sweep(["gate.toml", "--out", "sound"]).expect_code(0);
    let program = bench.path("sweep");
    fs::copy(env!("CARGO_BIN_EXE_sweep"), &program).expect("room");
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        give_away(&bench.path("."));
    }
    let (mut chance, mut codes) = (Chance::new(18), std::collections::BTreeMap::new());
    for number in 0..trials {
        // What else an ordinary user has going on counts for `-u`: only a user without anything can be told what to expect.
        let usable = if is_root { &LIMITS[..] } else { &LIMITS[..LIMITS.len() - 1] };
        let limits: Vec<String> = (0..=chance.below(3))
            .map(|further| usable[((number + further) % usable.len() as u64) as usize])
            .map(|(letter, values)| format!("ulimit -S{letter} {}", chance.pick(values)))
            .collect();
        let limits = limits.join(" && ");
        let command = chance.pick(&COMMANDS).replace("FRESH", &format!("fresh-{number}"));
        report.trial(&format!("{limits}; sweep {command}"), || {
            let script = format!("{limits} && exec ./sweep {command}");
            let mut timed = Command::new("timeout");
            timed.args(["-k", "1", "150"]);
            if is_root {
                let user = [format!("--reuid={USER}"), format!("--regid={USER}")];
                timed.arg("setpriv").args(user).arg("--clear-groups");
            }
            let ended = timed.args(["bash", "-c", &script]).current_dir(bench.path(".")).output();
            let said = Said::from(ended.expect("it starts"));
            *codes.entry(said.code.unwrap_or(-1)).or_insert(0_u64) += 1;
            check_code(&[&script], &said);
        });
    }
    report.figure(format!("exit codes and how often: {codes:?}"));
    report
}

fn give_away(dir: &Path) {
    for entry in WalkDir::new(dir) {
        chown(entry.expect("readable").path(), Some(USER), Some(USER)).expect("root may");
    }
}
