//! `kill -9` of the scheduler at any moment: nothing that was finished is lost, nothing is repeated, and the tables come
//! out as if nothing had happened.

use std::collections::BTreeSet;

use crate::harness::{Bench, measured, repository};

#[test]
fn a_killed_scheduler_loses_nothing_and_repeats_nothing() {
    let grid = repository("experiments/toy.toml").display().to_string();
    let reference = Bench::new();
    reference.sweep([&grid, "--out", "r"]).expect_code(0);
    let expected = measured(&reference.read("r/runs.csv"));

    for moment in [0, 1, 7, 20, 39, 41, 80, 120, 180, 199] {
        let bench = Bench::new();
        bench.kill_after(moment, "r", [&grid, "--out", "r"]);
        let finished = bench.ended("r");

        bench.sweep([&grid, "--out", "r"]).expect_code(0);
        let all = bench.ended("r");
        let once: BTreeSet<&String> = all.iter().collect();
        assert_eq!((all.len(), once.len()), (200, 200), "killed after {moment}: every run ends once");
        assert!(all.starts_with(&finished), "killed after {moment}: what was recorded stays");
        assert_eq!(measured(&bench.read("r/runs.csv")), expected, "killed after {moment}");
    }
}
