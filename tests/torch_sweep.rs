//! A sweep that really trains, at the smallest scale: the same bits whatever the slots, resumed after a kill, retrained
//! models shared between sweeps, a PyTorch checkpoint as the original.

use crate::harness::{Bench, csv_rows, measured, repository};

const GRID: &str = r#"
name = "tiny"
seeds = 3
[data]
path = "faces"
[recipe]
network = { name = "resnet18", width = 4 }
epochs = 1
optimizer = { adam = { lr = 1e-3 } }
[oracle]
models = 3
held-out = 3
[method.finetune]
lr = [1e-3, 1e-2]
[method.ct]
epochs = 1
[method.neggrad-plus]
epochs = 1
"#;

fn bench() -> Bench {
    let worker = repository("target/debug/sweep-torch");
    assert!(worker.is_file(), "no {}: run `cargo build --workspace` first", worker.display());
    let bench = Bench::new();
    bench.sweep(["synth", "faces", "--images", "500", "--persons", "80"]).expect_code(0);
    bench.write("tiny.toml", GRID);
    bench
}

#[test]
fn the_same_bits_with_one_slot_with_two_and_after_a_kill() {
    let bench = bench();
    bench.sweep(["tiny.toml", "--out", "one", "--no-cache", "--jobs", "1"]).expect_code(0);
    let expected = measured(&bench.read("one/runs.csv"));
    assert_eq!(expected.len(), 1 + 3 + 3 + 5 * 3, "original, oracle, held-out, five points with the floor");
    assert!(expected.iter().all(|run| run["status"] == "finished"), "{expected:?}");

    bench.sweep(["tiny.toml", "--out", "two", "--no-cache", "--jobs", "2"]).expect_code(0);
    assert_eq!(measured(&bench.read("two/runs.csv")), expected, "two slots");

    bench.kill_after(5, "killed", ["tiny.toml", "--out", "killed", "--no-cache"]);
    bench.sweep(["tiny.toml", "--out", "killed", "--no-cache"]).expect_code(0);
    assert_eq!(measured(&bench.read("killed/runs.csv")), expected, "killed and resumed");
    assert_eq!(bench.ended("killed").len(), expected.len(), "every run ends once");
}

#[test]
fn a_second_sweep_on_the_same_split_trains_no_reference_again() {
    let bench = bench();
    bench.sweep(["tiny.toml", "--cache", "cache"]).expect_code(0);
    bench.write("other.toml", GRID.replace("\"tiny\"", "\"other\"").replace("[1e-3, 1e-2]", "5e-3"));
    bench.sweep(["other.toml", "--cache", "cache"]).expect_code(0);
    let runs = csv_rows(&bench.read("results/other/runs.csv"));
    let references: Vec<_> = runs.iter().filter(|run| run["role"] != "unlearn").collect();
    assert_eq!(references.len(), 7);
    assert!(references.iter().all(|run| run["source"] == "cached"), "{references:?}");
    assert!(runs.iter().filter(|run| run["role"] == "unlearn").all(|run| run["source"] == "computed"));
}

#[test]
fn a_checkpoint_as_pytorch_writes_it_is_an_original() {
    let bench = bench();
    let checkpoint = repository("tests/fixtures/golden/original_model.pth").display().to_string();
    let original = format!("[original]\ncheckpoint = \"{checkpoint}\"\n[oracle]");
    bench.write("tiny.toml", GRID.replace("[oracle]", &original));
    bench.sweep(["tiny.toml", "--no-cache"]).expect_code(0);
    let runs = csv_rows(&bench.read("results/tiny/runs.csv"));
    assert!(runs.iter().all(|run| run["role"] != "original"), "nothing is left to train");
}

#[test]
fn a_checkpoint_that_does_not_fit_is_refused_with_every_difference() {
    let bench = bench();
    let checkpoint = repository("tests/fixtures/golden/original_model.pth").display().to_string();
    let original = format!("[original]\ncheckpoint = \"{checkpoint}\"\n[oracle]");
    bench.write("tiny.toml", GRID.replace("[oracle]", &original).replace("width = 4", "width = 8"));
    let said = bench.sweep(["tiny.toml", "--no-cache"]).expect_code(3);
    assert!(said.stderr.contains("conv1.weight"), "{}", said.stderr);
}

#[test]
fn a_gpu_that_is_not_there_is_said_so() {
    if std::path::Path::new("/proc/driver/nvidia/gpus").exists() {
        return;
    }
    let bench = bench();
    bench.write("tiny.toml", format!("{GRID}\n[pool]\ndevices = [\"cuda:0\"]\n"));
    let said = bench.sweep(["tiny.toml", "--no-cache"]).expect_code(2);
    assert!(said.stderr.to_lowercase().contains("cuda"), "{}", said.stderr);
}
