//! Staged sweeps on the toy engine: who is dropped, that nothing is lost by a kill, and what the report says.

use std::collections::BTreeMap;

use crate::harness::{Bench, csv_rows, measured};

/// Two points near retraining, two far from it, and one that fails.
const STAGED: &str = r#"
name = "staged"
engine = "toy"
[sweep]
stages = [6, 12, 20]
[toy]
examples = 40
[method.simulated]
shift = [0.0, 0.2, 3.0, 4.0]
[method.broken]
method = "simulated"
shift = 0.1
fault = "fail"
"#;

fn runs_by_point(bench: &Bench) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for run in csv_rows(&bench.read("r/runs.csv")) {
        assert!(run["status"] == "finished" || run["status"] == "failed", "{run:?}");
        *counts.entry((run["label"].clone(), run["params.shift"].clone())).or_insert(0) += 1;
    }
    counts
}

#[test]
fn stages_are_for_one_scheduler() {
    let bench = Bench::new();
    bench.write("staged.toml", STAGED);
    let said = bench.sweep(["staged.toml", "--out", "r", "--shared"]).expect_code(2);
    assert!(said.stderr.contains("`stages`"), "{}", said.stderr);
    assert!(!bench.path("r").exists(), "nothing is left behind");
}

#[test]
fn points_that_are_behind_get_no_more_models() {
    let bench = Bench::new();
    bench.write("staged.toml", STAGED);
    let plan = bench.sweep(["plan", "staged.toml", "--out", "r"]).expect_code(0).stdout;
    assert!(plan.contains("every point gets 6 models") && plan.contains("go on to 12, 20"), "{plan}");
    bench.sweep(["staged.toml", "--out", "r"]).expect_code(1);

    let runs = runs_by_point(&bench);
    let of = |label: &str, shift: &str| runs[&(label.to_owned(), shift.to_owned())];
    let (near, far) = (of("simulated", "0.0"), of("simulated", "3.0"));
    assert_eq!((near, far, of("simulated", "4.0"), of("broken", "0.1")), (20, 6, 6, 6), "{runs:?}");
    for label in ["oracle", "held-out", "identity"] {
        assert_eq!(runs[&(label.to_owned(), String::new())], 20, "{label} grows alongside");
    }
    let points = csv_rows(&bench.read("r/points.csv"));
    let reason = |shift: &str| {
        let point = points.iter().find(|point| point["params.shift"] == shift);
        point.map(|point| point["dash_reason"].clone()).expect("every shift has a point")
    };
    assert!(reason("4.0").starts_with("dropped at N = 6: its score"), "{}", reason("4.0"));
    assert!(reason("0.1").contains("dropped at N = 6: 0 of 6 runs finished"), "{}", reason("0.1"));
    assert_eq!(reason("0.0"), "");
    let page = bench.read("r/report.html");
    assert!(
        page.contains("<h2>Stages</h2>") && page.contains("N = 6: 5 entered, 2 went on, 3 dropped"),
        "{page}"
    );

    let before = bench.ended("r").len();
    bench.sweep(["staged.toml", "--out", "r"]).expect_code(1);
    assert_eq!(bench.ended("r").len(), before, "running again decides the same and repeats nothing");
}

#[test]
fn a_killed_staged_sweep_goes_on_where_it_was() {
    let reference = Bench::new();
    reference.write("staged.toml", STAGED);
    reference.sweep(["staged.toml", "--out", "r"]).expect_code(1);
    let expected = measured(&reference.read("r/runs.csv"));
    let all = reference.ended("r").len();
    for moment in [3, 48, 60, 95, all - 1] {
        let bench = Bench::new();
        bench.write("staged.toml", STAGED);
        bench.kill_after(moment, "r", ["staged.toml", "--out", "r"]);
        bench.sweep(["report", "r"]).expect_code(0);
        bench.sweep(["staged.toml", "--out", "r"]).expect_code(1);
        assert_eq!(bench.ended("r").len(), all, "killed after {moment}");
        assert_eq!(measured(&bench.read("r/runs.csv")), expected, "killed after {moment}");
    }
}

#[test]
fn a_part_of_the_points_cannot_be_staged() {
    let bench = Bench::new();
    bench.write("staged.toml", STAGED);
    let said = bench.sweep(["staged.toml", "--out", "r", "--only", "shift < 1"]).expect_code(2);
    assert!(said.stderr.contains("stages"), "{}", said.stderr);
}
