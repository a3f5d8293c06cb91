//! `sweep fsck`: what is damaged is said, what can be repaired is, and no result is deleted.

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
};

use crate::harness::{Bench, measured};

const GRID: &str = r#"
name = "small"
engine = "toy"
seeds = 3
[toy]
examples = 4
[oracle]
models = 3
held-out = 3
[method.identity]
"#;

/// A sweep that went to its end in `r`, and what it measured.
fn swept() -> (Bench, Vec<std::collections::BTreeMap<String, String>>) {
    let bench = Bench::new();
    bench.write("small.toml", GRID);
    bench.sweep(["small.toml", "--out", "r"]).expect_code(0);
    let rows = measured(&bench.read("r/runs.csv"));
    (bench, rows)
}

/// Changes a byte in the middle of a file.
fn damage(path: &std::path::Path, at: u64) {
    let mut file = fs::OpenOptions::new().write(true).open(path).expect("it is there");
    file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(b"\x07")).expect("room");
}

#[test]
fn whole_results_are_sound() {
    let (bench, _) = swept();
    let said = bench.sweep(["fsck", "r"]).expect_code(0);
    assert_eq!(said.stdout, "r: sound, 9 runs with an outcome\n");
    let said = bench.sweep(["fsck", "r", "--format", "json"]).expect_code(0);
    let told: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    assert_eq!(
        (&told["sound"], &told["recorded"], &told["in-use-by"]),
        (&true.into(), &9.into(), &().into())
    );
    assert_eq!(told["findings"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_damaged_record_stops_the_sweep_until_it_is_repaired() {
    let (bench, expected) = swept();
    let journal = bench.path("r/journal.jsonl");
    damage(&journal, fs::metadata(&journal).expect("it is there").len() / 2);
    let said = bench.sweep(["small.toml", "--out", "r"]).expect_code(4);
    assert!(said.stderr.contains("sweep fsck --repair"), "the way out: {}", said.stderr);
    let said = bench.sweep(["fsck", "r"]).expect_code(4);
    assert!(said.stdout.contains("damaged: `r/journal.jsonl` has 1 damaged lines"), "{}", said.stdout);

    let said = bench.sweep(["fsck", "r", "--repair"]).expect_code(0);
    assert!(said.stdout.contains("repaired: `r/journal.jsonl`"), "{}", said.stdout);
    assert_eq!(
        bench.read("r/quarantine/journal.jsonl").lines().count(),
        1,
        "the damaged line is kept, nothing else"
    );
    bench.sweep(["small.toml", "--out", "r"]).expect_code(0);
    assert_eq!(measured(&bench.read("r/runs.csv")), expected, "its run is repeated");
    bench.sweep(["fsck", "r"]).expect_code(0);
}

#[test]
fn arrays_that_are_not_what_was_measured_are_set_aside_and_measured_again() {
    let (bench, expected) = swept();
    let mut runs = fs::read_dir(bench.path("r/runs")).expect("runs").map(|run| run.expect("readable").path());
    let (flipped, gone) = (runs.next().expect("nine runs"), runs.next().expect("nine runs"));
    damage(&flipped.join("confidences.npy"), 130);
    fs::remove_file(gone.join("confidences.npy")).expect("it was there");
    let said = bench.sweep(["fsck", "r"]).expect_code(4);
    assert_eq!(said.stdout.matches("is not what run").count(), 2, "{}", said.stdout);

    let wrong = fs::read(flipped.join("confidences.npy")).expect("it is there");
    bench.sweep(["fsck", "r", "--repair"]).expect_code(0);
    let aside = bench.path("r/quarantine").join(flipped.file_name().expect("a run")).join("confidences.npy");
    assert_eq!(fs::read(aside).expect("kept"), wrong, "the damaged array is kept, not deleted");
    let before = bench.ended("r").len();
    bench.sweep(["small.toml", "--out", "r"]).expect_code(0);
    assert_eq!(bench.ended("r").len(), before + 2, "two runs are repeated, no other");
    assert_eq!(measured(&bench.read("r/runs.csv")), expected);
    bench.sweep(["fsck", "r"]).expect_code(0);
}

#[test]
fn what_only_the_user_can_restore_is_left_alone() {
    let (bench, _) = swept();
    fs::rename(bench.path("r/plan.json"), bench.path("plan.json")).expect("it was there");
    let said = bench.sweep(["fsck", "r"]).expect_code(4);
    assert!(said.stdout.contains("`r/plan.json` is missing"), "{}", said.stdout);
    bench.sweep(["fsck", "r", "--repair"]).expect_code(4);
    assert!(!bench.path("r/quarantine").exists(), "nothing was moved");
    fs::rename(bench.path("plan.json"), bench.path("r/plan.json")).expect("free");
    bench.sweep(["fsck", "r"]).expect_code(0);
}

#[test]
fn a_record_of_another_version_is_no_damage() {
    let (bench, _) = swept();
    let covered = r#"{"seq":999,"epoch":1,"event":{"pondered":{}}"#;
    let line = format!("{covered},\"crc32c\":\"{:08x}\"}}\n", crc32c::crc32c(covered.as_bytes()));
    let mut journal = fs::read(bench.path("r/journal.jsonl")).expect("it is there");
    journal.extend_from_slice(line.as_bytes());
    bench.write("r/journal.jsonl", &journal);
    for command in [vec!["small.toml", "--out", "r"], vec!["status", "r"], vec!["fsck", "r", "--repair"]] {
        let said = bench.sweep(command).expect_code(4);
        assert!(said.stderr.contains("another version of sweep"), "{}", said.stderr);
    }
    assert_eq!(fs::read(bench.path("r/journal.jsonl")).expect("it is there"), journal, "nobody touches it");
}

#[test]
fn results_in_use_are_looked_over_but_not_repaired() {
    let (bench, _) = swept();
    let lock = fs::OpenOptions::new().write(true).open(bench.path("r/sweep.lock")).expect("a lock file");
    lock.try_lock().expect("nobody holds it");
    let said = bench.sweep(["fsck", "r"]).expect_code(0);
    assert!(said.stdout.contains("note: in use by process"), "{}", said.stdout);
    bench.sweep(["fsck", "r", "--repair"]).expect_code(5);
}

#[test]
fn what_a_killed_process_left_is_noted_and_set_aside() {
    let (bench, _) = swept();
    bench.write("r/.plan.json.tmp", "{");
    bench.write("r/journal.jsonl", bench.read("r/journal.jsonl") + "{\"seq\":");
    let said = bench.sweep(["fsck", "r"]).expect_code(0);
    assert!(said.stdout.contains("note: `r/.plan.json.tmp`"), "{}", said.stdout);
    assert!(said.stdout.contains("ends in 7 bytes of a record"), "{}", said.stdout);
    let said = bench.sweep(["fsck", "r", "--repair"]).expect_code(0);
    assert_eq!(said.stdout.matches("repaired: ").count(), 2, "{}", said.stdout);
    assert_eq!(bench.read("r/quarantine/.plan.json.tmp"), "{");
}
