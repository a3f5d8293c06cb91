//! Calls with a stand-in for Python: a shell script that speaks as the runner does.

use std::{collections::BTreeMap, fs, path::Path};

use sweep_protocol::{
    message::Failure,
    network::NETWORKS,
    recipe::{BatchSize, Interpreter, Phase, Python, Takes},
    terms::{ContentHash, Seed},
};
use tempfile::TempDir;

use crate::{
    draws::Seeded,
    phase::{
        Halt,
        tests::{Bench, Diary},
    },
    python::{CallError, RUNNER},
};

/// A function's file, beside which stands how the stand-in behaves.
fn stand_in(behaviour: &str) -> (TempDir, Python) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/python/stand-in");
    let file = folder.path().join("m.py");
    fs::write(folder.path().join("behaviour.sh"), behaviour).expect("writable");
    fs::write(&file, "def f(net, data): pass\n").expect("writable");
    let python = Python {
        file: file.display().to_string(),
        module: None,
        function: "f".to_owned(),
        takes: Takes::Tensors,
        arguments: BTreeMap::new(),
        batch_size: BatchSize::default(),
        blake3: ContentHash::from(sweep_files::given_hash(&file).expect("readable")),
        imports: Vec::new(),
        interpreter: Interpreter { program: program.display().to_string(), torch: "2.11.0".to_owned() },
    };
    (folder, python)
}

fn called(python: &Python) -> Result<u64, Halt> {
    Bench::new().carry_out(
        vec![Phase::Python(python.clone())],
        &mut Seeded::new(Seed(9)),
        &mut Diary::default(),
    )
}

fn answer(files: &str) -> String {
    format!(
        "cat \"$weights\" > \"$result\"\necho '{{\"answer\":{{\"seconds\":1.5,\"steps\":3,\"finite\":true,\"files\":[{files}]}}}}'"
    )
}

fn failed(rest: &str) -> CallError {
    let (_folder, python) = stand_in(rest);
    match called(&python) {
        Err(Halt::Call(error)) => error,
        other => panic!("{rest}: {other:?}"),
    }
}

#[test]
fn the_weights_that_a_function_leaves_are_taken_over() {
    let (_folder, python) = stand_in(&answer("\"m.py\""));
    assert_eq!(called(&python), Ok(3));
}

#[test]
fn weights_that_are_not_finite_are_a_divergence() {
    let (_folder, python) =
        stand_in("echo '{\"answer\":{\"seconds\":1,\"steps\":2,\"finite\":false,\"files\":[]}}'");
    assert_eq!(called(&python), Err(Halt::Diverged { step: 2 }));
}

#[test]
fn every_other_end_is_a_failure_with_its_reason() {
    for (rest, failure, words) in [
        ("exit 3", Failure::Error, "lost"),
        ("echo '{\"ended\":{\"code\":3}}'", Failure::Error, "ended itself with code 3"),
        ("echo '{\"ended\":{\"signal\":11}}'", Failure::Error, "signal 11"),
        ("echo garbage; echo '{\"ended\":{\"signal\":9}}'", Failure::Error, "want of memory"),
        (
            "echo '{\"failed\":{\"kind\":\"error\",\"message\":\"m.py, line 1\"}}'",
            Failure::Error,
            "m.py, line 1",
        ),
        (
            "echo '{\"failed\":{\"kind\":\"out-of-memory\",\"message\":\"much\"}}'",
            Failure::OutOfMemory,
            "much",
        ),
        ("echo '{\"failed\":{\"kind\":\"refused\",\"message\":\"logits\"}}'", Failure::Refused, "logits"),
        (&answer("\"m.py\", \"late.py\""), Failure::Error, "`late.py` in a way that its source doesn't show"),
        (
            &answer("").replace("cat \"$weights\"", "echo nonsense"),
            Failure::Error,
            "is not the one that it was given",
        ),
        (&answer("").replace("cat \"$weights\"", "head -c 999 \"$weights\""), Failure::Error, "not the one"),
    ] {
        let error = failed(rest);
        assert_eq!(error.failure, failure, "{rest}: {error}");
        assert!(error.reason.contains(words), "{rest}: {error}");
        assert!(error.to_string().contains("m.py:f"), "{error}");
    }
}

#[test]
fn who_is_not_what_was_planned_is_given_no_job() {
    let (folder, python) = stand_in(&answer(""));
    let planned = |version: &str, program: &str| {
        let interpreter = Interpreter { program: program.to_owned(), torch: version.to_owned() };
        match called(&Python { interpreter, ..python.clone() }) {
            Err(Halt::Call(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    let program = python.interpreter.program.clone();
    let error = planned("2.12.0", &program);
    assert!(error.failure == Failure::Refused && error.reason.contains("planned with 2.12.0"), "{error}");
    let error = planned("2.11.0", "/no/such/python");
    assert!(error.failure == Failure::Refused && error.reason.contains("can't be started"), "{error}");
    fs::write(folder.path().join("m.py"), "other").expect("writable");
    let error = planned("2.11.0", &program);
    assert!(error.failure == Failure::Refused && error.reason.contains("has changed"), "{error}");
}

#[test]
fn the_runner_knows_every_network_of_the_catalogue() {
    let known = RUNNER.split_once("NETWORKS = {").expect("its table").1.split_once('}').expect("an end").0;
    for network in NETWORKS {
        assert!(
            known.contains(&format!("\"{}\":", network.name)),
            "{}: write it in python/runner.py",
            network.name
        );
    }
}
