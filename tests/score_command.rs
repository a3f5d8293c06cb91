//! `sweep score`: the competition's forgetting quality from two arrays.

use std::fs;

use serde_json::Value;
use sweep_inputs::npy;

use crate::harness::{Bench, repository};

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
