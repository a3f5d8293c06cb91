//! A sweep that really trains, at the smallest scale: the same bits whatever the slots, resumed after a kill, retrained
//! models shared between sweeps, a PyTorch checkpoint as the original.

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt};

use sweep_inputs::npy;

use crate::harness::{Bench, TRAINING, csv_rows, measured, repository};

const METHODS: &str = "
[oracle]
models = 3
held-out = 3
[method.finetune]
lr = [1e-3, 1e-2]
[method.ct]
epochs = 1
[method.neggrad-plus]
epochs = 1
";

fn grid() -> String {
    format!("name = \"tiny\"\nseeds = 3\n{TRAINING}{METHODS}")
}

fn bench() -> Bench {
    let bench = Bench::with_faces();
    bench.write("tiny.toml", grid());
    bench
}

#[test]
fn the_same_bits_with_one_slot_with_two_and_after_a_kill() {
    let bench = bench();
    bench.sweep(["tiny.toml", "--out", "one", "--no-cache", "--jobs", "1"]).expect_code(0);
    let expected = measured(&bench.read("one/runs.csv"));
    assert_eq!(expected.len(), 1 + 3 + 3 + 5 * 3, "original, oracle, held-out, five points with the floor");
    assert!(expected.iter().all(|run| run["status"] == "finished"), "{expected:?}");

    let curved = curves(&bench, "one");
    assert_eq!(curved.len(), 1 + 3 + 3 + 4 * 3, "all but the floor, which trains nothing");
    let page = bench.read("one/report.html");
    assert!(page.contains("Training curves") && bench.path("one/figures/curves.svg").is_file());
    for text in curved.values() {
        let readings = csv_rows(text);
        assert!(readings.len() >= 5 && readings.iter().all(|reading| reading["loop"] == "1"), "{text}");
        let last = readings.last().expect("there are some");
        assert!(last["epoch"] == "1" && last["loss"].parse::<f64>().is_ok(), "{text}");
    }

    bench.sweep(["tiny.toml", "--out", "two", "--no-cache", "--jobs", "2"]).expect_code(0);
    assert_eq!(measured(&bench.read("two/runs.csv")), expected, "two slots");
    assert_eq!(curves(&bench, "two"), curved, "two slots");

    bench.kill_after(5, "killed", ["tiny.toml", "--out", "killed", "--no-cache"]);
    bench.sweep(["tiny.toml", "--out", "killed", "--no-cache"]).expect_code(0);
    assert_eq!(measured(&bench.read("killed/runs.csv")), expected, "killed and resumed");
    assert_eq!(curves(&bench, "killed"), curved, "killed and resumed");
    assert_eq!(bench.ended("killed").len(), expected.len(), "every run ends once");
}

#[test]
fn accuracies_between_epochs_are_for_the_curves_alone() {
    let bench = Bench::with_faces();
    let methods = METHODS.replace("= 3", "= 1").replace("lr = [1e-3, 1e-2]", "lr = 1e-3");
    let grid = format!("name = \"tiny\"\nseeds = 1\n{TRAINING}{methods}");
    bench.write("plain.toml", &grid);
    bench.write("told.toml", format!("{grid}[pool]\ncurves = \"accuracies\"\n"));
    for name in ["plain", "told"] {
        bench.sweep([&format!("{name}.toml"), "--no-cache", "--out", name]).expect_code(0);
    }
    let results = |out: &str| measured(&bench.read(format!("{out}/runs.csv")));
    assert_eq!(results("told"), results("plain"), "the same ids and the same numbers");
    let last = |out: &str| -> BTreeMap<String, BTreeMap<String, String>> {
        let curves = curves(&bench, out).into_iter();
        curves.map(|(run, text)| (run, csv_rows(&text).pop().expect("a reading"))).collect()
    };
    assert!(last("plain").values().all(|reading| reading["val_acc"].is_empty()));
    let told = last("told");
    assert_eq!(told.len(), 1 + 1 + 1 + 3, "all but the floor");
    for reading in told.values() {
        for column in ["retain_acc", "forget_acc", "val_acc"] {
            let share: f64 = reading[column].parse().unwrap_or_else(|_| panic!("{column} of {reading:?}"));
            assert!((0.0..=1.0).contains(&share), "{reading:?}");
        }
    }
    assert!(bench.read("told/report.html").contains("\"accuracy\":{\"forget\""), "the page has them");
}

#[test]
fn a_second_sweep_on_the_same_split_trains_no_reference_again() {
    let bench = bench();
    bench.sweep(["tiny.toml", "--cache", "cache"]).expect_code(0);
    bench.write("other.toml", grid().replace("\"tiny\"", "\"other\"").replace("[1e-3, 1e-2]", "5e-3"));
    bench.sweep(["other.toml", "--cache", "cache"]).expect_code(0);
    let runs = csv_rows(&bench.read("results/other/runs.csv"));
    let references: Vec<_> = runs.iter().filter(|run| run["role"] != "unlearn").collect();
    assert_eq!(references.len(), 7);
    assert!(references.iter().all(|run| run["source"] == "cached"), "{references:?}");
    assert!(runs.iter().filter(|run| run["role"] == "unlearn").all(|run| run["source"] == "computed"));
}

#[test]
fn a_second_original_moves_the_runs_that_start_from_it_and_no_others() {
    let bench = bench();
    let keys = ["role", "label", "params.lr", "seed"];
    let of = |out: &str| -> BTreeMap<Vec<String>, BTreeMap<String, String>> {
        let runs = measured(&bench.read(format!("{out}/runs.csv")));
        let named = |run: BTreeMap<String, String>| (keys.map(|key| run[key].clone()).to_vec(), run);
        runs.into_iter().map(named).collect()
    };
    bench.sweep(["tiny.toml", "--cache", "cache", "--out", "one"]).expect_code(0);
    bench.write("two.toml", grid().replace("[oracle]", "[original]\nmodels = 2\n[oracle]"));
    bench.sweep(["two.toml", "--cache", "cache", "--out", "two"]).expect_code(0);
    let (one, two) = (of("one"), of("two"));
    assert_eq!(two.len(), one.len() + 1, "another original");
    assert!(two.values().all(|run| run["status"] == "finished"), "{two:?}");
    for (key, run) in &one {
        let moved = run["role"] == "unlearn" && run["seed"] == "1";
        assert_eq!(two[key] != *run, moved, "{key:?}");
    }
    let floor =
        |seed: &str| &two[&["unlearn", "identity", "", seed].map(str::to_owned).to_vec()]["retain_acc"];
    let original =
        |seed: &str| &two[&["original", "original", "", seed].map(str::to_owned).to_vec()]["retain_acc"];
    for (seed, number) in [("0", "0"), ("1", "1"), ("2", "0")] {
        assert_eq!(floor(seed), original(number), "seed {seed}");
    }
    // The same results, once the grid asks for a second original: what started from the first is not carried out again.
    bench.sweep(["two.toml", "--cache", "cache", "--out", "one"]).expect_code(0);
    assert_eq!(of("one"), two);
    assert_eq!(bench.ended("one").len(), one.len() + 1 + 5, "one original and a run of each point");

    let which = bench.sweep(["export", "two", "--original", "o.pth"]).expect_code(2);
    assert!(which.stderr.contains("--number, from 0 to 1"), "{}", which.stderr);
    bench.sweep(["export", "two", "--original", "o.pth", "--number", "1"]).expect_code(0);
    let page = bench.read("two/report.html");
    assert!(
        page.contains("over 2 originals") && !page.contains("given one original"),
        "captions say what they are about"
    );
    let other = bench.sweep(["compare", "one", "two"]).expect_code(0);
    assert!(other.stdout.contains("over 2 originals"), "{}", other.stdout);
}

/// The training curves of every run that has left some, by its name.
fn curves(bench: &Bench, out: &str) -> BTreeMap<String, String> {
    let runs = fs::read_dir(bench.path(out).join("runs")).expect("runs");
    let curves = runs.filter_map(|run| {
        let run = run.expect("readable");
        let text = fs::read_to_string(run.path().join("curves.csv")).ok()?;
        Some((run.file_name().to_string_lossy().into_owned(), text))
    });
    curves.collect()
}

/// Names of the files that passes left, each with its place on the disk: one that is written again has another.
fn passes(bench: &Bench) -> Vec<(String, u64)> {
    let entries = fs::read_dir(bench.path("cache/passes")).expect("passes were taken");
    let mut files: Vec<_> = entries
        .map(|entry| {
            let entry = entry.expect("readable");
            (entry.path().display().to_string(), entry.metadata().expect("readable").ino())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_grid_over_dampening_takes_its_importances_once_and_a_second_sweep_takes_none() {
    let bench = bench();
    let [finetune, ct] = ["[method.finetune]\nlr = [1e-3, 1e-2]\n", "[method.ct]\nepochs = 1\n"];
    let grid =
        grid().replace(finetune, "[method.ssd]\nalpha = [1.0, 2.0]\nlambda = [0.5, 1.0]\n").replace(ct, "");
    let grid =
        grid.replace("[method.neggrad-plus]\nepochs = 1\n", "[method.iu]\nsamples = 3\nalpha = [0.1, 1.0]\n");
    bench.write("shared.toml", &grid);
    bench.sweep(["shared.toml", "--cache", "cache", "--out", "first"]).expect_code(0);
    let taken = passes(&bench);
    assert_eq!(taken.len(), 4, "two importances and two sums of gradients, for 18 runs: {taken:?}");

    bench.write("other.toml", grid.replace("[1.0, 2.0]", "[1.0, 3.0]").replace("\"tiny\"", "\"other\""));
    bench.sweep(["other.toml", "--cache", "cache", "--out", "second"]).expect_code(0);
    assert_eq!(passes(&bench), taken, "nothing is computed again");

    bench.sweep(["shared.toml", "--no-cache", "--out", "third"]).expect_code(0);
    let of = |out: &str| measured(&bench.read(format!("{out}/runs.csv")));
    assert_eq!(of("first"), of("third"), "what was looked up has the same bits as what was computed");
}

#[test]
fn the_challenge_is_planned_and_its_shared_passes_are_named() {
    let bench = bench();
    for (grid, points) in [("catalogue", 40), ("kaggle", 80)] {
        let grid = repository(&format!("experiments/{grid}.toml")).display().to_string();
        let said = bench.sweep(["plan", &grid, "--explain", "--set", "data.path=\"faces\""]).expect_code(0);
        let shown = said.stdout.matches("passes over the retain set\n").count();
        assert!(shown >= points, "{shown} points:\n{}", said.stdout);
        let shared = "squared gradients on train, batches of ";
        assert!(said.stdout.contains(shared), "`{shared}` in:\n{}", said.stdout);
    }
}

#[test]
fn a_checkpoint_as_pytorch_writes_it_is_an_original() {
    let bench = bench();
    let checkpoint = repository("tests/fixtures/golden/original_model.pth").display().to_string();
    let original = format!("[original]\ncheckpoint = \"{checkpoint}\"\n[oracle]");
    bench.write("tiny.toml", grid().replace("[oracle]", &original));
    // It knows other pictures. One that knows nothing here is told before an hour of retraining.
    let said = bench.sweep(["tiny.toml", "--no-cache"]).expect_code(3);
    assert!(said.stderr.contains("it was trained on other images"), "{}", said.stderr);
    assert_eq!(bench.ended("results/tiny").len(), 1, "it alone was measured");
    bench.sweep(["tiny.toml", "--no-cache", "--accept-weak-original"]).expect_code(0);
    let runs = csv_rows(&bench.read("results/tiny/runs.csv"));
    assert!(runs.iter().all(|run| run["role"] != "original"), "nothing is left to train");
}

#[test]
fn a_checkpoint_that_does_not_fit_is_refused_before_anything_is_written() {
    let bench = bench();
    let checkpoint = repository("tests/fixtures/golden/original_model.pth").display().to_string();
    let original = format!("[original]\ncheckpoint = \"{checkpoint}\"\n[oracle]");
    bench.write("tiny.toml", grid().replace("[oracle]", &original).replace("width = 4", "width = 8"));
    let commands: [&[&str]; 3] = [&["plan"], &["run", "--dry-run"], &["run", "--no-cache", "--out", "r"]];
    for command in commands {
        let said = bench.sweep(command.iter().copied().chain(["tiny.toml"])).expect_code(3);
        for part in ["conv1.weight", "; and 98 more", "width = 4, classes = 10 }`"] {
            assert!(said.stderr.contains(part), "{}", said.stderr);
        }
    }
    assert!(!bench.path("r").exists(), "nothing is trained for it");
}

#[test]
fn a_gpu_that_is_not_there_is_said_so() {
    if std::path::Path::new("/proc/driver/nvidia/gpus").exists() {
        return;
    }
    let bench = bench();
    bench.write("tiny.toml", format!("{}\n[pool]\ndevices = [\"cuda:0\"]\n", grid()));
    let said = bench.sweep(["tiny.toml", "--no-cache"]).expect_code(2);
    assert!(said.stderr.to_lowercase().contains("cuda"), "{}", said.stderr);
}

#[test]
fn audits_of_a_trained_sweep_look_at_what_its_networks_do_on_single_examples() {
    const AUDITS: [&str; 10] = [
        "average-gap",
        "indiscernibility",
        "klom",
        "mia",
        "nomus",
        "roc",
        "simple-mia",
        "tow",
        "tow-mia",
        "u-lira",
    ];
    let bench = bench();
    let grid = grid().replace("= 3", "= 4").replace("[1e-3, 1e-2]", "1e-2");
    bench.write("audited.toml", format!("{grid}[audit]\naudits = {AUDITS:?}\nretain-sample = 50\n"));
    bench.sweep(["audited.toml", "--no-cache", "--out", "r"]).expect_code(0);
    let rows = csv_rows(&bench.read("r/audits.csv"));
    for audit in AUDITS {
        assert!(
            rows.iter().any(|row| row["audit"] == audit && row["dash_reason"].is_empty()),
            "{audit}: {rows:?}"
        );
    }

    // What the networks do on single examples adds up to what was measured of them as a whole.
    let runs = csv_rows(&bench.read("r/runs.csv"));
    for run in runs.iter().filter(|run| run["role"] != "original") {
        let folder = bench.path("r/runs").join(&run["run_id"]);
        let examples = npy::read(&folder.join("examples.npy")).expect("it was measured");
        let confidences = npy::read(&folder.join("confidences.npy")).expect("it was measured").values;
        let (forget, rest) = examples.values.as_chunks::<5>().0.split_at(confidences.len());
        assert!(forget.iter().map(|row| row[0]).eq(confidences), "the same confidences: {run:?}");
        let right = |rows: &[[f64; 5]]| rows.iter().map(|row| row[4]).sum::<f64>() / rows.len() as f64;
        for (rows, column) in [(forget, "forget_acc"), (&rest[50..], "test_acc")] {
            let accuracy: f64 = run[column].parse().expect("an accuracy");
            assert!((right(rows) - accuracy).abs() < 1e-9, "{column}: {} in {run:?}", right(rows));
        }
    }

    let mean = |of: &dyn Fn(&BTreeMap<String, String>) -> bool, column: &str| {
        let of: Vec<f64> =
            runs.iter().filter(|run| of(run)).map(|run| run[column].parse().expect("an accuracy")).collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    // Parts of the forget set make up the whole, by whatever they are told apart.
    let parts = csv_rows(&bench.read("r/groups.csv"));
    for by in ["class", "person", "difficulty"] {
        for label in ["finetune", "identity"] {
            let of: Vec<_> = parts.iter().filter(|row| row["by"] == by && row["label"] == label).collect();
            let number = |row: &BTreeMap<String, String>, column: &str| {
                row[column].parse::<f64>().unwrap_or_else(|_| panic!("no {column} in {row:?}"))
            };
            let examples: f64 = of.iter().map(|row| number(row, "examples")).sum();
            for (column, want) in [
                ("accuracy", mean(&|run| run["label"] == label, "forget_acc")),
                ("oracle_accuracy", mean(&|run| run["role"] == "oracle", "forget_acc")),
            ] {
                let right: f64 = of.iter().map(|row| number(row, "examples") * number(row, column)).sum();
                assert!(
                    (right / examples - want).abs() < 1e-9,
                    "{by}, {label}, {column}: {right} of {examples}"
                );
            }
        }
    }

    let tow = |row: &BTreeMap<String, String>| row["audit"] == "tow" && row["role"] == "unlearn";
    for row in rows.iter().filter(|row| tow(row)) {
        // Of every run beside the oracle's means, then the mean.
        let of_run = |run: &BTreeMap<String, String>| -> f64 {
            let kept = ["forget_acc", "retain_acc", "test_acc"].map(|column| {
                let own: f64 = run[column].parse().expect("an accuracy");
                1.0 - (own - mean(&|run| run["role"] == "oracle", column)).abs()
            });
            kept.iter().product()
        };
        let each: Vec<f64> = runs.iter().filter(|run| run["label"] == row["label"]).map(of_run).collect();
        let want = each.iter().sum::<f64>() / each.len() as f64;
        let value: f64 = row["value"].parse().expect("a number");
        assert!((value - want).abs() < 1e-12, "{row:?}");
    }
}

#[test]
fn every_network_sweeps_and_images_may_have_other_sizes() {
    let bench = bench();
    let faces = |size: &str| {
        let folder = format!("faces-{size}");
        bench.sweep(["synth", &folder, "--images", "500", "--persons", "80", "--size", size]).expect_code(0);
    };
    faces("28");
    faces("64");
    // What tells `ct` from fine-tuning is the convolutions that it transposes: a network without any has no use for it.
    let without = grid().replace("[method.ct]\nepochs = 1\n", "").replace("seeds = 3", "seeds = 2");
    let on = |network: &str, size: u32, methods: &str| {
        methods.replace("\"faces\"", &format!("\"faces-{size}\"")).replace(
            "{ name = \"resnet18\", width = 4 }",
            &format!("{{ {network}, size = {size}, divide = 255 }}"),
        )
    };
    let (mlp, resnet9) = ("name = \"mlp\", width = 16", "name = \"resnet9\", width = 4");
    let cifar = "name = \"resnet18-cifar\", width = 4";
    let vit = "name = \"vit\", patch = 7, width = 16, depth = 2";
    for (network, size, methods) in [
        (mlp, 28, &without),
        (resnet9, 28, &grid()),
        (cifar, 28, &grid()),
        (resnet9, 64, &grid()),
        (vit, 28, &grid()),
    ] {
        bench.write("sized.toml", on(network, size, methods));
        let out = format!("r-{size}-{}", network.len());
        bench.sweep(["sized.toml", "--no-cache", "--out", &out]).expect_code(0);
        assert!(bench.path(&out).join("report.html").is_file(), "{network}, {size}");
        let runs = csv_rows(&bench.read(format!("{out}/runs.csv")));
        assert!(runs.iter().all(|run| run["status"] == "finished"), "{network}, {size}: {runs:?}");
    }

    bench.write("sized.toml", on(mlp, 28, &without).replace("size = 28", "size = 32"));
    let said = bench.sweep(["plan", "sized.toml"]).expect_code(3);
    assert!(said.stderr.contains("images: all are 28 by 28 pixels"), "{}", said.stderr);
    assert!(said.stderr.contains("write `size = 28` in [training] network"), "{}", said.stderr);
    bench.write("sized.toml", on(resnet9, 28, &grid()).replace("size = 28", "size = 10"));
    let said = bench.sweep(["plan", "sized.toml"]).expect_code(2);
    assert!(said.stderr.contains("`size` must be a whole number from 12 to 256"), "{}", said.stderr);
    bench.write("sized.toml", on(mlp, 28, &grid()));
    let said = bench.sweep(["plan", "sized.toml"]).expect_code(2);
    assert!(said.stderr.contains("ct") && said.stderr.contains("none of these tensors"), "{}", said.stderr);
}
