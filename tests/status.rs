//! Which runs have no result, and why: `sweep status` and `sweep logs`.

use crate::harness::Bench;

const FAULTS: &str = r#"
name = "faults"
engine = "toy"
seeds = 3
[oracle]
models = 3
held-out = 3
[toy]
examples = 6
[method.identity]
[method.shaky]
method = "simulated"
fault = ["none", "diverge", "fail", "die"]
"#;

fn faulty() -> Bench {
    let bench = Bench::new();
    bench.write("faults.toml", FAULTS);
    bench.sweep(["run", "faults.toml", "--out", "r"]);
    bench
}

#[test]
fn status_says_which_labels_failed_and_why() {
    let bench = faulty();
    let said = bench.sweep(["status", "r"]).expect_code(0);
    let row = said.stdout.lines().find(|line| line.contains("shaky")).expect("a row for each label");
    let counts: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(counts, ["shaky", "3", "3", "6"], "finished, diverged, failed");
    let why =
        said.stdout.lines().find(|line| line.contains("told to die")).expect("the message of the worker");
    assert!(why.starts_with("3 failed, as "), "how often, and one run to look at: {why}");
    assert!(said.stderr.contains("sweep logs r --failed"), "{}", said.stderr);

    let said = bench.sweep(["status", "r", "--format", "json"]).expect_code(0);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    let messages = json["messages"].as_array().expect("a list");
    let died =
        messages.iter().find(|it| it["message"].as_str().is_some_and(|text| text.contains("told to die")));
    let died = died.expect("one entry for each message");
    assert_eq!((died["runs"].as_u64(), died["status"].as_str()), (Some(3), Some("failed")));
    let run = died["run"].as_str().expect("an id");
    bench.sweep(["logs", "r", &run[..8]]).expect_code(0);
    let labels = json["labels"].as_array().expect("a list");
    assert_eq!(labels[0]["label"], "oracle", "in the order of the plan: {labels:?}");
}

#[test]
fn logs_of_a_sweep_without_a_cluster_are_those_of_what_failed() {
    let bench = faulty();
    for arguments in
        [vec!["logs", "r"], vec!["logs", "r", "--failed"], vec!["logs", "r", "shaky", "--failed"]]
    {
        let said = bench.sweep(&arguments).expect_code(0);
        let headings = said.stdout.lines().filter(|line| line.starts_with("== shaky fault=die seed="));
        assert_eq!(headings.count(), 3, "{arguments:?}:\n{}", said.stdout);
        let diverged = said.stdout.lines().filter(|line| line.starts_with("== shaky fault=diverge seed="));
        assert_eq!(diverged.count(), 3, "what `status` counts as lost has a log too:\n{}", said.stdout);
        assert!(said.stdout.contains("error: told to die"), "{arguments:?}:\n{}", said.stdout);
        assert!(!said.stdout.contains("identity"), "{arguments:?}:\n{}", said.stdout);
    }
    let said = bench.sweep(["logs", "r", "shaky fault=die"]).expect_code(0);
    assert_eq!(
        said.stdout.matches("== shaky fault=die seed=").count(),
        3,
        "a point by its title: {}",
        said.stdout
    );
    assert!(!said.stdout.contains("fault=diverge"), "{}", said.stdout);
    let said = bench.sweep(["logs", "r", "identity"]).expect_code(0);
    assert!(said.stdout.contains("== identity seed=0, finished"), "{}", said.stdout);
    let said = bench.sweep(["logs", "r", "identity", "--failed"]).expect_code(0);
    assert!(
        said.stdout.is_empty() && said.stderr.contains("no run has failed or diverged"),
        "{}",
        said.stderr
    );
    let said = bench.sweep(["logs", "r", "nobody"]).expect_code(2);
    assert!(said.stderr.contains("`nobody`") && said.stderr.contains("no label"), "{}", said.stderr);
}

#[test]
fn references_have_no_rank() {
    let bench = faulty();
    let said = bench.sweep(["report", "r", "--format", "json"]).expect_code(0);
    let json: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    let points = json["points"].as_array().expect("a list");
    assert!(points.len() > 4, "{points:?}");
    for point in points {
        let is_ranked =
            point["role"] == "unlearn" && point["label"] != "identity" && point["score"].is_object();
        assert_eq!(!point["ranks"].is_null(), is_ranked, "{point}");
    }
}

#[test]
fn what_was_spent_is_said_and_a_sweep_that_has_nothing_left_spends_nothing() {
    let bench = Bench::new();
    bench.write(
        "grid.toml",
        "name = \"x\"\nengine = \"toy\"\nseeds = 2\n[toy]\nexamples = 6\n[method.simulated]\n",
    );
    bench.sweep(["run", "grid.toml", "--out", "r"]).expect_code(0);
    let status = bench.sweep(["status", "r"]).expect_code(0).stdout;
    assert!(status.contains("spent: wall ") && status.contains(", processors "), "{status}");
    assert!(!status.contains("GPU"), "no GPU was held: {status}");
    let cost = bench.read("r/cost.json");
    assert!(cost.starts_with("{\"sessions\":1,"), "{cost}");
    assert!(bench.read("r/report.html").contains("<dt>Spent</dt><dd>"), "the page says it");
    bench.sweep(["run", "grid.toml", "--out", "r"]).expect_code(0);
    assert_eq!(cost, bench.read("r/cost.json"));
    let json = bench.sweep(["status", "r", "--format", "json"]).expect_code(0).stdout;
    assert!(json.contains("\"spent\":{") && json.contains("\"processor_s\""), "{json}");
}

#[test]
fn watch_tells_a_finished_sweep_once_where_no_terminal_is() {
    let bench = faulty();
    let said = bench.sweep(["watch", "r", "--every", "86400"]).expect_code(0);
    let lines: Vec<&str> = said.stdout.lines().collect();
    let (time, first) = lines[0].split_once("  ").expect("a time in front");
    assert!(time.len() == "2026-11-30 09:55:00Z".len() && time.ends_with('Z'), "{time}");
    assert!(first.starts_with("faults (toy engine): ") && !first.contains("pending"), "{first}");
    let spent = lines.iter().filter(|line| line.starts_with("spent: ")).count();
    assert_eq!((lines.len(), spent), (2, 1), "{}", said.stdout);
    assert!(!said.stdout.contains('\u{1b}'), "no terminal, no codes");
}
