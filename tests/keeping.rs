//! What lies on the disk, and what of it nobody needs: `sweep list` and `sweep clean`.

use std::fs;

use serde_json::Value;

use crate::harness::Bench;

const GRID: &str = r#"
engine = "toy"
seeds = 3
[oracle]
models = 3
held-out = 3
[toy]
examples = 6
[method.identity]
[method.shifted]
method = "simulated"
shift = [0.0, 4.0]
"#;

fn listed(bench: &Bench, arguments: &[&str]) -> Vec<Value> {
    let said = bench.sweep(["list", "--format", "json"].iter().chain(arguments)).expect_code(0);
    serde_json::from_str(&said.stdout).expect("a list")
}

#[test]
fn sweeps_are_found_with_what_they_hold() {
    let bench = Bench::new();
    assert_eq!(listed(&bench, &["."]), Vec::<Value>::new());
    for name in ["one", "two"] {
        bench.write(&format!("{name}.toml"), format!("name = \"{name}\"\n{GRID}"));
        bench.sweep(["run", &format!("{name}.toml"), "--out", &format!("results/{name}")]).expect_code(0);
    }
    let all = listed(&bench, &[]);
    let mut names: Vec<&str> = all.iter().filter_map(|own| own["name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["one", "two"]);
    assert!(
        all.iter().all(|own| own["finished"] == own["runs"] && own["bytes"].as_u64() > Some(1000)),
        "{all:?}"
    );
    assert!(all.iter().all(|own| own["best"].is_null()), "nobody asked for scores");
    let best = listed(&bench, &["results/one", "--scores"]);
    assert!(best[0]["best"].as_str().expect("a point").starts_with("shifted shift=0"), "{best:?}");
    let said = bench.sweep(["list"]).expect_code(0);
    assert!(said.stdout.contains("15 of 15"), "{}", said.stdout);
    // What can't be read is listed with the reason, and hides no other.
    fs::write(bench.path("results/two/plan.json"), "{").expect("ours");
    let all = listed(&bench, &[]);
    assert_eq!(all.iter().filter(|own| own["problem"].is_string()).count(), 1, "{all:?}");
}

#[test]
fn only_what_no_sweep_needs_leaves_the_cache() {
    let bench = Bench::with_faces();
    bench.write("one.toml", format!("name = \"one\"\n{GRID}"));
    bench.sweep(["run", "one.toml", "--out", "results/one"]).expect_code(0);
    let needed = bench.ended("results/one").remove(0);
    let stranger = "0123456789abcdef0123456789abcdef";
    for run in [needed.as_str(), stranger] {
        bench.write(&format!("results/cache/{run}/measurement.json"), "{}");
    }
    bench.write("results/cache/notes.txt", "mine");
    let said = bench.sweep(["clean"]).expect_code(0);
    assert!(said.stdout.contains("1 models not needed by the 1 sweeps"), "{}", said.stdout);
    assert!(bench.path("results/cache").join(stranger).exists(), "it is shown first");
    bench.sweep(["clean", "--remove"]).expect_code(0);
    let there = |name: &str| bench.path("results/cache").join(name).exists();
    assert!(!there(stranger) && there(&needed) && there("notes.txt"));
    bench.sweep(["clean", "elsewhere", "--remove"]).expect_code(4);
    assert!(there(&needed), "results that aren't there need nothing that is known");
    // A sweep that can't be read may need anything.
    fs::write(bench.path("results/one/plan.json"), "{").expect("ours");
    bench.sweep(["clean", "--remove"]).expect_code(4);
    assert!(there(&needed));
}

#[test]
fn tags_and_a_note_are_shown_and_change_no_run() {
    let bench = Bench::new();
    bench.write("grid.toml", format!("name = \"one\"\n{GRID}"));
    bench.sweep(["run", "grid.toml", "--out", "results/one"]).expect_code(0);
    let before = bench.read("results/one/runs.csv");
    let ended = bench.ended("results/one");

    let remarks = "tags = [\"week-3\", \"paper\"]\nnote = \"the \\u001b[31mfirst\"";
    bench.write("grid.toml", format!("name = \"one\"\n{remarks}\n{GRID}"));
    let said = bench.sweep(["run", "grid.toml", "--out", "results/one"]).expect_code(0);
    assert!(said.stderr.contains("tags: week-3, paper"), "{}", said.stderr);
    assert_eq!((before, ended), (bench.read("results/one/runs.csv"), bench.ended("results/one")));

    let status = bench.sweep(["status", "results/one"]).expect_code(0).stdout;
    assert!(status.contains("tags: week-3, paper\nthe \\x1b[31mfirst\n"), "{status}");
    let page = bench.read("results/one/report.html");
    assert!(
        page.contains("<span>week-3</span> <span>paper</span> the \\x1b[31mfirst</p>"),
        "a tag and a note"
    );
    bench.write("two.toml", format!("name = \"two\"\n{GRID}"));
    bench.sweep(["run", "two.toml", "--out", "results/two"]).expect_code(0);
    assert_eq!(listed(&bench, &[]).len(), 2);
    let tagged = listed(&bench, &["--tag", "paper", "--tag", "week-3"]);
    assert_eq!((tagged.len(), &tagged[0]["tags"][1]), (1, &Value::from("paper")));
    assert_eq!(listed(&bench, &["--tag", "week-3", "--tag", "none"]).len(), 0);
    let said = bench.sweep(["list"]).expect_code(0).stdout;
    assert!(said.contains("week-3, paper · the \\x1b[31mfirst"), "{said}");
}

#[test]
fn a_grid_with_a_base_is_kept_whole_and_carried_out_again_from_results_alone() {
    let bench = Bench::new();
    bench.write("grids/base.toml", GRID);
    bench.write(
        "grids/mine.toml",
        "name = \"mine\"\ninclude = \"base.toml\"\n[method.shifted]\nshift = [1.0]\n",
    );
    bench.sweep(["run", "grids/mine.toml", "--out", "results/mine"]).expect_code(0);
    assert_eq!(bench.read("results/mine/base.toml"), GRID);
    let (table, ended) = (bench.read("results/mine/runs.csv"), bench.ended("results/mine"));
    assert!(table.contains("shift=1") || table.contains(",1,") || table.contains("1.0"), "{table}");
    let page = bench.read("results/mine/report.html");
    assert!(page.contains("<h3>Included: base.toml</h3>"), "the page has both");

    fs::remove_dir_all(bench.path("grids")).expect("ours");
    bench.sweep(["run", "results/mine/grid.toml", "--out", "results/mine"]).expect_code(0);
    assert_eq!(ended, bench.ended("results/mine"), "nothing is carried out twice");
    bench.sweep(["run", "results/mine/grid.toml", "--out", "again"]).expect_code(0);
    let ids = |table: &str| {
        table.lines().filter_map(|line| line.split(',').next()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ids(&table), ids(&bench.read("again/runs.csv")), "the same runs");
}
