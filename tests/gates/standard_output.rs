//! STDOUT: what a command shows goes to a disk that is full, to a pipe that nobody reads, or nowhere. The first is told with
//! exit code 4, the others are no error, and none is a panic.

use std::{
    fs::OpenOptions,
    io::pipe,
    process::{Command, Stdio},
};

use crate::{
    command::check_code,
    harness::{Bench, Said},
    report::Report,
    toy,
};

const COMMANDS: [&[&str]; 13] = [
    &["report", "r"],
    &["report", "r", "--format", "json"],
    &["compare", "r", "other"],
    &["compare", "r", "other", "--format", "json"],
    &["status", "r"],
    &["status", "r", "--format", "json"],
    &["fsck", "r"],
    &["plan", "gate.toml"],
    &["plan", "gate.toml", "--format", "json"],
    &["schema"],
    &["methods"],
    &["completions", "bash"],
    &["--help"],
];

pub(crate) fn run(rounds: u64) -> Report {
    let mut report = Report::default();
    let bench = Bench::new();
    bench.write("gate.toml", toy::GRID);
    for results in ["r", "other"] {
        bench.sweep(["gate.toml", "--out", results]).expect_code(0);
    }
    for _ in 0..rounds {
        for command in COMMANDS {
            report.trial(&format!("{command:?} > /dev/full"), || {
                let full = OpenOptions::new().write(true).open("/dev/full").expect("a device of Linux");
                let said = to(&bench, command, full.into());
                assert_eq!(said.code, Some(4), "{}", said.stderr);
                assert!(said.stderr.contains("standard output"), "{}", said.stderr);
            });
            report.trial(&format!("{command:?} | true"), || {
                let (reader, writer) = pipe().expect("a pipe");
                drop(reader);
                let said = to(&bench, command, writer.into());
                assert_eq!(said.code, Some(0), "{}", said.stderr);
            });
            report.trial(&format!("{command:?} >&-"), || {
                let script =
                    format!("exec timeout 60 '{}' {} >&-", env!("CARGO_BIN_EXE_sweep"), command.join(" "));
                let mut closed = Command::new("bash");
                closed.args(["-c", &script]).current_dir(bench.path("."));
                check_code(command, &Said::from(closed.output().expect("bash starts")));
            });
        }
    }
    report
}

fn to(bench: &Bench, command: &[&str], output: Stdio) -> Said {
    let started = bench.command(command).stdout(output).stderr(Stdio::piped()).spawn();
    Said::from(started.and_then(std::process::Child::wait_with_output).expect("it starts"))
}
