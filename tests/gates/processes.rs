//! Sweeps of the toy engine as processes: started, watched and found again by a mark in their environment.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::harness::{Bench, csv_rows};

/// Passed on to workers as everything that begins so.
const MARK: &str = "SWEEP_GATE_MARK";
/// How long a condition is waited for that must come about.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// A folder with one grid, and the processes that were started in it.
pub(crate) struct Scene {
    pub(crate) bench: Bench,
    mark: String,
}

impl Scene {
    /// A scene whose grid has `points` × `seeds` runs of `work` milliseconds and four more, which take no time.
    pub(crate) fn new(points: u64, seeds: u64, work: u64) -> Self {
        let bench = Bench::new();
        let shifts: Vec<String> = (0..points).map(|point| format!("{point}.5")).collect();
        let grid = format!(
            "name = \"gate\"\nengine = \"toy\"\nseeds = {seeds}\n[oracle]\nmodels = 2\nheld-out = 2\n\
             [toy]\nexamples = 4\n[pool]\nstall-timeout = \"3s\"\n\
             [method.simulated]\nshift = [{}]\nwork-ms = {work}\n",
            shifts.join(", ")
        );
        bench.write("gate.toml", grid);
        let mark = bench.path("").display().to_string();
        Self { bench, mark }
    }

    /// A `sweep` of the grid, not yet started; it may be given to another program to start.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.bench.path("")).env(MARK, &self.mark).env("NO_COLOR", "1");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    pub(crate) fn sweep(&self, results: &str, jobs: &str) -> Child {
        self.sweep_in_cohorts(results, jobs, 1)
    }

    /// The same with workers that are given so many runs of a point at once.
    pub(crate) fn sweep_in_cohorts(&self, results: &str, jobs: &str, cohort: u32) -> Child {
        let cohort = format!("pool.cohort={cohort}");
        let arguments =
            ["gate.toml", "--out", results, "--jobs", jobs, "--progress", "none", "--set", &cohort];
        self.command(env!("CARGO_BIN_EXE_sweep"), &arguments).spawn().expect("sweep starts")
    }

    /// All processes of this scene that live, dead ones that nobody has reaped excepted.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let mark = format!("{MARK}={}\0", self.mark);
        all_processes()
            .filter(|pid| {
                let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                contains(&environment, mark.as_bytes())
            })
            .collect()
    }

    /// Fails unless all processes are gone in time; returns how long that took.
    pub(crate) fn expect_empty(&self, within: Duration) -> Duration {
        let since = Instant::now();
        loop {
            let left = self.processes();
            let passed = since.elapsed();
            if left.is_empty() {
                return passed;
            }
            assert!(passed <= within, "{} processes are left after {passed:?}: {}", left.len(), names(&left));
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Number of runs whose end the journal has.
    pub(crate) fn ended(&self, results: &str) -> usize {
        self.bench.ended(results).len()
    }

    /// What each run came to, byte for byte, by its id: the status, and the array that it left.
    pub(crate) fn outcomes(&self, results: &str) -> BTreeMap<String, Ended> {
        let rows = csv_rows(&self.bench.read(format!("{results}/runs.csv")));
        rows.into_iter()
            .map(|mut row| {
                let id = row.remove("run_id").expect("a run has an id");
                let array = self.bench.path(format!("{results}/runs/{id}/confidences.npy"));
                let attempt = row.remove("attempt").and_then(|text| text.parse().ok()).unwrap_or(0);
                for circumstance in ["source", "unlearn_s", "measure_s"] {
                    row.remove(circumstance);
                }
                let array = fs::read(array).unwrap_or_default();
                (id, Ended { status: row["status"].clone(), attempt, row, array })
            })
            .collect()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for pid in self.processes() {
            kill("KILL", pid);
        }
    }
}

/// How a run ended.
#[derive(Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) status: String,
    pub(crate) attempt: u32,
    row: BTreeMap<String, String>,
    array: Vec<u8>,
}

impl Ended {
    /// Whether two executions came to the same.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.row == other.row && self.array == other.array
    }
}

/// Processes whose parent is this one.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    all_processes().filter(|&pid| stat(pid).is_some_and(|(_, of)| of == parent)).collect()
}

/// Whether a process has ended and waits to be reaped.
pub(crate) fn is_zombie(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state == 'Z')
}

/// State and parent of a process; its name may contain anything but ends at the last parenthesis.
fn stat(pid: u32) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

fn all_processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir(Path::new("/proc")).expect("there is /proc").filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn names(pids: &[u32]) -> String {
    let name = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    pids.iter().map(name).collect::<Vec<_>>().join("; ")
}

/// Sends a signal; a process that is gone is no error.
pub(crate) fn kill(signal: &str, pid: u32) {
    let _ = Command::new("kill").args(["-s", signal, &pid.to_string()]).stderr(Stdio::null()).status();
}

/// Waits until something is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
