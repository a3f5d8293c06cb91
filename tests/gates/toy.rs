//! Toy sweeps of 20 runs as real processes that are killed or fail, and what must be true behind them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::{
    faulty,
    harness::{Bench, measured},
};

/// Runs of the sweep.
pub(crate) const RUNS: usize = 20;
/// Workers at a time.
pub(crate) const SLOTS: usize = 2;

pub(crate) const GRID: &str = r#"
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

pub(crate) type Rows = Vec<BTreeMap<String, String>>;

/// A folder with the grid, in which the sweep goes on from trial to trial.
pub(crate) struct Toy {
    bench: Bench,
    /// What the command is told beside.
    further: &'static [&'static str],
    /// Runs that a worker is given at once.
    cohort: usize,
}

/// Signs of life come often, so that the dead are missed soon.
const SHARED: [&str; 3] = ["--shared", "--set", "cluster.heartbeat=20ms"];

const IN_COHORTS: [&str; 2] = ["--set", "pool.cohort=3"];

/// What the journal has: whole lines only.
#[derive(Debug, Default, Clone)]
pub(crate) struct History {
    /// Runs that a worker was given at once.
    cohort: usize,
    journals: BTreeMap<PathBuf, Vec<String>>,
    started: Vec<String>,
    pub(crate) ended: Vec<String>,
}

impl Toy {
    pub(crate) fn new() -> Self {
        let bench = Bench::new();
        bench.write("gate.toml", GRID);
        Self { bench, further: &[], cohort: 1 }
    }

    /// One whose folder other schedulers may work on.
    pub(crate) fn shared() -> Self {
        Self { further: &SHARED, ..Self::new() }
    }

    /// One whose workers are given three runs of a point at once.
    pub(crate) fn in_cohorts() -> Self {
        Self { further: &IN_COHORTS, cohort: 3, ..Self::new() }
    }

    /// The command that carries out what is missing.
    pub(crate) fn command(&self) -> Command {
        self.told(Command::new(env!("CARGO_BIN_EXE_sweep")))
    }

    fn told(&self, mut command: Command) -> Command {
        let jobs = SLOTS.to_string();
        command.args(["run", "gate.toml", "--out", "r", "--replicates", "0", "--jobs", &jobs]);
        command.args(self.further);
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
        self.told(faulty::sweep(at, by)).output().expect("sweep starts")
    }

    /// Number of durable changes that a whole sweep makes; about that, where it is shared: then time makes some, too.
    pub(crate) fn changes(new: fn() -> Self) -> u64 {
        let (mut survives, mut dies) = (1 << 12, 1);
        while survives - dies > 1 {
            let middle = u64::midpoint(survives, dies);
            let killed = new().crash(middle, "kill").status.code().is_none();
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
        let mut history = History { cohort: self.cohort, ..History::default() };
        for path in self.bench.journals("r") {
            let text = fs::read(&path).unwrap_or_default();
            let lines = history.journals.entry(path).or_default();
            for line in
                String::from_utf8_lossy(&text).split_inclusive('\n').filter(|line| line.ends_with('\n'))
            {
                let Ok(entry) = serde_json::from_str::<Value>(line) else { continue };
                let run = |event: &str| entry["event"][event]["run"].as_str().map(str::to_owned);
                history.started.extend(run("started"));
                history.ended.extend(run("ended"));
                lines.push(line.to_owned());
            }
        }
        // A scheduler that shares the sweep may have died before it wrote the end into its journal, too.
        let ends = fs::read_dir(self.bench.path("r/done")).into_iter().flatten().filter_map(Result::ok);
        let ends = ends.filter_map(|end| end.file_name().into_string().ok());
        let new: Vec<_> = ends.filter(|run| !history.ended.contains(run)).collect();
        history.ended.extend(new);
        history
    }
}

impl History {
    /// Fails unless everything that was recorded `before` is still there, untouched, and no run that had ended was started
    /// again.
    pub(crate) fn check_keeps(&self, before: &Self) {
        for (journal, lines) in &before.journals {
            let kept = self.journals.get(journal).is_some_and(|now| now.starts_with(lines));
            assert!(kept, "recorded lines of {} are lost or changed", journal.display());
        }
        let ended: BTreeSet<_> = before.ended.iter().collect();
        let starts = |history: &Self, run: &str| history.started.iter().filter(|of| *of == run).count();
        let again: Vec<_> = ended.iter().filter(|run| starts(self, run) > starts(before, run)).collect();
        assert!(again.is_empty(), "ended and started again: {again:?}");
        let open: BTreeSet<_> = before.started.iter().filter(|run| !ended.contains(run)).collect();
        let started = |lines: &&Vec<String>| lines.iter().any(|line| line.contains("\"started\""));
        let slots = self.cohort * SLOTS * before.journals.values().filter(started).count();
        assert!(open.len() <= slots, "{} runs were in flight at {slots} slots", open.len());
    }

    /// Fails unless every run has ended, once.
    pub(crate) fn check_complete(&self) {
        let once: BTreeSet<_> = self.ended.iter().collect();
        assert_eq!((self.ended.len(), once.len()), (RUNS, RUNS), "every run ends once");
    }
}
