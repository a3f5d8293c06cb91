//! Unlearning of wrong labels: what the report says of the truth.

use crate::harness::{Bench, csv_rows};

/// Images that show their class: a stripe of its own on grey noise, in NumPy's format.
fn striped(count: usize) -> (Vec<u8>, Vec<u8>) {
    let header = |shape: &str| {
        let text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({shape}), }}");
        let mut bytes = b"\x93NUMPY\x01\0".to_vec();
        let length = (10 + text.len() + 1).next_multiple_of(64) - 10;
        bytes.extend_from_slice(&(length as u16).to_le_bytes());
        bytes.extend_from_slice(format!("{text:<width$}\n", width = length - 1).as_bytes());
        bytes
    };
    let (mut images, mut labels) = (header(&format!("{count}, 8, 8")), header(&format!("{count},")));
    let mut state = 1_u32;
    for image in 0..count {
        let class = image % 4;
        labels.push(class as u8);
        for pixel in 0..64 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 24) as u8 / 3;
            images.push(if pixel / 16 == class { 170 + noise } else { noise });
        }
    }
    (images, labels)
}

/// Striped images in `data`, and in `wrong` the same with one in twenty mislabelled.
fn mislabelled() -> Bench {
    let bench = Bench::new();
    let (images, labels) = striped(400);
    bench.write("x.npy", images);
    bench.write("y.npy", labels);
    bench.sweep(["import", "arrays", "x.npy", "y.npy", "data"]).expect_code(0);
    bench.sweep(["split", "data", "wrong", "--forget", "mislabel:0.05"]).expect_code(0);
    bench
}

#[test]
fn the_report_says_how_many_of_the_mislabelled_are_seen_for_what_they_are() {
    let bench = mislabelled();
    let grid = "name = \"r\"\nengine = \"torch\"\nseeds = 2\n[data]\npath = \"wrong\"\n[training]\n\
        network = { name = \"mlp\", width = 32, classes = 4, size = 8, divide = 255 }\nepochs = 20\nbatch-size = 32\n\
        optimizer = { adam = { lr = 3e-3 } }\n[oracle]\nmodels = 2\nheld-out = 2\n[method.identity]\n[method.finetune]\n\
        lr = 1e-2\nepochs = 1\n";
    bench.write("grid.toml", grid);
    let shown = bench.sweep(["grid.toml", "--out", "r"]).expect_code(0).stdout;
    assert!(shown.contains("truth %"), "{shown}");
    let points = csv_rows(&bench.read("r/points.csv"));
    let truth = |role: &str, method: &str| -> f64 {
        let row = points.iter().find(|row| row["role"] == role && row["method"] == method);
        row.expect("a row")["truth_acc"].parse().expect("a share")
    };
    assert!(truth("oracle", "retrain") >= 0.95, "who never saw the wrong labels sees stripes: {points:?}");
    for row in &points {
        let share = |column: &str| row[column].parse::<f64>().expect("a share");
        assert!(
            share("forget_acc") + share("truth_acc") <= 1.0,
            "what is taken for its wrong label isn't taken for the true one"
        );
    }
    let page = bench.read("r/report.html");
    assert!(page.contains("Truth, %") && page.contains("the oracle, retrained without it, reaches"));
}

#[test]
fn the_hardest_images_are_told_by_the_original_of_a_sweep_on_the_same_data() {
    let bench = mislabelled();
    let grid = "name = \"r\"\nengine = \"torch\"\nseeds = 1\n[data]\npath = \"wrong\"\n[training]\n\
        network = { name = \"mlp\", width = 32, classes = 4, size = 8, divide = 255 }\nepochs = 5\nbatch-size = 32\n\
        optimizer = { adam = { lr = 3e-3 } }\n[oracle]\nmodels = 1\nheld-out = 1\n[method.identity]\n";
    bench.write("grid.toml", grid);
    bench.sweep(["grid.toml", "--out", "r"]).expect_code(0);
    let alone = bench.sweep(["split", "wrong", "hard", "--forget", "hardest:16"]).expect_code(2);
    assert!(alone.stderr.contains("--by RESULTS"), "{}", alone.stderr);
    let other = bench.sweep(["split", "data", "hard", "--forget", "hardest:16", "--by", "r"]);
    assert!(other.code != Some(0) && other.stderr.contains("has changed"), "{}", other.stderr);
    bench.sweep(["split", "wrong", "hard", "--forget", "hardest:16", "--by", "r"]).expect_code(0);
    // After a few epochs the network knows stripes and not the wrong labels: of all images it is least sure of those.
    let ids = |list: &str| -> std::collections::BTreeSet<String> {
        csv_rows(&bench.read(list)).into_iter().map(|row| row["image_id"].clone()).collect()
    };
    assert_eq!(ids("hard/forget.csv"), ids("wrong/forget.csv"));
    assert!(bench.read("hard/split.json").contains("\"by\""));
}
