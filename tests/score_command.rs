//! `sweep score`: the competition's score from arrays, the organisers' cache and the oracle of a sweep.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;
use sweep_inputs::{
    checkpoint::{self, StateDict, Values},
    npy,
    retrain_cache::RetrainCache,
};

use crate::harness::{Bench, Said, TRAINING, csv_rows, repository};

/// Writes the rows of a JSON matrix as a float64 `.npy` file of shape [N, S].
fn write_matrix(bench: &Bench, name: &str, matrix: &Value) {
    let rows = matrix.as_array().expect("a list of models");
    let width = rows[0].as_array().expect("a list of examples").len();
    let values: Vec<f64> = rows
        .iter()
        .flat_map(|row| row.as_array().expect("a list of examples"))
        .map(|cell| cell.as_f64().unwrap_or(f64::NAN))
        .collect();
    bench.write(name, matrix_bytes(&values, rows.len(), width));
}

/// A two-dimensional file from the one-dimensional writer: the header differs in the shape alone.
fn matrix_bytes(values: &[f64], rows: usize, columns: usize) -> Vec<u8> {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let padded = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((padded.len() as u16).to_le_bytes());
    bytes.extend(padded.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[test]
fn every_case_of_the_reference_comes_out_exactly() {
    let folder = repository("tests/fixtures/metric");
    let mut cases = 0;
    for entry in fs::read_dir(folder).expect("the fixtures are in the repository") {
        let path = entry.expect("a readable folder").path();
        let Ok(case) = serde_json::from_str::<Value>(&fs::read_to_string(&path).unwrap_or_default()) else {
            continue;
        };
        let (unlearned, retrained) = (&case["input"]["unlearned_confs"], &case["input"]["retrained_confs"]);
        let Some(expected) = case["output"]["forget_score"].as_f64() else { continue };
        if !unlearned.is_array() || unlearned.as_array().is_some_and(|models| models.len() < 3) {
            continue;
        }
        let bench = Bench::new();
        write_matrix(&bench, "u.npy", unlearned);
        write_matrix(&bench, "r.npy", retrained);
        let said = bench
            .sweep(["score", "--unlearned", "u.npy", "--retrained", "r.npy", "--format", "json"])
            .expect_code(0);
        let score: Value = serde_json::from_str(&said.stdout).expect("one JSON object");
        assert_eq!(score["forget_score"].as_f64(), Some(expected), "{}", path.display());
        let epsilons = score["epsilon"].as_array().expect("a list");
        for (ours, theirs) in epsilons.iter().zip(case["output"]["eps"].as_array().expect("a list")) {
            let difference = (ours.as_f64().expect("a number") - theirs.as_f64().expect("a number")).abs();
            assert!(difference <= 1e-5, "{}: epsilon differs by {difference}", path.display());
        }
        let rules = score["rule"].as_array().expect("a list");
        assert_eq!(rules.len(), epsilons.len(), "{}", path.display());
        let csv = bench
            .sweep(["score", "--unlearned", "u.npy", "--retrained", "r.npy", "--format", "csv"])
            .expect_code(0)
            .stdout;
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines[0], "example,epsilon,rule,epsilon_low,epsilon_high");
        for ((line, epsilon), rule) in lines[1..].iter().zip(epsilons).zip(rules) {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells[1].parse().ok(), epsilon.as_f64(), "{line}");
            assert_eq!(Some(cells[2]), rule.as_str(), "{line}");
        }
        assert_eq!(lines.len(), epsilons.len() + 1, "one row per example");
        cases += 1;
    }
    assert!(cases >= 7, "only {cases} cases of the reference have a score");
}

#[test]
fn arrays_that_do_not_compare_are_refused_with_the_reason() {
    let bench = Bench::new();
    bench.write("three.npy", matrix_bytes(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 3, 2));
    bench.write("four.npy", matrix_bytes(&[0.0; 8], 4, 2));
    bench.write("two.npy", matrix_bytes(&[0.0, 1.0, 2.0, 3.0], 2, 2));
    bench.write("nan.npy", matrix_bytes(&[0.0, 1.0, 2.0, f64::NAN, 4.0, 5.0], 3, 2));
    bench.write("vector.npy", npy::vector_bytes(&[1.0, 2.0, 3.0]));
    bench.write("text.npy", "not an array");
    for (unlearned, retrained, reason) in [
        ("three.npy", "four.npy", "4"),
        ("two.npy", "two.npy", "3"),
        ("nan.npy", "three.npy", "model 1"),
        ("vector.npy", "vector.npy", "1 axes, not 2"),
        ("text.npy", "three.npy", "text.npy"),
        ("missing.npy", "three.npy", "missing.npy"),
    ] {
        let said = bench.sweep(["score", "--unlearned", unlearned, "--retrained", retrained]);
        assert_eq!(said.code, Some(3), "{unlearned} against {retrained}: {}", said.stderr);
        assert!(said.stderr.contains(reason), "{unlearned} against {retrained}: {}", said.stderr);
        assert_eq!(said.stdout, "", "no number where there is no score");
    }
}

/// A bench with four unlearned models, and where NumPy's caches are.
fn beside_a_cache() -> (Bench, String, String) {
    let bench = Bench::new();
    bench.write("u.npy", matrix_bytes(&[0.0, 1.0, 2.0, 3.0], 4, 1));
    let fixture = |name: &str| repository("tests/fixtures/score").join(name).display().to_string();
    (bench, fixture("retrain_confs.npz"), fixture("retrain_confs_compressed.npz"))
}

#[test]
fn the_cache_of_numpy_gives_the_score_of_the_reference() {
    let (bench, cache, _) = beside_a_cache();
    let expected: Value = serde_json::from_slice(
        &fs::read(repository("tests/fixtures/score/final_score.json")).expect("a fixture"),
    )
    .expect("JSON");
    let arguments = ["score", "--unlearned", "u.npy", "--retrained", &cache, "--format", "json"];
    let bare = bench.sweep(arguments).expect_code(0);
    let bare: Value = serde_json::from_str(&bare.stdout).expect("one JSON object");
    assert_eq!((bare["forget_score"].as_f64(), bare.get("score")), (Some(0.5), None), "nothing is made up");

    let told = ["--retain-accuracy", "98", "--test-accuracy", "95"];
    let whole = bench.sweep(arguments.into_iter().chain(told)).expect_code(0);
    let whole: Value = serde_json::from_str(&whole.stdout).expect("one JSON object");
    for part in ["retain_ratio", "test_ratio", "score"] {
        let (ours, theirs) = (whole[part].as_f64().expect(part), expected[part].as_f64().expect(part));
        assert!((ours - theirs).abs() <= 1e-12, "{part}: {ours}, not {theirs}");
    }
    let words = ["score", "--unlearned", "u.npy", "--retrained", &cache];
    let words = bench.sweep(words.into_iter().chain(told)).expect_code(0).stdout;
    assert!(words.starts_with("score               0.491017\n"), "{words}");
}

#[test]
fn a_cache_is_refused_with_the_way_out() {
    let (bench, cache, compressed) = beside_a_cache();
    bench.write("r.npy", matrix_bytes(&[0.5, 1.5, 2.5, 3.5], 4, 1));
    let base = ["score", "--unlearned", "u.npy", "--retrained"];
    let accuracies = ["--retain-accuracy", "98", "--test-accuracy", "95"];
    let (half, wrong) = (&accuracies[..2], ["--retain-accuracy", "980", "--test-accuracy", "95"]);
    for (retrained, more, code, reason) in [
        (compressed.as_str(), &[][..], 3, "not `np.savez_compressed`"),
        ("r.npy", &accuracies[..], 3, "confidences alone"),
        ("r.npy", &["--write-cache", "new.npz"], 3, "confidences alone"),
        (&cache, half, 2, "--test-accuracy"),
        (&cache, &wrong, 2, "from 0 to 100"),
        (&cache, &["--write-cache", "u.npy"], 4, "never overwritten"),
    ] {
        let arguments = base.iter().copied().chain([retrained]).chain(more.iter().copied());
        let said = bench.sweep(arguments);
        assert_eq!(said.code, Some(code), "{retrained} {more:?}: {}", said.stderr);
        assert!(said.stderr.contains(reason), "{retrained} {more:?}: {}", said.stderr);
        assert_eq!(said.stdout, "", "no number where something is refused");
    }
    assert!(!bench.path("new.npz").exists());
}

const SWEEP: &str = r#"
name = "small"
engine = "toy"
seeds = 4
[oracle]
models = 4
held-out = 4
[toy]
examples = 6
[method.simulated]
"#;

#[test]
fn the_oracle_of_a_sweep_becomes_a_cache() {
    let bench = Bench::new();
    bench.write("grid.toml", SWEEP);
    bench.sweep(["run", "grid.toml", "--out", "r"]).expect_code(0);
    bench.sweep(["score", "--retrained", "r", "--write-cache", "c.npz"]).expect_code(0);
    let cache = RetrainCache::read(&bench.path("c.npz")).expect("its own cache");
    assert_eq!(cache.confidences.shape, [4, 6]);

    let runs = csv_rows(&bench.read("r/runs.csv"));
    let oracle: Vec<_> = runs.iter().filter(|run| run["role"] == "oracle").collect();
    for (column, percent) in
        [("retain_acc", &cache.retain), ("test_acc", &cache.test), ("forget_acc", &cache.forget)]
    {
        let fractions = oracle.iter().map(|run| run[column].parse::<f64>().expect("an accuracy"));
        let table: Vec<f64> = fractions.map(|fraction| fraction * 100.0).collect();
        assert_eq!(&table, percent, "{column}");
    }
    for (model, run) in oracle.iter().enumerate() {
        let own = npy::read(&bench.path("r/runs").join(&run["run_id"]).join("confidences.npy"));
        assert_eq!(own.expect("what it measured").values, cache.confidences.values[model * 6..][..6]);
    }

    // A model that was touched afterwards is not passed on.
    bench.write(&format!("r/runs/{}/confidences.npy", oracle[0]["run_id"]), npy::vector_bytes(&[0.0; 6]));
    let said = bench.sweep(["score", "--retrained", "r", "--write-cache", "d.npz"]);
    assert_eq!(said.code, Some(3), "{}", said.stderr);
    assert!(said.stderr.contains("is not what was measured"), "{}", said.stderr);
    assert!(!bench.path("d.npz").exists());
}

/// A trained sweep, and a folder with its original and two networks that differ from it in the last layer.
fn with_checkpoints() -> Bench {
    let bench = Bench::with_faces();
    let rest = "[oracle]\nmodels = 3\nheld-out = 3\n[method.ct]\nepochs = 1\n";
    bench.write("grid.toml", format!("name = \"trained\"\nseeds = 3\n{TRAINING}{rest}"));
    bench.sweep(["run", "grid.toml", "--out", "r", "--cache", "cache"]).expect_code(0);
    let runs = csv_rows(&bench.read("r/runs.csv"));
    let original = runs.iter().find(|run| run["role"] == "original").expect("it is trained");
    let weights = bench.path("r/runs").join(&original["run_id"]).join("model.safetensors");
    fs::create_dir(bench.path("models")).expect("room");
    fs::copy(&weights, bench.path("models/0.safetensors")).expect("room");
    for (name, add) in [("1", 0.5), ("2", 1.0)] {
        let entries = checkpoint::read(&weights).expect("a checkpoint").state.into_entries();
        let moved = entries.into_iter().map(|(name, mut tensor)| {
            if let (true, Values::F32(bias)) = (name == "fc.bias", &mut tensor.values) {
                bias[0] += add;
            }
            (name, tensor)
        });
        let state = StateDict::new(moved.collect()).expect("as before");
        let bytes = checkpoint::write_safetensors(&state);
        bench.write(&format!("models/{name}.safetensors"), bytes);
    }
    bench.write("models/notes.txt", "not a checkpoint");
    bench
}

fn of_folder(bench: &Bench, retrained: &str, more: &[&str]) -> Said {
    let base = ["score", "--unlearned", "models", "--retrained", retrained, "--cache", "cache"];
    bench.sweep(base.iter().chain(more).copied())
}

#[test]
fn a_folder_of_checkpoints_measures_as_a_sweep_does_and_only_once() {
    let bench = with_checkpoints();
    let mut command = ["score", "--retrained", "models", "--data", "faces", "--cache", "cache"].to_vec();
    command.extend(["--write-cache", "models.npz"]);
    bench.sweep(command).expect_code(0);
    let models = RetrainCache::read(&bench.path("models.npz")).expect("its own cache");
    let runs = csv_rows(&bench.read("r/runs.csv"));
    let floor = runs.iter().find(|run| run["method"] == "identity").expect("the floor");
    let own = npy::read(&bench.path("r/runs").join(&floor["run_id"]).join("confidences.npy"));
    let own = own.expect("what it measured").values;
    let (first, others) = models.confidences.values.split_at(own.len());
    assert_eq!(first, own, "the original measures as in the sweep, bit for bit");
    assert!(others.chunks(own.len()).all(|other| other != own), "others are others");
    for (column, percent) in
        [("retain_acc", &models.retain), ("test_acc", &models.test), ("forget_acc", &models.forget)]
    {
        assert_eq!(floor[column].parse::<f64>().map(|fraction| 100.0 * fraction), Ok(percent[0]), "{column}");
    }

    let scored = of_folder(&bench, "r", &["--data", "faces", "--format", "json"]).expect_code(0);
    let json: Value = serde_json::from_str(&scored.stdout).expect("one JSON object");
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let oracle: Vec<f64> = runs
        .iter()
        .filter(|run| run["role"] == "oracle")
        .map(|run| run["retain_acc"].parse::<f64>().expect("an accuracy"))
        .collect();
    let ratio = mean(&models.retain) / 100.0 / mean(&oracle);
    let shown = json["retain_ratio"].as_f64().expect("a ratio");
    assert!((shown - ratio).abs() < 1e-12, "{shown}, not {ratio}");
    let ends = ["low", "high"].map(|end| json["retain_ratio_interval"][end].as_f64().expect("an interval"));
    assert!(ends[0] < ratio && ratio < ends[1], "{ends:?} around {ratio}");

    // A worker that can't measure anything is not needed any more.
    let program =
        bench.write("worker", "#!/bin/sh\n[ \"$1\" = --version ] && exec \"$REAL\" --version\nexit 9\n");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("ours");
    let arguments = ["score", "--unlearned", "models", "--retrained", "r", "--cache", "cache"];
    let mut again = bench.command(arguments.into_iter().chain(["--data", "faces", "--format", "json"]));
    let real = Path::new(env!("CARGO_BIN_EXE_sweep")).with_file_name("sweep-torch");
    let again = again.env("REAL", real).env("SWEEP_TORCH_WORKER", &program).output().expect("it starts");
    assert_eq!(String::from_utf8_lossy(&again.stdout), scored.stdout, "{again:?}");
}

#[test]
fn a_folder_that_can_not_be_measured_is_refused_with_the_way_out() {
    let bench = with_checkpoints();
    let data = ["--data", "faces"];
    let twice = ["--data", "faces", "--retain-accuracy", "98", "--test-accuracy", "95"];
    fs::create_dir(bench.path("empty")).expect("room");
    let refuses = |retrained: &str, more: &[&str], code, reason: &str| {
        let said = of_folder(&bench, retrained, more);
        assert_eq!(said.code, Some(code), "{retrained} {more:?}: {}", said.stderr);
        assert!(said.stderr.contains(reason), "{retrained} {more:?}: {}", said.stderr);
        assert_eq!(said.stdout, "", "no number where something is refused");
    };
    refuses("r", &[], 2, "--data");
    refuses("r", &twice, 2, "leave out --retain-accuracy");
    refuses("empty", &data, 3, "no checkpoint");
    let whole = fs::read(bench.path("models/2.safetensors")).expect("it is there");
    bench.write("models/2.safetensors", &whole[..whole.len() / 2]);
    refuses("r", &data, 3, "models/2.safetensors");
    let wider =
        checkpoint::read(&bench.path("models/1.safetensors")).expect("a checkpoint").state.into_entries();
    let without = wider.into_iter().filter(|(name, _)| name != "layer1.0.conv1.weight").collect();
    let state = StateDict::new(without).expect("names are unique");
    bench.write("models/2.safetensors", checkpoint::write_safetensors(&state));
    refuses("r", &data, 3, "layer1.0.conv1.weight");
}
