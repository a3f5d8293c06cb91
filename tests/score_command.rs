//! `sweep score`: the competition's score from arrays, the organisers' cache and the oracle of a sweep.

use std::fs;

use serde_json::Value;
use sweep_inputs::{npy, retrain_cache::RetrainCache};

use crate::harness::{Bench, csv_rows, repository};

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
