//! Engines of one's own: a command that speaks the protocol carries a sweep out, and is not started unasked.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::harness::{Bench, csv_rows, measured, repository};

/// A grid for an engine that lies beside it, as [`bench`] puts it there.
pub(crate) const GRID: &str = r#"
name = "own"
seeds = 2
[engine]
command = ["python3", "grids/toy.py"]
[oracle]
models = 2
held-out = 2
[method.simulated]
shift = [0.0, 1.0]
"#;

fn private(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("ours");
}

/// The engine in Python that draws numbers.
pub(crate) fn script() -> String {
    fs::read_to_string(repository("examples/engines/toy.py")).expect("the example")
}

/// A folder with a grid and the Python toy beside it, both the user's own alone.
pub(crate) fn bench(grid: &str, script: &str) -> Bench {
    let bench = Bench::new();
    for (name, content) in [("grids/own.toml", grid), ("grids/toy.py", script)] {
        private(&bench.write(name, content), 0o600);
    }
    private(&bench.path("grids"), 0o700);
    bench
}

#[test]
fn two_hundred_runs_by_thirty_lines_of_python_survive_kill_9() {
    let grid = fs::read_to_string(repository("examples/engines/toy.toml")).expect("the example");
    let grid = grid.replace("examples/engines/toy.py", "grids/toy.py");
    let own = || bench(&grid, &script());
    let reference = own();
    let said = reference.sweep(["grids/own.toml", "--out", "r"]).expect_code(0);
    assert!(said.stdout.contains("engine toy.py (simulated numbers)"), "{}", said.stdout);
    let expected = measured(&reference.read("r/runs.csv"));
    assert_eq!(expected.len(), 200);
    let points = csv_rows(&reference.read("r/points.csv"));
    let score = |title: &str| {
        let point = points.iter().find(|point| point["title"] == title);
        point.unwrap_or_else(|| panic!("no point {title}"))["score"].parse::<f64>().expect("a score")
    };
    assert!(score("shifted shift=0") > score("shifted shift=2"), "what is drawn far away scores low");

    let bench = own();
    for moment in [0, 3, 40, 90, 150, 199] {
        bench.kill_after(moment, "r", ["grids/own.toml", "--out", "r"]);
        let before = bench.ended("r");
        let once: BTreeSet<&String> = before.iter().collect();
        assert_eq!(before.len(), once.len(), "killed after {moment}: nothing is repeated");
    }
    let finished = bench.ended("r");
    bench.sweep(["grids/own.toml", "--out", "r"]).expect_code(0);
    let all = bench.ended("r");
    assert_eq!((all.len(), all.iter().collect::<BTreeSet<_>>().len()), (200, 200), "every run ends once");
    assert!(all.starts_with(&finished), "what was recorded stays");
    assert_eq!(measured(&bench.read("r/runs.csv")), expected);
}

/// The Python toy with room for eight runs at once, and memory for three rows; once it has lacked memory, it lacks it
/// for good.
fn crowded() -> String {
    let serving = r#"
lacking = False
for line in sys.stdin:
    job = json.loads(line)["perform"]
    jobs = [job] + [{**job, **beside} for beside in job.get("beside", [])]
    rows = job.get("rows", 8)
    lacking |= rows > 3
    for job in jobs:
        if lacking:
            say("failed", run=job["run"], failure="out-of-memory", message=f"no room for {rows} rows")
        else:
            perform(**job)
"#;
    let script = script().replace(r#"device="cpu","#, r#"device="cpu", capacity=8,"#);
    let (before, _) = script.split_once("for line in sys.stdin:").expect("it serves");
    before.to_owned() + serving
}

#[test]
fn more_runs_at_once_than_there_is_memory_for_are_halved_until_they_fit() {
    let grid = format!("{GRID}[pool]\ncohort = 8\nslots-per-device = 1\n").replace("seeds = 2", "seeds = 8");
    let roomy = bench(&grid, &script());
    roomy.sweep(["grids/own.toml", "--out", "r"]).expect_code(0);
    let bench = bench(&grid, &crowded());
    let said = bench.sweep(["grids/own.toml", "--out", "r"]).expect_code(0).stderr;
    for rows in [4, 2] {
        assert!(said.contains(&format!("too little memory for more than {rows} runs at once")), "{said}");
    }
    assert!(said.contains("no room for 8 rows"), "the worker's own words: {said}");
    assert!(!said.contains("more than 1 runs"), "two fit: {said}");
    assert!(!said.contains("will be tried again"), "it costs nobody a try: {said}");
    // Both scripts draw the same; only their names for runs differ.
    let numbers = |bench: &Bench| {
        let mut rows = measured(&bench.read("r/runs.csv"));
        for row in &mut rows {
            row.remove("run_id");
        }
        rows
    };
    assert_eq!(numbers(&bench), numbers(&roomy));
}

#[test]
fn an_edited_script_is_another_engine() {
    let bench = bench(GRID, &script());
    bench.sweep(["grids/own.toml", "--out", "r"]).expect_code(0);
    let before = bench.ended("r").len();
    private(&bench.write("grids/toy.py", script().replace("1.5 if original", "1.6 if original")), 0o600);
    bench.sweep(["grids/own.toml", "--out", "r"]).expect_code(0);
    assert_eq!(bench.ended("r").len(), 2 * before, "nothing of the other script counts");
    private(&bench.write("grids/toy.py", script()), 0o600);
    bench.sweep(["grids/own.toml", "--out", "r"]).expect_code(0);
    assert_eq!(bench.ended("r").len(), 2 * before, "the first script's runs are there");
}

/// A script that leaves a mark when it is started.
fn marking(bench: &Bench) -> PathBuf {
    let mark = bench.path("started");
    let script =
        format!("import pathlib\npathlib.Path({:?}).touch()\n{}", mark.display().to_string(), script());
    private(&bench.write("grids/toy.py", script), 0o600);
    mark
}

#[test]
fn a_strangers_grid_starts_nothing_unasked() {
    let bench = bench(GRID, "");
    let mark = marking(&bench);
    for (command, open) in [
        (r#"["python3", "-u", "grids/toy.py"]"#, false),
        (r#"["sh", "-c", "touch started"]"#, false),
        (r#"["/usr/bin/env", "python3", "grids/toy.py"]"#, false),
        (r#"["python3", "grids/toy.py"]"#, true),
    ] {
        private(
            &bench.write("grids/own.toml", GRID.replace(r#"["python3", "grids/toy.py"]"#, command)),
            0o600,
        );
        private(&bench.path("grids/toy.py"), if open { 0o666 } else { 0o600 });
        let said = bench.sweep(["grids/own.toml", "--out", "r"]).expect_code(2);
        assert!(
            said.stderr.contains("not started unasked") && said.stderr.contains("--trust"),
            "{}",
            said.stderr
        );
        assert!(!mark.exists(), "{command} was started");
    }
    bench.sweep(["grids/own.toml", "--out", "r", "--trust"]).expect_code(0);
    assert!(mark.exists(), "the user vouched for it");
}

#[test]
fn looking_starts_nothing_and_knows_what_was_recorded() {
    let bench = bench(GRID, "");
    let mark = marking(&bench);
    let plan = || {
        let said = bench.sweep(["plan", "grids/own.toml", "--out", "r", "--format", "json"]).expect_code(0);
        let plan: Value = serde_json::from_str(&said.stdout).expect("a plan");
        let ids: BTreeSet<String> =
            plan["runs"].as_array().expect("runs").iter().map(|run| run["id"].to_string()).collect();
        (plan["engine"]["name"].as_str().expect("a name").to_owned(), ids, said.stderr)
    };
    let (name, provisional, said) = plan();
    assert_eq!((name.as_str(), mark.exists()), ("(not asked)", false));
    assert!(said.contains("run ids are not those of results"), "{said}");
    bench.sweep(["grids/own.toml", "--out", "r", "--dry-run"]).expect_code(0);
    assert!(!mark.exists(), "a plan starts nothing");

    bench.sweep(["grids/own.toml", "--out", "r"]).expect_code(0);
    fs::remove_file(&mark).expect("it was started");
    let (name, ids, said) = plan();
    assert_eq!(name, "toy.py");
    assert!(!said.contains("run ids are not those of results"), "{said}");
    let ended: BTreeSet<String> = bench.ended("r").iter().map(|run| format!("{run:?}")).collect();
    assert!(ids == ended && ids != provisional, "the plan has the ids of what is recorded");
    for command in [["status", "r"], ["report", "r"]] {
        bench.sweep(command).expect_code(0);
    }
    assert!(!mark.exists(), "status and report start nothing");
}

#[test]
fn an_engine_that_does_not_fit_the_grid_is_refused_with_the_way_out() {
    for (from, to, expected) in [
        ("\"toy.py\"", "\"torch\"", "calls itself `torch`"),
        ("trains=False", "trains=True", "add `[data]`"),
        ("format=1", "format=99", "format 99"),
        ("\"toy.py\", version", "\"to y\", version", "is no name"),
        (
            "version=\"1\",",
            "version=\"1\", methods=[\"retrain\", \"identity\"],",
            "doesn't carry out `simulated`",
        ),
        ("say(\"hello\"", "raise SystemExit(\"no GPU for you\")\nsay(\"hello\"", "no GPU for you"),
        ("say(\"hello\"", "print(\"banner\")\nsay(\"hello\"", "banner"),
    ] {
        let bench = bench(GRID, &script().replace(from, to));
        let said = bench.sweep(["grids/own.toml", "--out", "r"]).expect_code(2);
        assert!(said.stderr.contains(expected), "{to}: {}", said.stderr);
        assert!(!bench.path("r").exists(), "{to}: nothing was begun");
    }
}

/// The transcript of docs/protocol.md, said again by the engine that it is of.
#[test]
fn the_transcript_in_the_documents_is_what_the_toy_says() {
    let page = fs::read_to_string(repository("docs/protocol.md")).expect("a page");
    let transcript = page.split("```transcript\n").nth(1).and_then(|rest| rest.split("```").next());
    let transcript = transcript.expect("a transcript");
    let bench = Bench::new();
    let folder = bench.path(".").display().to_string();
    let of = |mark: &str| -> Vec<String> {
        let lines = transcript.lines().filter_map(|line| line.strip_prefix(mark));
        lines.map(|line| line.replace("FOLDER", &folder)).collect()
    };
    let (read, said) = (of("> "), of("< "));
    assert!(read.len() >= 3 && said.len() > read.len(), "hello and an answer to every job");
    let jobs = bench.write("jobs", read.join("\n") + "\n");
    let mut toy = bench.command(["toy-worker", "--examples", "4"]);
    let output = toy.stdin(fs::File::open(jobs).expect("just written")).output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    // How often progress is told depends on the clock.
    let is_repeated = |line: &&str| line.contains("\"progress\"") && !line.contains("\"step\":1,");
    assert_eq!(text.lines().filter(|line| !is_repeated(line)).collect::<Vec<_>>(), said);
}
