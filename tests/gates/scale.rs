//! SCALE: a grid of a million points is planned within 5 seconds of processor time and 300 MB.

use std::{
    fs,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::{harness::Bench, report::Report};

const GRID: &str = "name = \"million\"\nengine = \"toy\"\nseeds = 1\nmax-runs = 10000000\n[oracle]\nmodels = 1\nheld-out = 0\n\
    [method.simulated]\nshift = { linspace = [0.0, 1.0, 100] }\nspread = { linspace = [0.5, 1.5, 100] }\n\
    retain-loss = { linspace = [0.0, 0.5, 100] }\n";
const LONGEST: Duration = Duration::from_secs(5);
const MOST_KB: u64 = 300_000;

pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    let bench = Bench::new();
    bench.write("million.toml", GRID);
    for number in 0..trials {
        let mut used = Used::default();
        report.trial(&format!("plan {number}"), || {
            used = planned(&bench);
            assert!(used.processor < LONGEST, "{:?} of processor time", used.processor);
            assert!(used.most_kb < MOST_KB, "{} kB", used.most_kb);
        });
        report
            .figure(format!("a million points: {:?} of processor time, {} kB", used.processor, used.most_kb));
    }
    report
}

#[derive(Default)]
struct Used {
    processor: Duration,
    most_kb: u64,
}

/// Plans the grid in a process of its own and looks at what it uses until it is gone.
fn planned(bench: &Bench) -> Used {
    let output = fs::File::create(bench.path("out")).expect("a file in the bench");
    let mut child = Command::new(env!("CARGO_BIN_EXE_sweep"))
        .args(["plan", "million.toml"])
        .current_dir(bench.path(""))
        .stdout(output)
        .stderr(Stdio::null())
        .spawn()
        .expect("sweep starts");
    let process = format!("/proc/{}", child.id());
    let mut used = Used::default();
    let status = loop {
        // A process that has ended and was not waited for still tells its times, not its memory.
        let memory = fs::read_to_string(format!("{process}/status")).unwrap_or_default();
        let peak = memory
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next()?.parse().ok());
        used.most_kb = peak.unwrap_or(0).max(used.most_kb);
        used.processor = ticks(&process).map_or(used.processor, |ticks| Duration::from_millis(ticks * 10));
        if let Some(status) = child.try_wait().expect("a child of ours") {
            break status;
        }
        thread::sleep(Duration::from_millis(10));
    };
    assert!(status.success(), "{status}");
    assert!(bench.read("out").contains(": 1000002 runs, 1000002 to carry out"), "it plans a million points");
    used
}

/// User and system time in hundredths of a second.
fn ticks(process: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("{process}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit(") ").next()?.split(' ').collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}
