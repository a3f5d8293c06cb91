//! How long a sweep will take, before it begins: `sweep plan --time`.

use serde_json::Value;

use crate::harness::Bench;

const SLOW: &str = r#"
name = "slow"
engine = "toy"
seeds = 4
[oracle]
models = 4
held-out = 4
[toy]
examples = 6
[method.identity]
[method.slow]
method = "simulated"
work-ms = 30
"#;

fn timed(bench: &Bench, more: &[&str]) -> Value {
    let arguments = ["plan", "slow.toml", "--out", "r", "--format", "json", "--jobs", "2"];
    let said = bench.sweep(arguments.iter().chain(more)).expect_code(0);
    let plan: Value = serde_json::from_str(&said.stdout).expect("JSON");
    assert_eq!(plan["name"], "slow", "the plan itself is there as before");
    plan["time"].clone()
}

#[test]
fn workers_are_tried_where_nothing_is_known_and_nothing_is_written() {
    let bench = Bench::new();
    bench.write("slow.toml", SLOW);
    assert_eq!(timed(&bench, &[]), Value::Null, "nobody has asked");
    let time = timed(&bench, &["--time"]);
    assert_eq!(time["costs"]["finished"], 0);
    assert_eq!((&time["slots"], &time["forecast"]["runs"]), (&2.into(), &16.into()));
    let seconds = |label: &str| time["costs"]["labels"][label]["run_s"].as_f64().expect("seconds");
    assert!(seconds("slow") >= 0.03, "a run that works for 30 ms costs {} s", seconds("slow"));
    assert!(seconds("slow") > seconds("identity"));
    let forecast = |key: &str| time["forecast"][key].as_f64().expect("seconds");
    assert!(forecast("work_s") >= 0.12, "four such runs: {time}");
    assert!(forecast("wall_s") < forecast("work_s") + time["costs"]["start_s"].as_f64().expect("seconds"));
    assert!(!bench.path("r").exists(), "a trial leaves no results");
}

#[test]
fn finished_runs_are_believed_and_take_no_time_again() {
    let bench = Bench::new();
    bench.write("slow.toml", SLOW);
    bench.sweep(["run", "slow.toml", "--out", "r"]).expect_code(0);
    let time = timed(&bench, &["--time"]);
    assert_eq!((&time["forecast"]["runs"], &time["forecast"]["wall_s"]), (&0.into(), &0.0.into()));
    let time =
        timed(&bench, &["--time", "-S", "seeds=8", "-S", "oracle.models=4", "-S", "oracle.held-out=4"]);
    assert_eq!((&time["forecast"]["runs"], &time["costs"]["finished"]), (&8.into(), &16.into()));
}

#[test]
fn a_budget_says_how_many_models_fit() {
    let bench = Bench::new();
    bench.write("slow.toml", SLOW);
    let all = timed(&bench, &["--budget", "100d"]);
    assert_eq!((&all["budget"]["seeds"], &all["budget"]["slots"]), (&4.into(), &2.into()));
    let nothing = timed(&bench, &["--budget", "1ms"]);
    assert_eq!((&nothing["budget"]["seeds"], &nothing["budget"]["slots"]), (&0.into(), &Value::Null));
    let said = bench.sweep(["plan", "slow.toml", "--budget", "soon"]).expect_code(2);
    assert!(said.stderr.contains("1h30m"), "{}", said.stderr);
    let said = bench.sweep(["plan", "slow.toml", "--budget", "1ms"]).expect_code(0);
    assert!(said.stdout.contains("not one model of each point fits"), "{}", said.stdout);
}

#[test]
fn a_label_that_can_t_be_tried_is_named_and_those_that_are_not_selected_are_left_alone() {
    let bench = Bench::new();
    let faulty = "[method.broken]\nmethod = \"simulated\"\nfault = \"fail\"\n[method.astray]\nmethod = \"simulated\"\nfault = \"diverge\"\n";
    bench.write("slow.toml", [SLOW, faulty].concat());
    let time = timed(&bench, &["--time"]);
    let untried = time["costs"]["untried"].as_object().expect("names");
    assert_eq!(untried.keys().collect::<Vec<_>>(), ["astray", "broken"]);
    assert_eq!(time["forecast"]["runs"], 24, "their runs are counted: {time}");
    let said = bench.sweep(["plan", "slow.toml", "--time"]).expect_code(0);
    assert!(said.stdout.contains("`broken` gave nothing when it was tried"), "{}", said.stdout);

    let time = timed(&bench, &["--time", "--only", "label == 'slow'"]);
    assert_eq!(time["costs"]["untried"], Value::Null, "they aren't tried: {time}");
    assert!(time["costs"]["labels"].get("identity").is_none(), "{time}");
    assert_eq!(time["forecast"]["runs"], 12, "{time}");

    let said = bench.sweep(["plan", "slow.toml", "--time", "--only", "label == 'broken'"]).expect_code(0);
    assert!(said.stdout.contains("`broken` gave nothing"), "{}", said.stdout);
}
