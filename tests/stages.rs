//! Staged sweeps on the toy engine: who is dropped, that nothing is lost by a kill, and what the report says.

use std::collections::{BTreeMap, BTreeSet};

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

/// A staged sweep that several schedulers share; their signs of life come often, so that the dead are missed soon.
const SHARED: [&str; 6] = ["staged.toml", "--out", "r", "--shared", "--set", "cluster.heartbeat=250ms"];

/// What became of the points, stage by stage.
fn decided(bench: &Bench) -> (Vec<BTreeMap<String, String>>, String) {
    let mut points = csv_rows(&bench.read("r/points.csv"));
    for point in &mut points {
        point.remove("unlearn_s_mean");
    }
    let page = bench.read("r/report.html");
    let stages = page.split("<h2>Stages</h2>").nth(1).and_then(|rest| rest.split("<h2>").next());
    (points, stages.expect("the page tells of stages").to_owned())
}

#[track_caller]
fn expect_as_alone(bench: &Bench) {
    let alone = Bench::new();
    alone.write("staged.toml", STAGED);
    alone.sweep(["staged.toml", "--out", "r"]).expect_code(1);
    assert_eq!(measured(&bench.read("r/runs.csv")), measured(&alone.read("r/runs.csv")));
    assert_eq!(decided(bench), decided(&alone));
    let runs = csv_rows(&bench.read("r/runs.csv")).len();
    let said = bench.sweep(["status", "r"]).expect_code(0).stdout;
    assert!(said.contains(&format!(" {runs} runs, ")) && !said.contains("pending"), "{said}");
}

#[test]
fn schedulers_that_share_a_folder_decide_as_one_alone() {
    let bench = Bench::new();
    bench.write("staged.toml", STAGED);
    let mut both = [bench.start(SHARED), bench.start(SHARED)];
    for scheduler in &mut both {
        assert_eq!(scheduler.wait().expect("a child of ours").code(), Some(1), "some runs fail");
    }
    let ended = bench.ended("r");
    let once: BTreeSet<&String> = ended.iter().collect();
    assert_eq!(ended.len(), once.len(), "no run ends twice");
    expect_as_alone(&bench);
}

#[test]
fn a_scheduler_that_is_killed_between_the_stages_is_missed_by_nobody() {
    for moment in [5, 50, 80] {
        let bench = Bench::new();
        bench.write("staged.toml", STAGED);
        let mut other = bench.start(SHARED);
        bench.kill_after(moment, "r", SHARED);
        assert_eq!(other.wait().expect("a child of ours").code(), Some(1), "killed after {moment}");
        expect_as_alone(&bench);
    }
}

#[test]
fn a_worker_of_a_shared_folder_needs_no_grid_to_go_on_to_the_next_stage() {
    let bench = Bench::new();
    bench.write("staged.toml", STAGED);
    bench.kill_after(20, "r", SHARED);
    bench.sweep(["work", "r"]).expect_code(0);
    bench.sweep(["report", "r"]).expect_code(0);
    expect_as_alone(&bench);
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
    assert!(reason("4.0").starts_with("dropped at N = 6: its quality × utility"), "{}", reason("4.0"));
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
fn every_method_keeps_its_own_best() {
    // Both points of `far` lie behind those of `near`, one of them behind the other too.
    let methods = "[method.near]\nmethod = \"simulated\"\nshift = [0.0, 4.0]\n\
                   [method.far]\nmethod = \"simulated\"\nshift = [1.5, 5.0]\n";
    let grid = |best_of: &str| {
        format!(
            "name = \"tuned\"\nengine = \"toy\"\n[sweep]\nstages = [6, 20]\nbest-of = \"{best_of}\"\n\
             [confirm]\ntop = 1\nseeds = 8\n{methods}"
        )
    };
    let found = |best_of: &str| {
        let bench = Bench::new();
        bench.write("grid.toml", grid(best_of));
        bench.sweep(["grid.toml", "--out", "r"]).expect_code(0);
        let page = bench.read("r/report.html");
        let confirmed =
            csv_rows(&bench.read("r/points.csv")).into_iter().filter(|it| it["role"] == "confirm");
        let confirmed: BTreeSet<String> = confirmed.map(|it| it["params.shift"].clone()).collect();
        (confirmed, page)
    };
    let shifts = |shifts: &[&str]| shifts.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let (confirmed, page) = found("method");
    assert_eq!(confirmed, shifts(&["0.0", "1.5"]));
    assert!(page.contains("<th>Best of its method</th>"), "{page}");
    let (confirmed, page) = found("grid");
    assert_eq!(confirmed, shifts(&["0.0"]));
    assert!(page.contains("<th>Best of all</th>"), "{page}");
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
