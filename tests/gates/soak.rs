//! SOAK: a long sweep of short runs; the scheduler grows neither in memory nor in open files, and leaves no zombies.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::{
    processes::{Scene, children, is_zombie},
    report::Report,
};

const SEEDS: u64 = 100;
/// Slots.
const JOBS: &str = "16";
/// Growth of resident memory that is allowed between the first tenth and the end, in KiB.
const GROWTH: u64 = 20 << 10;

/// What a process holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    resident_kib: u64,
    files: usize,
    zombies: usize,
}

/// A trial is a run.
pub(crate) fn run(trials: u64) -> Report {
    let scene = Scene::new(trials.div_ceil(SEEDS), SEEDS, 5);
    let arguments = ["gate.toml", "--out", "r", "--jobs", JOBS, "--progress", "lines"];
    let mut command = scene.command(env!("CARGO_BIN_EXE_sweep"), &arguments);
    let mut sweep = command.stderr(Stdio::piped()).spawn().expect("sweep starts");
    let lines = BufReader::new(sweep.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let (mut ended, mut zombies) = (0, 0);
    let (mut early, mut late) = (Vec::new(), Vec::new());
    for line in lines.filter(|line| line.starts_with('[')) {
        ended += 1;
        assert!(line.contains(" finished"), "a run did not finish: {line}");
        if ended % 10 == 0 && ended < trials {
            let held = Held::by(sweep.id());
            zombies = zombies.max(held.zombies);
            match 10 * ended / trials {
                1 => early.push(held),
                9 => late.push(held),
                _ => {}
            }
        }
    }
    let status = sweep.wait().expect("a child of ours");
    let (first, last) = (Held::least(&early), Held::least(&late));
    let growth = last.resident_kib.saturating_sub(first.resident_kib);
    let mut report = Report { trials: ended, ..Report::default() };
    report.figure(format!(
        "resident {} KiB in the second tenth, {} KiB in the last; {} and {} open files; at most {zombies} zombies",
        first.resident_kib, last.resident_kib, first.files, last.files
    ));
    let mut fails_if = |is_so: bool, what: String| {
        if is_so {
            report.failures.push(what);
        }
    };
    fails_if(!status.success(), format!("it ended with {status}"));
    fails_if(ended < trials, format!("{ended} runs ended"));
    fails_if(growth > GROWTH, format!("it grew by {growth} KiB"));
    fails_if(last.files > first.files, format!("{} open files became {}", first.files, last.files));
    fails_if(zombies > 0, format!("{zombies} zombies"));
    fails_if(!scene.processes().is_empty(), "processes are left".to_owned());
    report
}

impl Held {
    /// What is held at least: a file that is just being written is no leak.
    fn least(looks: &[Self]) -> Self {
        Self {
            resident_kib: looks.iter().map(|held| held.resident_kib).min().expect("it was looked at"),
            files: looks.iter().map(|held| held.files).min().expect("it was looked at"),
            zombies: 0,
        }
    }

    fn by(pid: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
        let resident_kib = resident.trim().trim_end_matches(" kB").parse().expect("a number");
        let files = fs::read_dir(format!("/proc/{pid}/fd")).expect("it lives").count();
        let zombies = children(pid).into_iter().filter(|&child| is_zombie(child)).count();
        Self { resident_kib, files, zombies }
    }
}
