//! Confirmation on the toy engine: which points are carried out once more, that nothing is lost by a kill, and what the
//! report says.

use std::collections::BTreeSet;

use crate::harness::{Bench, csv_rows, measured};

/// Two points near retraining, one of them with the method's defaults, and two far from it.
const GRID: &str = r#"
name = "confirmed"
engine = "toy"
seeds = 6
[confirm]
top = 2
seeds = 9
[toy]
examples = 40
[method.simulated]
shift = [4.0, 0.4, 0.0, 3.0]
spread = 0.9
[method.usual]
method = "simulated"
shift = [0.0, 5.0]
"#;

const RUN: [&str; 3] = ["grid.toml", "--out", "r"];
/// Signs of life come often, so that the dead are missed soon.
const SHARED: [&str; 6] = ["grid.toml", "--out", "r", "--shared", "--set", "cluster.heartbeat=250ms"];

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("grid.toml", GRID);
    bench
}

/// Label, shift and models of the points that were confirmed, in their order.
fn confirmed(bench: &Bench) -> Vec<(String, String, String)> {
    let points = csv_rows(&bench.read("r/points.csv")).into_iter().filter(|point| point["role"] == "confirm");
    points.map(|it| (it["label"].clone(), it["params.shift"].clone(), it["n"].clone())).collect()
}

#[track_caller]
fn expect_as_undisturbed(disturbed: &Bench) {
    let alone = bench();
    alone.sweep(RUN).expect_code(0);
    assert_eq!(measured(&disturbed.read("r/runs.csv")), measured(&alone.read("r/runs.csv")));
    assert_eq!(confirmed(disturbed), confirmed(&alone));
}

#[test]
fn the_best_points_and_the_defaults_are_carried_out_again_on_fresh_seeds() {
    let bench = bench();
    let plan = bench.sweep(["plan", "grid.toml", "--out", "r"]).expect_code(0).stdout;
    assert!(plan.contains("the 2 best points") && plan.contains("9 models of fresh seeds"), "{plan}");
    let said = bench.sweep(RUN).expect_code(0).stdout;
    assert_eq!(said.matches("\nconfirmed: ").count(), confirmed(&bench).len(), "{said}");

    let points = confirmed(&bench);
    assert!((2..=3).contains(&points.len()), "the two best, and the defaults: {points:?}");
    assert!(
        points.iter().all(|(_, shift, n)| ["0.0", "0.4"].contains(&shift.as_str()) && n == "9"),
        "{points:?}"
    );
    assert!(
        points.iter().any(|(label, ..)| label == "usual"),
        "the method's defaults are among them: {points:?}"
    );
    let runs = csv_rows(&bench.read("r/runs.csv"));
    let seeds = |role: &str| -> BTreeSet<String> {
        runs.iter().filter(|run| run["role"] == role).map(|run| run["seed"].clone()).collect()
    };
    assert_eq!(seeds("confirm"), (3_000_000..3_000_009).map(|seed: u64| seed.to_string()).collect());
    assert!(seeds("confirm").is_disjoint(&seeds("unlearn")), "no seed of the search");
    assert_eq!(seeds("held-out").len(), 9, "as many models were held out");

    let page = bench.read("r/report.html");
    assert!(page.contains("<h2>Confirmed</h2>") && page.contains("On 9 fresh seeds"), "{page}");
    let before = bench.ended("r").len();
    bench.sweep(RUN).expect_code(0);
    assert_eq!(bench.ended("r").len(), before, "running again chooses the same and repeats nothing");
    bench.sweep(["fsck", "r"]).expect_code(0);
}

#[test]
fn a_sweep_that_is_killed_confirms_what_it_would_have() {
    let undisturbed = bench();
    undisturbed.sweep(RUN).expect_code(0);
    let all = undisturbed.ended("r").len();
    for moment in [5, all - 20, all - 1] {
        let bench = bench();
        bench.kill_after(moment, "r", RUN);
        bench.sweep(["report", "r"]).expect_code(0);
        bench.sweep(RUN).expect_code(0);
        assert_eq!(bench.ended("r").len(), all, "killed after {moment}");
        expect_as_undisturbed(&bench);
    }
}

#[test]
fn schedulers_that_share_a_folder_confirm_the_same() {
    let bench = bench();
    let mut both = [bench.start(SHARED), bench.start(SHARED)];
    for scheduler in &mut both {
        assert_eq!(scheduler.wait().expect("a child of ours").code(), Some(0));
    }
    let ended = bench.ended("r");
    assert_eq!(ended.len(), ended.iter().collect::<BTreeSet<_>>().len(), "no run ends twice");
    expect_as_undisturbed(&bench);
    let said = bench.sweep(["status", "r"]).expect_code(0).stdout;
    assert!(!said.contains("pending"), "{said}");
}

#[test]
fn the_best_of_a_staged_sweep_are_confirmed() {
    let bench = Bench::new();
    bench.write("grid.toml", GRID.replace("seeds = 6\n[confirm]", "[sweep]\nstages = [4, 6]\n[confirm]"));
    bench.sweep(RUN).expect_code(0);
    let points = confirmed(&bench);
    assert!(points.iter().all(|(_, _, n)| n == "9") && points.len() >= 2, "{points:?}");
    let held_out = csv_rows(&bench.read("r/runs.csv")).into_iter().filter(|run| run["role"] == "held-out");
    assert_eq!(held_out.count(), 9, "more than the last stage has");
}

#[test]
fn what_cannot_be_confirmed_is_refused() {
    for (grid, reason) in [
        (GRID.replace("seeds = 9", "seeds = 3"), "seeds"),
        (GRID.replace("[toy]", "[oracle]\nheld-out = 8\n[toy]"), "held-out"),
        (GRID.replace("top = 2", "tops = 2"), "top"),
        (GRID.replace("seeds = 6", "seeds = 3"), "at least 4"),
    ] {
        let bench = Bench::new();
        bench.write("grid.toml", &grid);
        let said = bench.sweep(RUN).expect_code(2).stderr;
        assert!(said.contains(reason), "{said}");
    }
    let said = bench().sweep(["grid.toml", "--out", "r", "--only", "shift < 1"]).expect_code(2);
    assert!(said.stderr.contains("[confirm]"), "{}", said.stderr);
}
