//! `sweep try` and `sweep new-method`, with a shell script in place of Python; the one that is ignored wants a Python with
//! PyTorch 2 in `SWEEP_TEST_PYTHON`.

use std::env;

use serde_json::Value;

use crate::{
    functions::with_stand_in,
    harness::{Bench, Said},
};

/// A rehearsal as small as can be.
fn rehearsal(bench: &Bench, more: &[&str]) -> Said {
    let small = ["try", "--data", "faces", "-S", "training.network.width=4", "-S", "training.epochs=1"];
    let python = ["--interpreter", ".venv/bin/python"];
    let python = if more.contains(&python[0]) { &[][..] } else { &python };
    bench.sweep([&small[..], python, more].concat())
}

fn effect(said: &Said) -> Value {
    serde_json::from_str(&said.stdout).expect("JSON")
}

#[test]
fn a_rehearsal_shows_what_a_function_did_and_keeps_what_it_compared_with() {
    let bench = with_stand_in();
    let said = rehearsal(&bench, &["m.py:f", "lr=0.5", "--format", "json"]).expect_code(0);
    assert!(said.stderr.contains("training an original"), "{}", said.stderr);
    let found = effect(&said);
    let (models, weights) = (&found["effect"]["models"], &found["effect"]["weights"]);
    assert_eq!((&found["status"], &found["arguments"]["lr"]), (&"finished".into(), &0.5.into()), "{found}");
    assert_eq!(models["before"], models["after"], "it gives back what it was given");
    assert!(models["retrained"]["accuracy"]["forget"].is_number(), "{models}");
    assert_eq!((&weights["distance"], &weights["statistics"]), (&0.0.into(), &false.into()));
    assert!(weights["norm"].as_f64().is_some_and(|norm| norm > 0.0));

    let said = rehearsal(&bench, &["m.py:f"]).expect_code(0);
    assert!(!said.stderr.contains("training"), "it is kept: {}", said.stderr);
    for words in
        ["left every weight as it was", "accuracy on the retain set", "retrained", "weights moved by 0.000"]
    {
        assert!(said.stdout.contains(words), "{words}: {}", said.stdout);
    }
    let said = rehearsal(&bench, &["m.py:f", "--no-retrained", "--format", "json"]).expect_code(0);
    assert!(effect(&said)["effect"]["models"]["retrained"].is_null());
}

#[test]
fn a_rehearsal_that_comes_to_nothing_shows_what_was_printed() {
    let bench = with_stand_in();
    bench.write(
        "behaviour.sh",
        "printf 'Traceback\\n  deep \\033[31minside\\n' >&2; echo '{\"failed\":{\"kind\":\"error\",\"message\":\"m.py, line 2\"}}'\n",
    );
    let said = rehearsal(&bench, &["m.py:f"]).expect_code(1);
    for words in ["failed: `m.py:f`: m.py, line 2", "  Traceback\n", "deep"] {
        assert!(said.stdout.contains(words), "{words}: {}", said.stdout);
    }
    assert!(!said.stdout.contains('\u{1b}'), "a terminal obeys nothing of it: {}", said.stdout);
    let found = effect(&rehearsal(&bench, &["m.py:f", "--format", "json"]).expect_code(1));
    assert!(found["status"] == "failed" && found["effect"]["models"]["after"].is_null(), "{found}");
}

#[test]
fn a_rehearsal_that_can_not_be_is_refused_before_anything_is_trained() {
    let bench = with_stand_in();
    for (arguments, words) in [
        (&["m.py:g"][..], "defines no function `g`"),
        (&["m.py:f", "rate=1"], "has no keyword argument `rate`"),
        (&["m.py:f", "lr=[1, 2]"], "make 2: give each one value"),
        (&["m.py:f", "lr"], "expected `=`"),
        (&["m.py"], "FILE.py:FUNCTION"),
        (&["none.py:f"], "can't be read"),
        (&["m.py:f", "--interpreter", "no/such/python"], "no file"),
    ] {
        let said = rehearsal(&bench, arguments);
        assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.stderr);
        assert!(said.stderr.contains(words), "{arguments:?}: {}", said.stderr);
        assert!(!said.stderr.contains("training"), "{}", said.stderr);
    }
}

#[test]
fn a_new_method_is_written_once() {
    let bench = Bench::new();
    let said = bench.sweep(["new-method", "my-own"]).expect_code(0);
    assert!(said.stderr.contains("sweep try my_own.py:unlearning"), "{}", said.stderr);
    let text = bench.read("my_own.py");
    bench.write("my_own.py", format!("{text}# mine\n"));
    let said = bench.sweep(["new-method", "my-own"]).expect_code(2);
    assert!(said.stderr.contains("is left as it is") && bench.read("my_own.py").ends_with("# mine\n"));
    bench.sweep(["new-method", "../x"]).expect_code(2);
}

#[test]
#[ignore = "wants a Python with PyTorch 2 in SWEEP_TEST_PYTHON"]
fn a_new_method_runs_as_it_is() {
    let python = env::var("SWEEP_TEST_PYTHON").expect("SWEEP_TEST_PYTHON names a Python with PyTorch 2");
    let bench = Bench::with_faces();
    bench.sweep(["new-method", "mine"]).expect_code(0);
    let said = rehearsal(&bench, &["mine.py:unlearning", "--interpreter", &python, "--format", "json"])
        .expect_code(0);
    let found = effect(&said);
    assert!(
        found["effect"]["weights"]["distance"].as_f64().is_some_and(|distance| distance > 0.0),
        "{found}"
    );
    assert!(found["printed"].to_string().contains("epoch 0: loss"), "{found}");
}

#[test]
#[ignore = "wants a Python with PyTorch 2 in SWEEP_TEST_PYTHON"]
fn a_function_of_a_module_runs() {
    let python = env::var("SWEEP_TEST_PYTHON").expect("SWEEP_TEST_PYTHON names a Python with PyTorch 2");
    let bench = Bench::with_faces();
    bench.write("src/pkg/__init__.py", "");
    bench.write("src/pkg/near.py", "STEP = 1\n");
    bench.write("src/beside.py", "KNOWN = 1\n");
    bench.write("hidden.py", "");
    bench.write(
        "src/pkg/method.py",
        "import beside\nfrom .near import STEP\ndef f(net, data):\n    net.fc.bias.data += STEP\n\
         def g(net, data):\n    import hidden\n",
    );
    let tried = |function: &str| {
        let small = ["try", "--data", "faces", "-S", "training.network.width=4", "-S", "training.epochs=1"];
        let mut command = bench.command([&small[..], &["--interpreter", &python, function]].concat());
        Said::from(command.env("PYTHONPATH", bench.path("src")).output().expect("sweep starts"))
    };
    let said = tried("pkg.method:f").expect_code(0);
    assert!(said.stdout.contains("weights moved by 3.162"), "the square root of ten: {}", said.stdout);
    let said = tried("pkg.method:g").expect_code(1);
    let words = "pkg/method.py, line 6, `import hidden`: ModuleNotFoundError";
    assert!(said.stdout.contains(words), "the working folder is not the package's: {}", said.stdout);
    let said = tried("pkg.none:f").expect_code(2);
    assert!(said.stderr.contains("there is no module `pkg.none`"), "{}", said.stderr);
}
