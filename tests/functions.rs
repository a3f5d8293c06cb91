//! Functions of the user's own in real sweeps, with a shell script in place of Python (`tests/fixtures/python/stand-in`).

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
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
const GIVES_BACK: &str = r#"
cat "$weights" > "$result"
echo '{"answer":{"seconds":0.5,"steps":1,"finite":true,"files":["m.py"]}}'
"#;

/// A folder with faces, a function, an environment below it, and a grid that calls the function.
fn bench(table: &str, interpreter: PathBuf) -> Bench {
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

fn with_stand_in() -> Bench {
    bench(
        "[method.mine]\npython = \"m.py:f\"\nlr = [0.1, 0.2]\n",
        repository("tests/fixtures/python/stand-in"),
    )
}

fn runs_of(bench: &Bench, results: &str, label: &str) -> Vec<BTreeMap<String, String>> {
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
