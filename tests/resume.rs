//! `kill -9` of the scheduler at any moment: nothing that was finished is lost, nothing is repeated, and the tables come
//! out as if nothing had happened.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    thread,
};

use crate::harness::{Bench, csv_rows, repository};

/// Columns that tell how a result came about, not what it is.
const CIRCUMSTANCES: [&str; 4] = ["attempt", "source", "unlearn_s", "measure_s"];

fn results_of(table: &str) -> Vec<BTreeMap<String, String>> {
    let mut rows = csv_rows(table);
    for row in &mut rows {
        row.retain(|column, _| !CIRCUMSTANCES.contains(&column.as_str()));
    }
    rows
}

/// Runs whose end the journal has, in order.
fn ended(journal: &Path) -> Vec<String> {
    let text = fs::read_to_string(journal).unwrap_or_default();
    let lines = text.lines().filter(|line| line.contains("\"ended\""));
    lines.filter_map(|line| Some(line.split("\"run\":\"").nth(1)?.split('"').next()?.to_owned())).collect()
}

#[test]
fn a_killed_scheduler_loses_nothing_and_repeats_nothing() {
    let grid = repository("experiments/toy.toml").display().to_string();
    let reference = Bench::new();
    reference.sweep([&grid, "--out", "r"]).expect_code(0);
    let expected = results_of(&reference.read("r/runs.csv"));

    // The moments are counted in finished runs, so that they fall all over the sweep on any machine.
    for moment in [0, 1, 7, 20, 39, 41, 80, 120, 180, 199] {
        let bench = Bench::new();
        let mut scheduler = bench.start([&grid, "--out", "r"]);
        let journal = bench.path("r/journal.jsonl");
        while ended(&journal).len() < moment && scheduler.try_wait().expect("a child of ours").is_none() {
            thread::yield_now();
        }
        scheduler.kill().expect("a child of ours");
        scheduler.wait().expect("a child of ours");
        let finished = ended(&journal);

        bench.sweep([&grid, "--out", "r"]).expect_code(0);
        let all = ended(&journal);
        let once: BTreeSet<&String> = all.iter().collect();
        assert_eq!((all.len(), once.len()), (200, 200), "killed after {moment}: every run ends once");
        assert!(all.starts_with(&finished), "killed after {moment}: what was recorded stays");
        assert_eq!(results_of(&bench.read("r/runs.csv")), expected, "killed after {moment}");
    }
}
