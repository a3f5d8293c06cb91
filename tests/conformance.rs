//! `sweep doctor --engine`: engines that speak the protocol pass, and each that breaks one promise is told which.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::harness::{Bench, repository};

const CHECKS: [&str; 10] =
    ["handshake", "run", "repeat", "progress", "divergence", "failure", "end", "kill", "flood", "garbage"];

fn toy_py() -> String {
    fs::read_to_string(repository("examples/engines/toy.py")).expect("the example")
}

/// The verdict and the finding of each check.
fn verdicts(bench: &Bench, engine: &[&str], code: i32) -> BTreeMap<String, (String, String)> {
    let doctor = ["doctor", "--format", "json", "--patience", "60", "--engine"];
    let said = bench.sweep(doctor.iter().chain(engine)).expect_code(code);
    let checks: Value = serde_json::from_str(&said.stdout).expect("JSON");
    let word = |check: &Value, key: &str| check[key].as_str().expect("a text").to_owned();
    let checks = checks.as_array().expect("a list");
    assert!(
        checks.iter().all(|check| !word(check, "protocol").is_empty()),
        "each says what the protocol says"
    );
    assert_eq!(checks.iter().map(|check| word(check, "name")).collect::<Vec<_>>(), CHECKS);
    checks.iter().map(|check| (word(check, "name"), (word(check, "verdict"), word(check, "found")))).collect()
}

#[test]
fn both_toys_keep_every_promise() {
    let bench = Bench::new();
    let (sweep, python) =
        (env!("CARGO_BIN_EXE_sweep"), repository("examples/engines/toy.py").display().to_string());
    for engine in [vec![sweep, "toy-worker", "--examples", "6"], vec!["python3", &python]] {
        let verdicts = verdicts(&bench, &engine, 0);
        assert!(verdicts.values().all(|(verdict, _)| verdict == "ok"), "{engine:?}: {verdicts:#?}");
    }
    let said = bench.sweep(["doctor", "--engine", "python3", &python]).expect_code(0);
    assert!(
        said.stdout.lines().count() == CHECKS.len()
            && said.stdout.lines().all(|line| line.starts_with("ok  ")),
        "{}",
        said.stdout
    );
}

#[test]
fn the_torch_engine_keeps_every_promise() {
    let worker = repository("target/debug/sweep-torch");
    assert!(worker.is_file(), "no worker {}: run `cargo build --workspace` first", worker.display());
    let verdicts = verdicts(&Bench::new(), &[&worker.display().to_string(), "serve"], 0);
    assert!(verdicts.values().all(|(verdict, _)| verdict == "ok"), "{verdicts:#?}");
}

#[test]
fn each_broken_promise_is_named() {
    // What is changed in the Python toy, which check must notice, and what it must say.
    let broken: [(&str, &str, &str, &str); 23] = [
        ("say(\"hello\", format=1", "say(\"hello\", format=7", "handshake", "format 7"),
        ("engine=\"toy.py\"", "engine=\"a toy\"", "handshake", "is no name"),
        ("say(\"hello\"", "print(\"welcome\")\nsay(\"hello\"", "handshake", "welcome"),
        ("say(\"hello\"", "raise SystemExit(\"no licence\")\nsay(\"hello\"", "handshake", "no licence"),
        ("say(\"finished\", run=run", "say(\"finished\", run=\"0\" * 32", "run", "it speaks of run 00000000"),
        (
            "vector(folder, \"conf",
            "vector(os.path.dirname(folder), \"conf",
            "run",
            "isn't in the run's folder",
        ),
        (
            "{\"file\": \"confidences.npy\"}",
            "{\"file\": \"confidences.npy\", \"blake3\": \"0\" * 64}",
            "run",
            "not with these bytes",
        ),
        (
            "for index in range(EXAMPLES)]",
            "for index in range(EXAMPLES)] + [float(\"nan\")]",
            "run",
            "confidence 50 is not finite",
        ),
        (
            "for index in range(EXAMPLES)]",
            "for index in range(EXAMPLES + seed)]",
            "run",
            "51 confidences, the next 52",
        ),
        ("'shape': ({len(values)},), }}\"", "'shape': (1, {len(values)}), }}\"", "run", "not [S]"),
        (
            "\"weights\": None",
            "\"weights\": None, \"curves\": {\"file\": \"curves.csv\"}",
            "run",
            "curves that are not there",
        ),
        (
            "\"weights\": None",
            "\"weights\": None, \"curves\": {\"file\": open(os.path.join(folder, \"curves.csv\"), \"w\").write(\"loop,round\\n\") and \"curves.csv\"}",
            "run",
            "lacks the column `epoch`",
        ),
        ("\"forget\": forget", "\"forget\": 1.5", "run", "is no message"),
        ("    say(\"finished\"", "    print(\"done\")\n    say(\"finished\"", "run", "`done`"),
        ("random.Random(f\"", "random.Random(f\"{os.getpid()} ", "repeat", "in another process"),
        ("{0 if original else seed}", "", "repeat", "another seed gave the same"),
        ("random.Random(f\"", "random.Random(f\"{run} ", "repeat", "when it came again"),
        ("step=step, steps=STEPS", "step=STEPS - step, steps=STEPS", "progress", "from step 9 to step 8"),
        (
            "return say(\"diverged\", run=run, step=STEPS // 2)",
            "parameters[\"shift\"] = float(\"inf\")",
            "divergence",
            "is not `diverged`",
        ),
        ("message=f\"{type(error).__name__}: {error}\"", "message=\"\"", "failure", "no message"),
        (
            "for line in sys.stdin:",
            "import itertools\nfor line in itertools.chain(sys.stdin, iter(lambda: time.sleep(60), 1)):",
            "end",
            "had to be told to end",
        ),
        (
            "import json, os",
            "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nimport json, os",
            "kill",
            "had to be killed",
        ),
        (
            "    job = json.loads(line)[\"perform\"]",
            "    if not line.startswith(\"{\"): continue\n    job = json.loads(line)[\"perform\"]",
            "garbage",
            "as if nothing had happened",
        ),
    ];
    for (from, to, check, expected) in broken {
        let script = toy_py();
        assert!(script.contains(from), "the toy has `{from}`");
        let bench = Bench::new();
        bench.write("broken.py", script.replace(from, to));
        let verdicts = verdicts(&bench, &["python3", "broken.py"], 2);
        let (verdict, found) = &verdicts[check];
        assert!(verdict == "wrong" && found.contains(expected), "{to}: {check} says {verdict}: {found}");
    }
}

#[test]
fn a_line_as_long_as_it_may_be_is_too_long_for_a_careless_engine() {
    let bench = Bench::new();
    let script = toy_py()
        .replace("for line in sys.stdin:", "for line in iter(lambda: sys.stdin.readline(65536), \"\"):");
    bench.write("broken.py", script);
    let verdicts = verdicts(&bench, &["python3", "broken.py"], 2);
    assert_eq!(verdicts["flood"].0, "wrong", "{verdicts:#?}");
    assert!(verdicts.iter().all(|(name, (verdict, _))| name == "flood" || verdict == "ok"), "{verdicts:#?}");
}
