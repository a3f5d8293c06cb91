//! Toy sweeps of 20 runs as real processes that are killed or fail, and what must be true behind them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::harness::{Bench, measured};

/// Runs of the sweep.
pub(crate) const RUNS: usize = 20;
/// Workers at a time.
pub(crate) const SLOTS: usize = 2;

const GRID: &str = r#"
name = "gate"
engine = "toy"
seeds = 4
[toy]
examples = 4
[oracle]
models = 4
held-out = 4
[method.simulated]
shift = [0.0, 1.0]
"#;

type Rows = Vec<BTreeMap<String, String>>;

/// A folder with the grid, in which the sweep goes on from trial to trial.
pub(crate) struct Toy {
    bench: Bench,
}

/// What the journal has: whole lines only.
#[derive(Debug, Default, Clone)]
pub(crate) struct History {
    lines: Vec<String>,
    started: Vec<String>,
    pub(crate) ended: Vec<String>,
}

impl Toy {
    pub(crate) fn new() -> Self {
        let bench = Bench::new();
        bench.write("gate.toml", GRID);
        Self { bench }
    }

    /// The command that carries out what is missing.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sweep"));
        let jobs = SLOTS.to_string();
        command.args(["run", "gate.toml", "--out", "r", "--replicates", "0", "--jobs", &jobs]);
        command
            .current_dir(self.bench.path("."))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command.env("NO_COLOR", "1");
        command
    }

    /// Carries the sweep out with the durable change `at` failing in this way.
    pub(crate) fn crash(&self, at: u64, by: &str) -> Output {
        let mut command = self.command();
        command.env("SWEEP_CRASH_AT", at.to_string()).env("SWEEP_CRASH_BY", by);
        command.output().expect("sweep starts")
    }

    /// Number of durable changes that a whole sweep makes.
    pub(crate) fn changes() -> u64 {
        let (mut survives, mut dies) = (1 << 12, 1);
        while survives - dies > 1 {
            let middle = u64::midpoint(survives, dies);
            let killed = Self::new().crash(middle, "kill").status.code().is_none();
            if killed { dies = middle } else { survives = middle }
        }
        dies
    }

    /// Resumes to the end and returns what was measured.
    pub(crate) fn finish(&self) -> Rows {
        let output = self.command().output().expect("sweep starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "the resume goes to its end: {said}");
        self.measured()
    }

    /// What `runs.csv` has, circumstances left out.
    pub(crate) fn measured(&self) -> Rows {
        measured(&self.bench.read("r/runs.csv"))
    }

    pub(crate) fn history(&self) -> History {
        let mut history = History::default();
        let text = fs::read(self.bench.path("r/journal.jsonl")).unwrap_or_default();
        for line in String::from_utf8_lossy(&text).split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            let Ok(entry) = serde_json::from_str::<Value>(line) else { continue };
            let run = |event: &str| entry["event"][event]["run"].as_str().map(str::to_owned);
            history.started.extend(run("started"));
            history.ended.extend(run("ended"));
            history.lines.push(line.to_owned());
        }
        history
    }
}

impl History {
    /// Fails unless everything that was recorded `before` is still there, untouched, and no run that had ended was started
    /// again.
    pub(crate) fn check_keeps(&self, before: &Self) {
        assert!(self.lines.starts_with(&before.lines), "recorded lines are lost or changed");
        let ended: BTreeSet<_> = before.ended.iter().collect();
        let again: Vec<_> =
            self.started[before.started.len()..].iter().filter(|run| ended.contains(run)).collect();
        assert!(again.is_empty(), "ended and started again: {again:?}");
        let open: BTreeSet<_> = before.started.iter().filter(|run| !ended.contains(run)).collect();
        assert!(open.len() <= SLOTS, "{} runs were in flight at {SLOTS} slots", open.len());
    }

    /// Fails unless every run has ended, once.
    pub(crate) fn check_complete(&self) {
        let once: BTreeSet<_> = self.ended.iter().collect();
        assert_eq!((self.ended.len(), once.len()), (RUNS, RUNS), "every run ends once");
    }
}
