//! Several schedulers on one results folder: every run once, whoever dies.

use std::{collections::BTreeSet, ffi::OsStr, fs, path::PathBuf, process::Stdio, thread};

use crate::harness::{Bench, csv_rows, measured, repository};

/// 200 runs that several schedulers share; their signs of life come often, so that the dead are missed soon.
fn shared() -> Vec<String> {
    let grid = repository("experiments/toy.toml").display().to_string();
    [&grid, "--out", "r", "--shared", "--set", "cluster.heartbeat=250ms"].map(str::to_owned).to_vec()
}

/// What a scheduler alone makes of the same grid.
fn alone() -> Vec<std::collections::BTreeMap<String, String>> {
    let bench = Bench::new();
    bench.sweep([&repository("experiments/toy.toml").display().to_string(), "--out", "r"]).expect_code(0);
    measured(&bench.read("r/runs.csv"))
}

/// Leaves the journal of what was asked for alone.
fn remove_journals_of_workers(bench: &Bench) {
    let of_worker = |path: &PathBuf| !path.ends_with("journal.request.jsonl");
    for journal in bench.journals("r").into_iter().filter(of_worker) {
        fs::remove_file(journal).expect("a journal");
    }
}

#[track_caller]
fn expect_every_run_once(bench: &Bench) {
    let ended = bench.ended("r");
    let once: BTreeSet<&String> = ended.iter().collect();
    assert_eq!(ended.len(), once.len(), "no run ends twice");
    // Whoever was killed may have died between the end of a run and the line in its journal.
    assert_eq!(fs::read_dir(bench.path("r/done")).expect("a folder").count(), 200, "every run ends");
    assert_eq!(measured(&bench.read("r/runs.csv")), alone());
}

#[test]
fn two_schedulers_at_once_carry_every_run_out_once() {
    let bench = Bench::new();
    let mut both = [bench.start(shared()), bench.start(shared())];
    for scheduler in &mut both {
        assert_eq!(scheduler.wait().expect("a child of ours").code(), Some(0));
    }
    assert_eq!(bench.journals("r").len(), 3, "what was asked for, and one of each");
    expect_every_run_once(&bench);
}

#[test]
fn what_a_killed_scheduler_had_is_taken_over_by_another() {
    for moment in [1, 30, 150] {
        let bench = Bench::new();
        let mut other = bench.start(shared());
        bench.kill_after(moment, "r", shared());
        assert_eq!(other.wait().expect("a child of ours").code(), Some(0), "killed after {moment}");
        expect_every_run_once(&bench);
    }
}

/// Schedulers that have recorded an end.
fn works(bench: &Bench) -> usize {
    let has_ended = |path: &PathBuf| fs::read_to_string(path).unwrap_or_default().contains("\"ended\"");
    bench.journals("r").iter().filter(|path| has_ended(path)).count()
}

#[test]
fn what_somebody_removes_under_live_schedulers_is_named_and_put_back_by_the_next_one() {
    let words = ["--set", "method.shifted.work-ms=20.0", "--set", "method.spread.work-ms=20.0"];
    let slow = || shared().into_iter().chain(words.map(str::to_owned));
    for folder in ["claims", "done"] {
        let bench = Bench::new();
        let mut other = bench.start(slow());
        let one = bench.command(slow()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn();
        // Who joins after the removal makes the folder again.
        while works(&bench) < 2 {
            thread::yield_now();
        }
        fs::rename(bench.path("r").join(folder), bench.path("taken")).expect("it is there");
        let said = one.expect("sweep starts").wait_with_output().expect("a child of ours");
        let told = String::from_utf8_lossy(&said.stderr);
        assert_eq!(said.status.code(), Some(4), "{told}");
        assert!(told.contains(&format!("r/{folder}`")) && told.contains("put back what was moved"), "{told}");
        assert_eq!(other.wait().expect("a child of ours").code(), Some(4), "{folder}");
        fs::rename(bench.path("taken"), bench.path("r").join(folder)).expect("put back");
        bench.sweep(slow()).expect_code(0);
        let ended = bench.ended("r");
        assert_eq!(ended.iter().collect::<BTreeSet<_>>().len(), ended.len(), "{folder}: no run ends twice");
    }
}

#[test]
fn a_shared_folder_stays_shared() {
    let bench = Bench::new();
    bench.kill_after(20, "r", shared());
    let before = bench.ended("r").len();
    assert!(before < 200, "killed in the middle");
    // Neither option nor memory tells this scheduler that others may be there: the folder does.
    bench.sweep([&shared()[0], "--out", "r", "--set", "cluster.heartbeat=250ms"]).expect_code(0);
    expect_every_run_once(&bench);
}

#[test]
fn what_failed_on_a_shared_folder_is_retried_once_and_the_rest_stays() {
    let bench = Bench::new();
    bench.write("broken.toml", format!("{PLAIN}fault = \"fail\"\n"));
    let command = ["broken.toml", "--out", "r", "--set", "cluster.heartbeat=250ms", "--shared"];
    bench.sweep(command).expect_code(1);
    let statuses = |wanted: &str| {
        let rows = csv_rows(&bench.read("r/runs.csv"));
        let of = rows.iter().filter(|row| row["status"] == wanted);
        of.map(|row| (row["run_id"].clone(), row["attempt"].clone())).collect::<BTreeSet<_>>()
    };
    let (failed, finished) = (statuses("failed"), statuses("finished"));
    assert_eq!((failed.len(), finished.len()), (4, 10), "what is unlearned fails");
    let attempts =
        |of: &BTreeSet<(String, String)>| of.iter().map(|(_, at)| at.clone()).collect::<BTreeSet<_>>();
    bench.sweep(command).expect_code(1);
    assert_eq!(statuses("failed"), failed, "not unasked");
    bench.sweep(command.into_iter().chain(["--retry", "failed"])).expect_code(1);
    assert_eq!(statuses("finished"), finished, "what was measured stays");
    assert_eq!(statuses("failed").len(), 4);
    assert!(attempts(&statuses("failed")).is_disjoint(&attempts(&failed)), "each was attempted again");
    bench.sweep(["fsck", "r"]).expect_code(0);
}

#[test]
fn an_end_counts_although_its_scheduler_died_before_it_wrote_its_journal() {
    let bench = Bench::new();
    bench.sweep(shared()).expect_code(0);
    let (runs, points) = (bench.read("r/runs.csv"), bench.read("r/points.csv"));
    remove_journals_of_workers(&bench);
    bench.sweep(["report", "r"]).expect_code(0);
    assert_eq!((runs, points), (bench.read("r/runs.csv"), bench.read("r/points.csv")));
}

#[test]
fn a_damaged_end_is_named_and_nothing_is_started_over() {
    let bench = Bench::new();
    bench.sweep(shared()).expect_code(0);
    remove_journals_of_workers(&bench);
    let mut ends = fs::read_dir(bench.path("r/done")).expect("a folder");
    let end = ends.next().expect("200 of them").expect("a name").path();
    let mut bytes = fs::read(&end).expect("an end");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&end, bytes).expect("an end");
    let said = bench.sweep(["status", "r"]).expect_code(4);
    assert!(said.stderr.contains(&end.file_name().expect("a name").display().to_string()), "{}", said.stderr);
}

#[test]
fn a_repair_takes_back_what_is_damaged_and_the_next_scheduler_repeats_it() {
    let bench = Bench::new();
    bench.sweep(shared()).expect_code(0);
    let said = bench.sweep(["fsck", "r"]).expect_code(0);
    assert_eq!(said.stdout, "r: sound, 200 runs with an outcome\n");
    let whole = bench.read("r/runs.csv");
    remove_journals_of_workers(&bench);
    // One run loses its end, another its array: nothing else says how they ended.
    let mut runs =
        fs::read_dir(bench.path("r/runs")).expect("a folder").map(|run| run.expect("a name").path());
    let (first, second) = (runs.next().expect("200 of them"), runs.next().expect("200 of them"));
    let id = first.file_name().and_then(OsStr::to_str).and_then(|name| name.split('.').next());
    let end = bench.path("r/done").join(id.expect("a run and a scheduler"));
    for path in [end, second.join("confidences.npy")] {
        let mut bytes = fs::read(&path).expect("it is there");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).expect("room");
    }
    let said = bench.sweep(["fsck", "r"]).expect_code(4);
    assert_eq!(said.stdout.matches("damaged: ").count(), 2, "{}", said.stdout);
    bench.sweep(shared()).expect_code(4);
    let said = bench.sweep(["fsck", "r", "--repair"]).expect_code(0);
    assert!(said.stdout.contains("r: sound, 198 runs"), "{}", said.stdout);
    bench.sweep(shared()).expect_code(0);
    assert_eq!(fs::read_dir(bench.path("r/done")).expect("a folder").count(), 200, "every run ends");
    assert_eq!(measured(&bench.read("r/runs.csv")), measured(&whole));
    bench.sweep(["fsck", "r"]).expect_code(0);
}

#[test]
fn what_a_shared_folder_cannot_do_is_refused_and_changes_nothing() {
    let bench = Bench::new();
    bench.write("plain.toml", PLAIN);
    bench.sweep(["plain.toml", "--out", "r", "--shared"]).expect_code(0);
    let asked = bench.read("r/plan.json");
    // The folder says that it is shared: nobody has to say it again.
    let audited = format!("{PLAIN}[audit]\naudits = [\"simple-mia\"]\n");
    bench.write("other.toml", audited);
    let said = bench.sweep(["other.toml", "--out", "r"]).expect_code(2).stderr;
    let tells = ["measured without what the audits look at", "use another --out"];
    assert!(tells.iter().all(|part| said.contains(part)), "{said}");
    assert_eq!(bench.read("r/plan.json"), asked, "what is asked for stays");
    bench.sweep(["plain.toml", "--out", "r"]).expect_code(0);
}

#[test]
fn status_tells_the_lost_from_the_rest() {
    let bench = Bench::new();
    bench.write("slow.toml", SLOW);
    bench.kill_after(3, "r", ["slow.toml", "--out", "r", "--shared", "--jobs", "2"]);
    let said = bench.sweep(["status", "--format", "json", "r"]).expect_code(0);
    let status: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    assert!(status["claimed"]["lost"].as_u64() >= Some(1), "{status}");
    assert_eq!(status["claimed"]["running"], serde_json::Value::Null, "{status}");
    assert!(bench.sweep(["status", "r"]).stdout.contains(" lost"));
}

const PLAIN: &str = r#"
name = "plain"
engine = "toy"
seeds = 2
[oracle]
models = 4
held-out = 4
[method.simulated]
shift = [0.0, 1.0]
"#;

/// Two runs that end at once, then one that doesn't and one that does.
const SLOW: &str = r#"
name = "slow"
engine = "toy"
seeds = 2
[oracle]
models = 1
held-out = 1
[method.simulated]
fault = "hang"
"#;
