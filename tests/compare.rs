//! `sweep compare`: several sweeps as one leaderboard.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::{Bench, TRAINING};

fn sweep(bench: &Bench, name: &str, seeds: u64, shifts: &str) {
    let oracle = "[oracle]\nmodels = 20\nheld-out = 20\n";
    let toy = "[toy]\nexamples = 30\n";
    let grid = format!(
        "name = \"{name}\"\nengine = \"toy\"\nseeds = {seeds}\n{oracle}{toy}[method.simulated]\nshift = {shifts}\n"
    );
    bench.write(&format!("{name}.toml"), grid);
    bench.sweep(["run", &format!("{name}.toml"), "--out", name]).expect_code(0);
}

/// What a leaderboard says of each point, by title without the name of a sweep.
fn points(json: &str) -> BTreeMap<String, Value> {
    let board: Value = serde_json::from_str(json).expect("one JSON object");
    let points = board["points"].as_array().expect("a list").clone();
    let named = points.into_iter().map(|mut point| {
        let title = point["title"].as_str().expect("a title").to_owned();
        for name in ["title", "label"] {
            point[name] = Value::Null;
        }
        (title.split_once('/').map_or(title.clone(), |(_, bare)| bare.to_owned()), point)
    });
    named.collect()
}

#[test]
fn two_sweeps_compare_as_the_one_that_has_all_their_points() {
    let bench = Bench::new();
    sweep(&bench, "near", 20, "[0.0, 0.5, 2.0]");
    sweep(&bench, "far", 20, "[1.0, 2.0]");
    sweep(&bench, "all", 20, "[0.0, 0.5, 1.0, 2.0]");
    let both = bench.sweep(["compare", "near", "far", "--format", "json"]).expect_code(0);
    let one = bench.sweep(["report", "all", "--format", "json"]).expect_code(0);
    assert_eq!(points(&both.stdout), points(&one.stdout), "scores, intervals and ranks");
    assert!(!both.stderr.contains("note"), "{}", both.stderr);

    let shown = bench.sweep(["compare", "near", "far", "--out", "both"]).expect_code(0);
    for title in ["near/simulated shift=0.5", "far/simulated shift=1", " simulated shift=2 "] {
        assert!(shown.stdout.contains(title), "`{title}` in:\n{}", shown.stdout);
    }
    assert!(bench.read("both/report.html").contains("near + far"));
    let points = bench.read("both/points.csv");
    assert_eq!(points.lines().count(), 1 + 7, "oracle, held-out group, floor and four points:\n{points}");
    let said = bench.sweep(["compare", "near", "far", "--out", "near"]);
    assert_eq!(said.code, Some(2), "a sweep's own report stays: {}", said.stderr);
}

#[test]
fn sweeps_of_unequal_n_compare_at_the_smaller() {
    let bench = Bench::new();
    sweep(&bench, "many", 20, "[0.0, 2.0]");
    sweep(&bench, "few", 8, "[1.0, 3.0]");
    sweep(&bench, "all", 8, "[0.0, 1.0, 2.0, 3.0]");
    let both = bench.sweep(["compare", "many", "few", "--format", "json"]).expect_code(0);
    assert!(both.stderr.contains("compared at N = 8"), "{}", both.stderr);
    let one = bench.sweep(["report", "all", "--format", "json"]).expect_code(0);
    assert_eq!(points(&both.stdout), points(&one.stdout), "as if no more had been there");
}

#[test]
fn what_a_staged_sweep_has_dropped_is_left_out() {
    let bench = Bench::new();
    sweep(&bench, "plain", 20, "[1.0]");
    let staged = bench.read("plain.toml").replace("seeds = 20\n", "").replace("\"plain\"", "\"staged\"");
    let staged =
        staged.replace("[1.0]", "[0.0, 6.0]").replace("[oracle]", "[sweep]\nstages = [8, 20]\n[oracle]");
    bench.write("staged.toml", staged);
    bench.sweep(["run", "staged.toml", "--out", "staged"]).expect_code(0);
    let both = bench.sweep(["compare", "staged", "plain", "--format", "json"]).expect_code(0);
    assert!(both.stderr.contains("dropped by a staged sweep and left out: 1"), "{}", both.stderr);
    let points = points(&both.stdout);
    assert!(
        points.contains_key("simulated shift=0") && !points.contains_key("simulated shift=6"),
        "{points:?}"
    );
}

#[test]
fn scores_that_do_not_compare_are_refused_with_the_reason() {
    let bench = Bench::with_faces();
    let rest = "[oracle]\nmodels = 3\nheld-out = 3\n[method.ct]\nepochs = 1\n";
    let grid = format!("name = \"a\"\nseeds = 3\n{TRAINING}{rest}");
    bench.write("a.toml", &grid);
    bench.write("b.toml", grid.replace("lr = 1e-3", "lr = 2e-3"));
    sweep(&bench, "toy", 3, "[1.0]");
    for name in ["a", "b"] {
        bench.sweep(["run", &format!("{name}.toml"), "--out", name, "--no-cache"]).expect_code(0);
    }
    for (others, what) in [(["a", "b"], "originals differ"), (["a", "toy"], "engines differ")] {
        let said = bench.sweep(["compare"].iter().chain(&others));
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{}", said.stderr);
        assert!(said.stderr.contains(what), "{}", said.stderr);
    }
    let said = bench.sweep(["compare", "a"]);
    assert_eq!(said.code, Some(2), "one alone is no comparison: {}", said.stderr);
}

#[test]
fn what_two_grids_have_fixed_differently_is_named_and_differences_to_the_best_are_shown() {
    let bench = Bench::new();
    for (name, spread) in [("narrow", "1.0"), ("wide", "3.0")] {
        sweep(&bench, name, 20, &format!("[0.0, 2.0]\nspread = {spread}"));
    }
    let shown = bench.sweep(["compare", "narrow", "wide"]).expect_code(0).stdout;
    for title in ["narrow/simulated shift=0 spread=1", "wide/simulated shift=0 spread=3"] {
        assert!(shown.contains(title), "`{title}` in:\n{shown}");
    }
    let rows: Vec<&str> =
        shown.lines().filter(|line| line.contains("/simulated") && line.contains('[')).collect();
    let rows: Vec<&str> = rows.into_iter().filter(|row| !row.starts_with("harmed")).collect();
    assert!(shown.contains("less the best") && rows.len() == 4, "{shown}");
    assert!(rows[1..].iter().all(|row| row.contains(" -0.")), "each but the best lies below it:\n{shown}");
}
