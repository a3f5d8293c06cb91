//! What a sweep has trained leaves it as a file that PyTorch loads: the same tensors, bit for bit.

use std::{collections::BTreeMap, path::Path};

use sweep_inputs::checkpoint::{self, Tensor};

use crate::harness::{Bench, TRAINING};

fn tensors(path: &Path) -> BTreeMap<String, Tensor> {
    checkpoint::read(path)
        .unwrap_or_else(|error| panic!("{error}"))
        .state
        .into_entries()
        .into_iter()
        .collect()
}

#[test]
fn the_original_is_exported_as_it_was_trained() {
    let bench = Bench::with_faces();
    let grid = format!(
        "name = \"r\"\nengine = \"torch\"\nseeds = 1\n{TRAINING}\n[oracle]\nmodels = 1\nheld-out = 1\n[method.identity]\n"
    );
    bench.write("grid.toml", grid);
    bench.sweep(["grid.toml", "--only", "method == 'identity'", "--out", "r"]).expect_code(0);
    bench.sweep(["export", "r", "--original", "out.pth"]).expect_code(0);
    let trained = std::fs::read_dir(bench.path("r/runs"))
        .expect("runs")
        .map(|run| run.expect("readable").path().join("model.safetensors"))
        .find(|path| path.is_file())
        .expect("the original's weights are kept");
    assert_eq!(tensors(&bench.path("out.pth")), tensors(&trained));
    let again = bench.sweep(["export", "r", "--original", "out.pth"]).expect_code(2);
    assert!(again.stderr.contains("exists"), "{}", again.stderr);
}
