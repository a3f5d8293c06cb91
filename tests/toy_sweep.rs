//! A sweep on the toy engine, end to end: what it leaves, and that running again repeats nothing.

use std::{collections::BTreeSet, fs};

use crate::harness::{Bench, csv_rows, repository};

const FAULTS: &str = r#"
name = "faults"
engine = "toy"
seeds = 3
[oracle]
models = 3
held-out = 3
[toy]
examples = 6
[method.simulated]
fault = ["none", "diverge", "fail", "die", "die-once"]
"#;

fn toy() -> String {
    repository("experiments/toy.toml").display().to_string()
}

/// What several originals and unlearning have of the spread, found where the toy's are known: 0.004 and 0.002 on the retain set.
#[test]
fn the_spread_between_originals_and_that_of_unlearning_are_told_apart() {
    let bench = Bench::new();
    let grid = |originals: u64| {
        format!(
            "name = \"t\"\nengine = \"toy\"\nseeds = 64\n[original]\nmodels = {originals}\n[oracle]\nmodels = 64\nheld-out = 64\n\
             [method.simulated]\nshift = 0.5\nretain-loss = 0.05\n"
        )
    };
    bench.write("grid.toml", grid(16));
    let said = bench.sweep(["run", "grid.toml", "--out", "r"]).expect_code(0);
    assert!(said.stdout.contains("standard deviations, over 16 originals [95 %]"), "{}", said.stdout);
    let points = csv_rows(&bench.read("r/points.csv"));
    let number = |label: &str, column: &str| -> f64 {
        let point = points.iter().find(|point| point["label"] == label).expect("the point");
        point[column].parse().unwrap_or_else(|_| panic!("no {column} in {point:?}"))
    };
    let holds = |label: &str, part: &str, truth: f64| {
        let [low, high] = ["low", "high"].map(|end| number(label, &format!("retain_acc_sd_{part}_{end}")));
        assert!(low <= truth && truth <= high && high < 3.0 * truth, "{label}: {part} in {low} to {high}");
    };
    holds("simulated", "between", 0.004);
    holds("simulated", "within", 0.002);
    // What draws nothing differs by its originals alone, each a model of its own.
    assert_eq!(number("identity", "retain_acc_sd_within_high").to_bits(), 0.0_f64.to_bits());
    holds("identity", "between", 0.004_f64.hypot(0.002));
    assert!(
        points.iter().all(|point| point["label"] != "held-out" || point["retain_acc_sd_within"].is_empty())
    );
    let page = bench.read("r/report.html");
    assert!(page.contains("Originals and unlearning") && page.contains("starts from 16 originals in turn"));

    bench.write("grid.toml", grid(1));
    let said = bench.sweep(["run", "grid.toml", "--out", "one"]).expect_code(0);
    assert!(said.stdout.contains("given one original") && !said.stdout.contains("standard deviations, "));
    assert!(!bench.read("one/points.csv").contains("_sd_"), "nothing to tell apart");
}

/// A stage ends with as many models of each original, and fresh seeds are spread over them, too.
#[test]
fn a_staged_and_confirmed_sweep_goes_through_its_originals_in_turn() {
    let bench = Bench::new();
    bench.write(
        "grid.toml",
        "name = \"t\"\nengine = \"toy\"\n[sweep]\nstages = [8, 16]\n[confirm]\ntop = 1\nseeds = 8\n[original]\nmodels = 4\n\
         [method.simulated]\nshift = [0.1, 3.0]\n",
    );
    bench.sweep(["run", "grid.toml", "--out", "r"]).expect_code(0);
    let points = csv_rows(&bench.read("r/points.csv"));
    let confirmed: Vec<_> = points.iter().filter(|point| point["role"] == "confirm").collect();
    assert!(
        !confirmed.is_empty() && confirmed.iter().all(|point| !point["retain_acc_sd_between"].is_empty()),
        "{points:?}"
    );
    let again = bench.sweep(["run", "grid.toml", "--out", "r"]).expect_code(0);
    assert!(again.stderr.contains("0 pending"), "{}", again.stderr);
}

#[test]
fn two_hundred_runs_leave_tables_figures_and_a_page() {
    let bench = Bench::new();
    let said = bench.sweep(["run", &toy(), "--out", "r"]).expect_code(0);
    assert!(said.stdout.contains("toy"), "the leaderboard names its engine:\n{}", said.stdout);

    let runs = csv_rows(&bench.read("r/runs.csv"));
    let ids: BTreeSet<&str> = runs.iter().map(|run| run["run_id"].as_str()).collect();
    assert_eq!((runs.len(), ids.len()), (200, 200));
    assert!(runs.iter().all(|run| run["status"] == "finished" && !run["method"].is_empty()));
    assert!(runs.iter().all(|run| run["seed"].parse::<u64>().is_ok()));

    let live = bench.read("r/live.html");
    assert!(live.contains("url=report.html") && live.contains("200 finished"), "{live}");
    let page = bench.read("r/report.html");
    assert!(
        page.contains("<pre># Question: does the whole line") && page.contains("<dt>processor</dt>"),
        "{page}"
    );

    let points = csv_rows(&bench.read("r/points.csv"));
    let score = |label: &str| {
        let point = points.iter().find(|point| point["label"] == label);
        point.unwrap_or_else(|| panic!("no point {label}"))["score"].parse::<f64>().expect("a score")
    };
    assert!(score("identity") < score("held-out"), "the floor lies below the ceiling");
    // Floor and ceiling are no part of the family over which q-values are taken.
    for point in points.iter().filter(|point| !point["score"].is_empty()) {
        let number = |column: &str| point[column].parse::<f64>().ok();
        let p = number("p").unwrap_or_else(|| panic!("no p in {point:?}"));
        let floor_or_ceiling = point["role"] == "held-out" || point["method"] == "identity";
        assert_eq!(number("q").is_none(), floor_or_ceiling, "{point:?}");
        assert!(0.0 < p && p <= number("q").unwrap_or(1.0) && number("score_p").is_some(), "{point:?}");
        assert!(point["method"] != "identity" || p <= 0.01, "the floor is found: {point:?}");
    }
    for made in
        ["report.html", "runs.parquet", "points.parquet", "figures/trade-off.png", "figures/scores.svg"]
    {
        assert!(bench.path("r").join(made).metadata().is_ok_and(|file| file.len() > 100), "{made}");
    }
}

#[test]
fn running_again_repeats_nothing_and_changes_nothing() {
    let bench = Bench::new();
    bench.sweep([&toy(), "--out", "r"]).expect_code(0);
    let tables = [bench.read("r/runs.csv"), bench.read("r/points.csv")];
    assert_eq!(bench.ended("r").len(), 200);
    bench.sweep([&toy(), "--out", "r"]).expect_code(0);
    assert_eq!(bench.ended("r").len(), 200, "no run has a second end");
    assert_eq!(tables, [bench.read("r/runs.csv"), bench.read("r/points.csv")]);
}

#[test]
fn a_report_is_made_again_from_results_alone() {
    let bench = Bench::new();
    bench.sweep([&toy(), "--out", "r"]).expect_code(0);
    let (page, table) = (bench.read("r/report.html"), bench.read("r/points.csv"));
    for derived in ["report.html", "points.csv", "runs.csv", "points.parquet", "runs.parquet"] {
        fs::remove_file(bench.path("r").join(derived)).expect("it was there");
    }
    fs::remove_dir_all(bench.path("r/figures")).expect("they were there");
    bench.sweep(["report", "r"]).expect_code(0);
    assert_eq!((page, table), (bench.read("r/report.html"), bench.read("r/points.csv")));
}

#[test]
fn every_fault_costs_its_own_runs_alone() {
    let bench = Bench::new();
    bench.write("faults.toml", FAULTS);
    // Alone, and all three of a fault at one worker.
    for cohort in ["pool.cohort=1", "pool.cohort=3"] {
        bench.sweep(["faults.toml", "--out", cohort, "--set", cohort]).expect_code(1);
        let runs = csv_rows(&bench.read(format!("{cohort}/runs.csv")));
        for (fault, status) in [
            ("none", "finished"),
            ("diverge", "diverged"),
            ("fail", "failed"),
            ("die", "failed"),
            ("die-once", "finished"),
        ] {
            let of_fault: Vec<_> = runs.iter().filter(|run| run["params.fault"] == fault).collect();
            assert_eq!(of_fault.len(), 3, "{fault}");
            assert!(of_fault.iter().all(|run| run["status"] == status), "{fault}: {of_fault:?}");
            let attempts = if fault.starts_with("die") { "2" } else { "1" };
            assert!(of_fault.iter().all(|run| run["attempt"] == attempts), "{fault}: {of_fault:?}");
        }
    }
}

#[test]
fn the_number_of_forget_examples_decides_every_id() {
    let bench = Bench::new();
    let ids = |examples: &str| -> BTreeSet<String> {
        let plan = bench.sweep(["plan", &toy(), "--format", "json", "--set", examples]).expect_code(0).stdout;
        let plan: serde_json::Value = serde_json::from_str(&plan).expect("a plan");
        plan["runs"].as_array().expect("runs").iter().map(|run| run["id"].to_string()).collect()
    };
    assert_eq!(ids("toy.examples=50"), ids("seeds=20"), "50 is the default");
    assert!(ids("toy.examples=50").is_disjoint(&ids("toy.examples=51")));
}

#[test]
fn another_scheduler_is_refused_while_the_results_are_locked() {
    let bench = Bench::new();
    bench.sweep([&toy(), "--out", "r"]).expect_code(0);
    let lock = fs::OpenOptions::new().write(true).open(bench.path("r/sweep.lock")).expect("a lock file");
    lock.try_lock().expect("nobody holds it");
    let said = bench.sweep([&toy(), "--out", "r"]).expect_code(5);
    assert!(said.stderr.contains("in use"), "{}", said.stderr);
    drop(lock);
    bench.sweep([&toy(), "--out", "r"]).expect_code(0);
}

#[test]
fn numbers_do_not_depend_on_the_number_of_slots() {
    let bench = Bench::new();
    bench.sweep([&toy(), "--out", "one", "--jobs", "1"]).expect_code(0);
    bench.sweep([&toy(), "--out", "four", "--jobs", "4"]).expect_code(0);
    assert_eq!(bench.read("one/points.csv"), bench.read("four/points.csv"));
    bench.sweep([&toy(), "--out", "cohorts", "--set", "pool.cohort=16"]).expect_code(0);
    assert_eq!(bench.read("one/points.csv"), bench.read("cohorts/points.csv"));
}

#[test]
fn an_edited_grid_adds_runs_and_repeats_none() {
    let bench = Bench::new();
    bench.write(
        "faults.toml",
        FAULTS.replace(r#"["none", "diverge", "fail", "die", "die-once"]"#, r#""none""#),
    );
    bench.sweep(["faults.toml", "--out", "r"]).expect_code(0);
    let before = bench.ended("r").len();
    bench.write("faults.toml", FAULTS.replace(r#""fail", "die", "die-once""#, r#""fail""#));
    bench.sweep(["faults.toml", "--out", "r"]).expect_code(1);
    assert_eq!(bench.ended("r").len(), before + 6, "the two new points, three runs each");
}
