//! Data of others become data sets that a grid can name; what can't is refused with its place and nothing is left.

use std::fs;

use crate::harness::{Bench, repository};

const GRID: &str = r#"
name = "small"
engine = "torch"
seeds = 2
[data]
path = "data"
[training]
network = { name = "resnet18", width = 4, classes = 10, size = 32 }
epochs = 1
[method.finetune]
"#;

#[test]
fn cifar_is_imported_split_and_planned() {
    let bench = Bench::new();
    let cifar = repository("crates/import/tests/fixtures").display().to_string();
    let said = bench.sweep(["import", "cifar10", &cifar, "data", "--forget", "random:5"]).expect_code(0);
    assert!(
        said.stderr.contains("5 forget") && said.stderr.contains("classes = 10, size = 32"),
        "{}",
        said.stderr
    );
    bench.write("grid.toml", GRID);
    let hash = |bench: &Bench| {
        let said = bench.sweep(["plan", "grid.toml", "--format", "json"]).expect_code(0);
        let plan: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
        plan.to_string()
    };
    let before = hash(&bench);
    bench.sweep(["split", "data", "other", "--forget", "class:3"]).expect_code(0);
    assert_eq!(hash(&bench), before, "what is split stays as it is");
    let of = |set: &str| [bench.read(format!("data/{set}.csv")), bench.read(format!("other/{set}.csv"))];
    for set in ["validation", "test"] {
        let [old, new] = of(set);
        assert_eq!(old, new, "{set}");
    }
    let [_, forget] = of("forget");
    assert!(forget.lines().skip(1).all(|line| line.ends_with(",3")), "{forget}");
    let twice = bench.sweep(["split", "data", "other", "--forget", "class:3"]).expect_code(2);
    assert!(twice.stderr.contains("not an empty folder"), "{}", twice.stderr);
}

#[test]
fn what_cannot_be_imported_is_refused_with_the_way_out() {
    let bench = Bench::new();
    let said = bench.sweep(["import", "cifar10", ".", "data"]).expect_code(3);
    assert!(said.stderr.contains("data_batch_1.bin"), "{}", said.stderr);
    bench.write("photos/train/cat/0.png", "GIF89a");
    let said = bench.sweep(["import", "folder", "photos", "data"]).expect_code(3);
    assert!(said.stderr.contains("cat/0.png` is neither PNG nor JPEG"), "{}", said.stderr);
    let said = bench.sweep(["import", "digits", "data", "--from", "absent.whl"]).expect_code(3);
    assert!(said.stderr.contains("absent.whl"), "{}", said.stderr);
    let said = bench.sweep(["split", "data", "other", "--forget", "hardest"]).expect_code(2);
    assert!(said.stderr.contains("class:3/0.5"), "{}", said.stderr);
    let left: Vec<_> = fs::read_dir(bench.path(".")).expect("the bench").collect();
    assert_eq!(left.len(), 1, "only the photos: {left:?}");
}
