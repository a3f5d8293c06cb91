//! What is read from results is believed only if it is what was written: every reproduction of a wrong number, a followed link
//! or an endless wait that was ever found stands here.

use std::{fs, path::PathBuf};

use crate::harness::{Bench, measured};

pub(crate) const GRID: &str = r#"
name = "small"
engine = "toy"
seeds = 3
[toy]
examples = 4
[oracle]
models = 3
held-out = 3
[method.a]
method = "simulated"
shift = [0, 1]
"#;

pub(crate) fn swept() -> Bench {
    let bench = Bench::new();
    bench.write("small.toml", GRID);
    bench.sweep(["small.toml", "--out", "r"]).expect_code(0);
    bench
}

/// The folder of a run that left an array.
pub(crate) fn some_run(bench: &Bench) -> PathBuf {
    let mut runs: Vec<_> =
        fs::read_dir(bench.path("r/runs")).expect("runs").map(|run| run.expect("readable").path()).collect();
    runs.sort();
    runs.swap_remove(0)
}

#[test]
fn a_changed_plan_is_believed_by_no_command() {
    let bench = swept();
    let (plan, points) = (bench.read("r/plan.json"), bench.read("r/points.csv"));
    let relabelled = plan.replacen("\"shift\":0.0", "\"shift\":9.9", 1);
    assert_ne!(relabelled, plan);
    bench.write("r/plan.json", relabelled);
    for command in [
        &["report", "r"][..],
        &["status", "r"],
        &["compare", "r", "r"],
        &["fsck", "r"],
        &["small.toml", "--out", "r"],
        &["small.toml", "--out", "r", "--shared"],
    ] {
        let said = bench.sweep(command).expect_code(4);
        let all = said.stdout + &said.stderr;
        assert!(all.contains("plan.json") && all.contains("damaged"), "{command:?}: {all}");
    }
    assert_eq!(bench.read("r/points.csv"), points, "nothing was written");
    let before = bench.ended("r").len();
    bench.sweep(["small.toml", "--out", "r", "--accept-changed-inputs"]).expect_code(0);
    assert_eq!(bench.ended("r").len(), before, "the way out repeats nothing");
    assert_eq!((bench.read("r/plan.json"), bench.read("r/points.csv")), (plan, points));
    bench.sweep(["fsck", "r"]).expect_code(0);
}

#[test]
fn a_finished_run_without_its_array_is_not_everything() {
    let bench = swept();
    let expected = measured(&bench.read("r/runs.csv"));
    let array = some_run(&bench).join("confidences.npy");
    let mut bytes = fs::read(&array).expect("it is there");
    bytes.push(b'z');
    fs::write(&array, bytes).expect("writable");
    let said = bench.sweep(["small.toml", "--out", "r"]).expect_code(4);
    assert!(said.stderr.contains("sweep fsck r --repair"), "the way out: {}", said.stderr);
    let before = bench.ended("r").len();
    bench.sweep(["fsck", "r", "--repair"]).expect_code(0);
    bench.sweep(["small.toml", "--out", "r"]).expect_code(0);
    assert_eq!(bench.ended("r").len(), before + 1, "one run is repeated, no other");
    assert_eq!(measured(&bench.read("r/runs.csv")), expected);
}

/// A line of a journal with its checksum.
pub(crate) fn signed(line: &str) -> String {
    let (covered, _) = line.split_once(",\"crc32c\"").expect("a line of a journal");
    format!("{covered},\"crc32c\":\"{:08x}\"}}", crc32c::crc32c(covered.as_bytes()))
}

fn between<'t>(text: &'t str, before: &str, behind: &str) -> &'t str {
    let rest = text.split_once(before).expect(before).1;
    rest.split_once(behind).expect(behind).0
}

#[test]
fn two_runs_with_one_array_are_no_two_models() {
    let bench = swept();
    let rows = measured(&bench.read("r/runs.csv"));
    let held_out: Vec<&str> =
        rows.iter().filter(|row| row["role"] == "held-out").map(|row| row["run_id"].as_str()).collect();
    let journal = bench.read("r/journal.jsonl");
    let ended = |run: &str| {
        let of = |line: &&str| line.contains("\"ended\"") && line.contains(run);
        journal.lines().find(of).expect("it ended")
    };
    let (one, other) = (ended(held_out[0]), ended(held_out[1]));
    let hash = |line: &str| between(between(line, "\"confidences\":", "}"), "\"blake3\":\"", "\"").to_owned();
    let forged = signed(&other.replace(&hash(other), &hash(one)));
    bench.write("r/journal.jsonl", journal.replace(other, &forged));
    let array = |run: &str| bench.path(format!("r/runs/{run}/confidences.npy"));
    fs::copy(array(held_out[0]), array(held_out[1])).expect("both are there");
    bench.sweep(["report", "r"]).expect_code(0);
    let points = bench.read("r/points.csv");
    let ceiling = points.lines().find(|line| line.starts_with("held-out")).expect("the ceiling");
    assert!(ceiling.contains("measured the same"), "{ceiling}");
}

#[test]
fn counts_that_nobody_can_go_on_from_are_damage_and_no_panic() {
    for (field, impossible) in
        [("\"epoch\":1", "\"epoch\":18446744073709551615"), ("\"attempt\":1", "\"attempt\":4294967295")]
    {
        let bench = swept();
        let journal = bench.read("r/journal.jsonl");
        let lines: Vec<String> =
            journal.lines().map(|line| signed(&line.replace(field, impossible))).collect();
        bench.write("r/journal.jsonl", lines.join("\n") + "\n");
        bench.sweep(["fsck", "r"]).expect_code(4);
        for more in [&["--retry", "finished"][..], &[]] {
            let command = [&["small.toml", "--out", "r"], more].concat();
            let said = bench.sweep(&command).expect_code(4);
            assert!(said.stderr.contains("sweep fsck --repair"), "{}", said.stderr);
        }
        bench.sweep(["fsck", "r", "--repair"]).expect_code(0);
        bench.sweep(["small.toml", "--out", "r"]).expect_code(0);
    }
}
