//! Networks and training of the user's own in real sweeps, with a shell script in place of Python
//! (`tests/fixtures/python/stand-in`); those that are ignored want a Python with PyTorch 2 in `SWEEP_TEST_PYTHON`.

use std::{env, fs, process::Command};

use crate::{
    functions::{bench, marked, runs_of},
    harness::{Bench, Said, repository},
};

const GRID: &str = r#"
name = "own"
seeds = 2
[data]
path = "faces"
[oracle]
models = 2
held-out = 0
[pool]
slots-per-device = 1
"#;

/// Weights of one number, and the same logits for each of the 500 faces: what the stand-in leaves of every run.
const LEAVES: &str = r#"
printf '\070\000\000\000\000\000\000\000{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  \000\000\000\000' > "$result"
head -c 20000 /dev/zero > "$logits"
echo '{"answer":{"seconds":0.5,"steps":1,"finite":true,"files":["m.py"]}}'
"#;

fn with_stand_in() -> Bench {
    let bench = bench("", repository("tests/fixtures/python/stand-in"));
    bench.write(
        "m.py",
        "class Net:\n    def __init__(self, num_classes, width): pass\n\
         def train(net, train_loader, val_loader, epochs=1): pass\n\
         def f(net, retain, forget, val, lr=0.1): pass\n",
    );
    bench.write("behaviour.sh", format!("printf '%s\\n' \"$job\" >> \"${{file%/*}}/jobs\"\n{LEAVES}"));
    bench.write(
        "mine.toml",
        format!(
            "{GRID}[python]\ninterpreter = \".venv/bin/python\"\n\
             [training]\nnetwork = {{ python = \"m.py:Net\", width = 3 }}\ntrain = {{ python = \"m.py:train\", epochs = 2 }}\n\
             [method.mine]\npython = \"m.py:f\"\nlr = [0.1, 0.2]\n[method.retrain]\n"
        ),
    );
    bench
}

#[test]
fn a_network_of_ones_own_is_trained_unlearned_and_scored() {
    let bench = with_stand_in();
    let said = bench.sweep(["plan", "mine.toml"]).expect_code(0);
    assert!(
        said.stdout.contains("m.py:Net, in Python, of which nothing is executed to plan"),
        "{}",
        said.stdout
    );
    assert!(!bench.path("jobs").exists(), "planning runs nothing");
    bench.sweep(["mine.toml", "--out", "r", "--no-cache"]).expect_code(0);
    for (label, count) in [("original", 1), ("oracle", 2), ("mine", 4), ("retrain", 2), ("identity", 2)] {
        let runs = runs_of(&bench, "r", label);
        assert_eq!(runs.len(), count, "{label}");
        assert!(runs.iter().all(|run| run["status"] == "finished"), "{runs:?}");
    }
    let jobs = bench.read("jobs");
    let jobs: Vec<serde_json::Value> =
        jobs.lines().map(|job| serde_json::from_str(job).expect("JSON")).collect();
    let look = &jobs[0];
    assert!(look["call"].is_null() && look["weights"].is_null(), "first a look at the network: {look}");
    assert_eq!(look["network"]["arguments"], serde_json::json!({"num_classes": 10, "width": 3}));
    let taken = |takes: &str| {
        jobs.iter().filter(|job| job["takes"] == serde_json::json!({"training": takes})).count()
    };
    assert_eq!((taken("train"), taken("retain")), (1, 4), "the original, and what is retrained");
    bench.sweep(["report", "r"]).expect_code(0);
    bench.sweep(["export", "r", "--original", "original.pth"]).expect_code(0);
    assert!(bench.path("original.pth").is_file());
    let before = bench.ended("r");
    bench.sweep(["mine.toml", "--out", "r", "--no-cache"]).expect_code(0);
    assert_eq!(bench.ended("r"), before, "nothing is repeated");
}

#[test]
fn a_network_that_cannot_be_used_ends_the_sweep_with_one_line() {
    let bench = with_stand_in();
    bench
        .write("behaviour.sh", "echo '{\"failed\":{\"kind\":\"error\",\"message\":\"m.py, line 2: no\"}}'\n");
    let said = bench.sweep(["mine.toml", "--out", "r", "--no-cache"]);
    assert_ne!(said.code, Some(0));
    assert!(said.stderr.contains("`m.py:Net`: m.py, line 2: no"), "{}", said.stderr);
    assert!(bench.ended("r").is_empty(), "no run is tried with it");
}

#[test]
fn nobody_elses_network_or_training_is_run_unasked() {
    use std::os::unix::fs::PermissionsExt;
    let bench = with_stand_in();
    let grid = bench.read("mine.toml");
    let (before, _) = grid.split_once("[method.mine]").expect("it is there");
    bench.write("mine.toml", format!("{before}[method.identity]\n"));
    fs::set_permissions(bench.path("m.py"), fs::Permissions::from_mode(0o622)).expect("ours");
    let said = bench.sweep(["mine.toml", "--out", "r", "--no-cache"]).expect_code(2);
    assert!(said.stderr.contains("can be written to by others") && said.stderr.contains("--trust"));
    bench.sweep(["mine.toml", "--out", "r", "--no-cache", "--trust", "--shared"]).expect_code(0);
    let said = bench.sweep(["work", "r"]).expect_code(2);
    assert!(said.stderr.contains("--trust"), "{}", said.stderr);
}

/// A grid for the Python of `SWEEP_TEST_PYTHON` beside the networks and functions of the fixture.
fn with_pytorch(network: &str, train: &str, methods: &[&str]) -> Bench {
    let python = env::var("SWEEP_TEST_PYTHON").expect("SWEEP_TEST_PYTHON names a Python with PyTorch 2");
    let bench = Bench::with_faces();
    bench.write("own.py", fs::read(repository("tests/fixtures/python/own.py")).expect("a fixture"));
    let table = |name: &&str| format!("[method.{name}]\npython = \"own.py:{name}\"\n");
    let methods = methods.iter().map(table).collect::<Vec<_>>().concat();
    let network = if network.is_empty() {
        "name = \"resnet18\", width = 4".to_owned()
    } else {
        format!("python = \"own.py:{network}\", divide = 255.0")
    };
    let grid = GRID.replace("seeds = 2", "seeds = 1").replace("models = 2", "models = 1");
    bench.write(
        "mine.toml",
        format!(
            "{grid}[python]\ninterpreter = {python:?}\n[training]\nnetwork = {{ {network} }}\n\
             train = {{ python = \"own.py:{train}\" }}\n[method.identity]\n{methods}"
        ),
    );
    bench
}

/// A sweep, and how many processes it leaves.
fn swept(bench: &Bench) -> Said {
    let mark = format!("SWEEP_TEST_MARK={}", bench.path("").display());
    let (name, value) = mark.split_once('=').expect("both");
    let mut command: Command = bench.command(["mine.toml", "--out", "r", "--no-cache", "--trust"]);
    let said = Said::from(command.env(name, value).output().expect("sweep starts"));
    assert_eq!(marked(&mark), 0, "no process is left; {}", said.stderr);
    said
}

#[test]
#[ignore = "wants a Python with PyTorch 2 in SWEEP_TEST_PYTHON"]
fn functions_on_a_network_of_ones_own_are_judged_by_the_weights_that_they_leave() {
    let hostile = [
        ("unlearning", "finished", ""),
        ("does_nothing", "finished", "unchanged"),
        ("patches", "failed", "they aren't all that decides"),
        ("patches_the_class", "failed", "they aren't all that decides"),
        ("not_a_number", "diverged", ""),
        ("returns_another", "failed", "these are no weights of `Net`"),
        ("dies", "failed", "signal 11"),
        ("ends", "failed", "ended itself with code 0"),
    ];
    let bench = with_pytorch("Net", "train", &hostile.map(|(function, ..)| function));
    let said = swept(&bench).expect_code(1);
    for (function, status, words) in hostile {
        let [run] = &runs_of(&bench, "r", function)[..] else { panic!("one run; {}", said.stderr) };
        let text = format!("{} {}", run["message"], run["flags"]);
        assert!(run["status"] == status && text.contains(words), "{function}: {run:?}");
    }
    for label in ["original", "oracle", "identity"] {
        assert!(runs_of(&bench, "r", label).iter().all(|run| run["status"] == "finished"), "{label}");
    }
    let accuracy = |label: &str| runs_of(&bench, "r", label)[0]["test_acc"].clone();
    assert_eq!(accuracy("identity"), accuracy("original"), "the same weights in two processes");
}

#[test]
#[ignore = "wants a Python with PyTorch 2 in SWEEP_TEST_PYTHON"]
fn hostile_networks_and_trainings_end_the_sweep_with_one_line() {
    for (network, train, words) in [
        ("Raises", "train", "own.py, line 25, `raise ValueError(\"no network today\")`: ValueError"),
        ("NeedsGpu", "train", "self.fc.to(\"cuda\")"),
        ("Ends", "train", "ended itself with code 3"),
        ("SaysMore", "train", "gives a tuple, not a tensor of logits"),
        ("OtherClasses", "train", "gives [9, 11] for 9 images, not [9, 10]"),
        ("SaysOtherEachTime", "train", "other logits for the same image each time"),
        ("LooksAtTheBatch", "train", "they depend on the other images of a batch"),
        ("KeepsSomethingToItself", "train", "they aren't all that decides"),
        ("none", "train", "gives a str, not a torch.nn.Module"),
        ("Net", "train_to_nothing", "stopped being finite"),
        ("Net", "train_another", "these are no weights of `Net`"),
        ("Net", "train_and_raise", "RuntimeError: enough"),
        ("Net", "train_and_patch", "they aren't all that decides"),
        ("", "train_and_raise", "RuntimeError: enough"),
    ] {
        let bench = with_pytorch(network, train, &[]);
        let said = swept(&bench);
        assert!(said.code != Some(0) && said.stderr.contains(words), "{network} {train}: {}", said.stderr);
        assert!(!runs_of(&bench, "r", "identity").iter().any(|run| run["status"] == "finished"));
    }
}

#[test]
#[ignore = "wants a Python with PyTorch 2 in SWEEP_TEST_PYTHON"]
fn a_retraining_sees_what_is_kept_alone() {
    let bench = with_pytorch("", "counts", &["does_nothing"]);
    swept(&bench).expect_code(0);
    let log =
        |label: &str| bench.read(format!("r/runs/{}/worker.log", runs_of(&bench, "r", label)[0]["run_id"]));
    assert!(log("original").contains("trains on 398") && log("oracle").contains("trains on 389"));
}
