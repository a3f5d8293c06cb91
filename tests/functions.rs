//! Functions of the user's own in real sweeps, with a shell script in place of Python (`tests/fixtures/python/stand-in`);
//! those that are ignored want a Python with PyTorch 2 in `SWEEP_TEST_PYTHON`.

use std::{
    collections::BTreeMap,
    env, fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
    thread,
};

use crate::harness::{Bench, TRAINING, csv_rows, repository};

const GRID: &str = r#"
name = "mine"
seeds = 2
[oracle]
models = 2
held-out = 0
[python]
interpreter = ".venv/bin/python"
"#;

/// An answer with the weights as they came.
pub(crate) const GIVES_BACK: &str = r#"
cat "$weights" > "$result"
echo '{"answer":{"seconds":0.5,"steps":1,"finite":true,"files":["m.py"]}}'
"#;

/// A folder with faces, a function, an environment below it, and a grid that calls the function.
pub(crate) fn bench(table: &str, interpreter: PathBuf) -> Bench {
    let bench = Bench::with_faces();
    for folder in
        ["", ".venv", ".venv/bin", ".venv/lib", ".venv/lib/python3.11", ".venv/lib/python3.11/site-packages"]
    {
        fs::create_dir_all(bench.path(folder)).expect("writable");
    }
    fs::set_permissions(bench.path(""), fs::Permissions::from_mode(0o700)).expect("ours");
    let torch = bench.path(".venv/lib/python3.11/site-packages/torch");
    fs::create_dir(&torch).expect("writable");
    bench.write(".venv/lib/python3.11/site-packages/torch/version.py", "__version__ = '2.11.0'\n");
    bench.write(".venv/pyvenv.cfg", "include-system-site-packages = false\n");
    symlink(interpreter, bench.path(".venv/bin/python")).expect("writable");
    bench.write("m.py", "def f(net, retain, forget, val, lr=0.1):\n    raise RuntimeError\n");
    bench.write("behaviour.sh", GIVES_BACK);
    bench.write("mine.toml", format!("{GRID}{TRAINING}{table}"));
    for file in ["m.py", "mine.toml"] {
        fs::set_permissions(bench.path(file), fs::Permissions::from_mode(0o600)).expect("ours");
    }
    bench
}

pub(crate) fn with_stand_in() -> Bench {
    bench(
        "[method.mine]\npython = \"m.py:f\"\nlr = [0.1, 0.2]\n",
        repository("tests/fixtures/python/stand-in"),
    )
}

pub(crate) fn runs_of(bench: &Bench, results: &str, label: &str) -> Vec<BTreeMap<String, String>> {
    let mut rows = csv_rows(&bench.read(format!("{results}/runs.csv")));
    rows.retain(|row| row["label"] == label);
    rows
}

#[test]
fn a_function_is_a_method_like_any_other() {
    let bench = with_stand_in();
    bench.sweep(["mine.toml", "--out", "r", "--no-cache"]).expect_code(0);
    let runs = runs_of(&bench, "r", "mine");
    assert_eq!(runs.len(), 4, "two points with two seeds");
    for run in &runs {
        assert_eq!(
            (run["status"].as_str(), run["steps"].as_str(), run["unlearn_s"].as_str()),
            ("finished", "1", "0.5")
        );
        assert!(run["flags"].contains("unchanged"), "{run:?}");
    }
    let before = bench.ended("r");
    bench.sweep(["mine.toml", "--out", "r", "--no-cache"]).expect_code(0);
    assert_eq!(bench.ended("r"), before, "nothing is repeated");
    bench.write("m.py", "def f(net, data, lr=0.1): pass\n");
    bench.sweep(["mine.toml", "--out", "r", "--no-cache"]).expect_code(0);
    assert_eq!(bench.ended("r").len(), before.len() + 4, "an edited function is another");
}

#[test]
fn a_failing_function_costs_its_own_runs_and_says_why() {
    let bench = with_stand_in();
    bench.write(
        "behaviour.sh",
        "echo a print >&2; echo '{\"failed\":{\"kind\":\"error\",\"message\":\"m.py, line 2\"}}'\n",
    );
    bench.sweep(["mine.toml", "--out", "r", "--no-cache"]).expect_code(1);
    for run in runs_of(&bench, "r", "mine") {
        assert_eq!(run["status"], "failed");
        assert!(run["message"].contains("`m.py:f`: m.py, line 2"), "{run:?}");
        let log = bench.read(format!("r/runs/{}/worker.log", run["run_id"]));
        assert!(log.contains("a print"), "{log}");
    }
    assert!(runs_of(&bench, "r", "oracle").iter().all(|run| run["status"] == "finished"));
}

#[test]
fn nobody_elses_python_is_run_unasked_and_planning_runs_none() {
    let bench = with_stand_in();
    bench.write("behaviour.sh", format!("echo ran > \"${{file%/*}}/ran\"\n{GIVES_BACK}"));
    let refused = |words: &str| {
        let said = bench.sweep(["mine.toml", "--out", "r", "--no-cache"]).expect_code(2);
        assert!(said.stderr.contains(words) && said.stderr.contains("--trust"), "{}", said.stderr);
    };
    fs::set_permissions(bench.path("m.py"), fs::Permissions::from_mode(0o622)).expect("ours");
    refused("can be written to by others");
    fs::set_permissions(bench.path("m.py"), fs::Permissions::from_mode(0o600)).expect("ours");
    let grid = bench.read("mine.toml");
    bench.write(
        "mine.toml",
        grid.replace(".venv/bin/python", &repository("tests/fixtures/python/stand-in").display().to_string()),
    );
    // Without a PyTorch beside it the program is none for functions; with one it would still be a stranger's.
    let said = bench.sweep(["mine.toml", "--out", "r", "--no-cache"]).expect_code(2);
    assert!(said.stderr.contains("below the grid's folder"), "{}", said.stderr);
    bench.write("mine.toml", grid);
    fs::create_dir(bench.path("grids")).expect("writable");
    fs::rename(bench.path("mine.toml"), bench.path("grids/mine.toml")).expect("writable");
    let said = bench.sweep(["grids/mine.toml", "--out", "r", "--no-cache"]).expect_code(2);
    assert!(said.stderr.contains("below the grid's folder"), "{}", said.stderr);
    for command in [&["plan", "grids/mine.toml"][..], &["run", "--dry-run", "grids/mine.toml"]] {
        bench.sweep(command).expect_code(0);
    }
    assert!(!bench.path("ran").exists(), "nothing was executed");
    bench.sweep(["grids/mine.toml", "--out", "r", "--no-cache", "--shared", "--trust"]).expect_code(0);
    assert!(bench.path("ran").exists(), "it was vouched for");
    let said = bench.sweep(["work", "r"]).expect_code(2);
    assert!(said.stderr.contains("--trust"), "{}", said.stderr);
}

/// What a hostile function comes to: the status of its run, and words of its message or flags.
const HOSTILE: [(&str, &str, &str); 31] = [
    ("prints", "finished", "unchanged"),
    ("writes_to_descriptors", "finished", "unchanged"),
    ("prints_below_python", "finished", "unchanged"),
    ("closes_streams", "finished", "unchanged"),
    ("changes_the_process", "finished", "unchanged"),
    ("leaves_a_thread", "finished", "unchanged"),
    ("leaves_programs", "finished", "unchanged"),
    ("takes_batches_elsewhere", "finished", ""),
    ("returns_half", "finished", ""),
    ("returns_a_wrapper", "finished", ""),
    ("takes_tensors", "finished", ""),
    ("leaves_loader_workers", "failed", "ended itself with code 0"),
    ("not_a_number", "diverged", ""),
    ("infinite", "diverged", ""),
    ("returns_states", "failed", "returned a OrderedDict"),
    ("yields", "failed", "returned a generator"),
    ("returns_another", "failed", "is not the one that it was given"),
    ("grows", "failed", "is not the one that it was given"),
    ("raises", "failed", "ValueError: first line second line"),
    ("raises_deep_inside", "failed", "hostile.py, line"),
    ("is_recursive", "failed", "RecursionError"),
    ("exits", "failed", "ended itself with code 3"),
    ("asks_for_its_end", "failed", "SystemExit(enough)"),
    ("interrupts", "failed", "KeyboardInterrupt"),
    ("kills_itself", "failed", "signal 9"),
    ("kills_its_keeper", "failed", "was lost"),
    ("crashes", "failed", "signal 11"),
    ("asks_for_too_much", "failed", "allocate"),
    ("imports_in_secret", "failed", "`hostile_secret.py` in a way that its source doesn't show"),
    ("writes_pixels", "failed", "read-only"),
    ("raises_at_import", "failed", "hostile_broken.py, line 1"),
];

/// A grid for the Python of `SWEEP_TEST_PYTHON`, in a folder with the hostile functions.
fn with_pytorch(tables: &str) -> Bench {
    let python = env::var("SWEEP_TEST_PYTHON").expect("SWEEP_TEST_PYTHON names a Python with PyTorch 2");
    let bench = bench("", PathBuf::from("/nowhere"));
    for file in ["hostile.py", "hostile_import.py"] {
        bench.write(file, fs::read(repository("tests/fixtures/python").join(file)).expect("a fixture"));
    }
    bench.write("hostile_secret.py", "");
    bench.write("hostile_broken.py", "1 / 0\ndef raises_at_import(net, *loaders): pass\n");
    let grid = GRID
        .replace(".venv/bin/python", &python)
        .replace("seeds = 2", "seeds = 1")
        .replace("models = 2", "models = 1");
    bench.write("mine.toml", format!("{grid}{TRAINING}[pool]\nslots-per-device = 1\n{tables}"));
    bench
}

/// Processes in whose environment the mark is.
pub(crate) fn marked(mark: &str) -> usize {
    let entries = fs::read_dir("/proc").expect("a system with /proc").filter_map(Result::ok);
    let holds = |entry: &fs::DirEntry| {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        environment.windows(mark.len()).any(|window| window == mark.as_bytes())
    };
    entries.filter(holds).count()
}

#[test]
#[ignore = "wants a Python with PyTorch 2 in SWEEP_TEST_PYTHON"]
fn a_hostile_function_costs_its_own_run_and_leaves_nothing_behind() {
    let table = |(function, ..): &(&str, &str, &str)| {
        let file = if *function == "raises_at_import" { "hostile_broken.py" } else { "hostile.py" };
        format!("[method.{function}]\npython = \"{file}:{function}\"\n")
    };
    let bench = with_pytorch(&HOSTILE.iter().map(table).collect::<String>());
    let mark = format!("SWEEP_TEST_MARK={}", bench.path("").display());
    let (name, value) = mark.split_once('=').expect("both");
    let output =
        bench.command(["mine.toml", "--out", "r", "--no-cache", "--trust"]).env(name, value).output();
    let said = crate::harness::Said::from(output.expect("sweep starts")).expect_code(1);
    for (function, status, words) in HOSTILE {
        let [run] = &runs_of(&bench, "r", function)[..] else {
            panic!("{function}: one run; {}", said.stderr)
        };
        let text = format!("{} {}", run["message"], run["flags"]);
        assert!(run["status"] == status && text.contains(words), "{function}: {run:?}");
        let log = fs::metadata(bench.path(format!("r/runs/{}/worker.log", run["run_id"])));
        assert!(log.is_ok_and(|log| log.len() < 3 << 20), "{function}: its log is bounded");
    }
    assert_eq!(marked(&mark), 0, "no process is left");
    bench.sweep(["fsck", "r"]).expect_code(0);
}

#[test]
#[ignore = "wants a Python with PyTorch 2 in SWEEP_TEST_PYTHON"]
fn a_killed_scheduler_leaves_no_python_behind_and_nothing_is_lost_or_repeated() {
    let bench = with_pytorch("[method.mine]\npython = \"hostile.py:leaves_programs\"\n");
    bench.write("mine.toml", bench.read("mine.toml").replace("seeds = 1", "seeds = 9"));
    let mark = format!("SWEEP_TEST_MARK={}", bench.path("").display());
    let (name, value) = mark.split_once('=').expect("both");
    let arguments = ["mine.toml", "--out", "r", "--no-cache", "--trust"];
    for moment in 2..12 {
        let mut scheduler = bench.command(arguments).env(name, value).spawn().expect("sweep starts");
        while bench.ended("r").len() < moment && scheduler.try_wait().expect("ours").is_none() {
            thread::yield_now();
        }
        scheduler.kill().expect("ours");
        scheduler.wait().expect("ours");
        // The kernel ends the worker, whose end ends the rest.
        while marked(&mark) > 0 {
            thread::yield_now();
        }
    }
    bench.sweep(arguments).expect_code(0);
    let mut ended = bench.ended("r");
    let runs = ended.len();
    ended.sort();
    ended.dedup();
    assert_eq!((ended.len(), runs), (1 + 1 + 9 + 9, 1 + 1 + 9 + 9), "every run ends once");
}

#[test]
#[ignore = "wants a Python with PyTorch 2 in SWEEP_TEST_PYTHON"]
fn a_function_that_never_ends_is_ended_with_all_that_it_has_started() {
    let spins = ["spins", "spins_beyond_signals"];
    let tables = spins.map(|function| format!("[method.{function}]\npython = \"hostile.py:{function}\"\n"));
    let bench = with_pytorch(&format!("run-timeout = \"20s\"\n{}", tables.concat()));
    let mark = format!("SWEEP_TEST_MARK={}", bench.path("").display());
    let (name, value) = mark.split_once('=').expect("both");
    let output =
        bench.command(["mine.toml", "--out", "r", "--no-cache", "--trust"]).env(name, value).output();
    let said = crate::harness::Said::from(output.expect("sweep starts")).expect_code(1);
    for function in spins {
        let [run] = &runs_of(&bench, "r", function)[..] else {
            panic!("{function}: one run; {}", said.stderr)
        };
        assert_eq!(run["status"], "timed-out", "{run:?}");
    }
    assert_eq!(marked(&mark), 0, "no process is left");
}

#[test]
fn the_example_is_a_plan() {
    let bench = with_stand_in();
    fs::create_dir_all(bench.path("examples/python")).expect("writable");
    for file in ["catalogue.toml", "methods.py"] {
        let file = format!("examples/python/{file}");
        bench.write(&file, fs::read(repository(&file)).expect("an example"));
    }
    let settings = ["--set", "data.path=faces", "--set", "python.interpreter=.venv/bin/python"];
    let said =
        bench.sweep([&["plan", "examples/python/catalogue.toml"][..], &settings].concat()).expect_code(0);
    assert!(said.stdout.contains("scrub-py"), "{}", said.stdout);
}
