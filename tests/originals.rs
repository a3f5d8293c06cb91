//! Checkpoints that can't be what was meant, as users bring them: each stops the sweep before anything is trained, and the
//! message says what probably is wrong.

use sweep_inputs::checkpoint::{self, StateDict, Tensor, Values};

use crate::harness::{Bench, csv_rows};

/// A state dict, line by line.
type Lines = Vec<(String, Tensor)>;

const DIVIDED: &str = ", divide = 255";
const NORMALISED: &str = ", divide = 255, mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225]";

/// Trains for real what is to be the original: 8 channels, inputs as `sees` says.
fn trained(bench: &Bench, sees: &str) -> Lines {
    let grid = format!(
        "name = \"t\"\nseeds = 1\n[data]\npath = \"faces\"\n[training]\nnetwork = {{ name = \"resnet18\", width = 8{sees} }}\n\
         epochs = 24\nbatch-size = 32\noptimizer = {{ adam = {{ lr = 5e-3 }} }}\n[oracle]\nmodels = 1\nheld-out = 1\n\
         [method.identity]\n"
    );
    bench.write("train.toml", grid);
    bench.kill_after(1, "trained", ["run", "train.toml", "--out", "trained", "--no-cache"]);
    let run = bench.ended("trained").into_iter().next().expect("the original comes first");
    let path = bench.path("trained/runs").join(run).join("model.safetensors");
    let lines = checkpoint::read(&path).expect("a checkpoint").state.into_entries();
    std::fs::remove_dir_all(bench.path("trained")).expect("it is ours");
    lines
}

/// A grid that takes the checkpoint for its original.
fn grid(network: &str) -> String {
    format!(
        "name = \"t\"\nseeds = 1\n[data]\npath = \"faces\"\n[original]\ncheckpoint = \"original.safetensors\"\n[training]\n\
         network = {{ name = \"resnet18\", {network} }}\nepochs = 1\noptimizer = {{ adam = {{ lr = 1e-3 }} }}\n[oracle]\n\
         models = 1\nheld-out = 1\n[method.finetune]\nepochs = 1\n"
    )
}

fn bring(bench: &Bench, lines: Lines, network: &str) {
    let state = StateDict::new(lines).expect("distinct names");
    bench.write("original.safetensors", checkpoint::write_safetensors(&state));
    bench.write("grid.toml", grid(network));
}

/// Runs the grid on a checkpoint that is none of its; at most the checkpoint itself is measured.
fn stops(bench: &Bench, what: &str, lines: Lines, network: &str, causes: &[&str]) {
    bring(bench, lines, network);
    let said = bench.sweep(["run", "grid.toml", "--out", what, "--no-cache"]).expect_code(3);
    for cause in causes {
        assert!(said.stderr.contains(cause), "{what} should say `{cause}`:\n{}", said.stderr);
    }
    assert!(bench.ended(what).len() <= 1, "{what}: {:?}", bench.ended(what));
}

/// Changes the tensors of this name.
fn with(mut lines: Lines, name: &str, change: impl Fn(&mut Vec<usize>, &mut Vec<f32>)) -> Lines {
    for (key, tensor) in &mut lines {
        if let (true, Values::F32(values)) = (key == name, &mut tensor.values) {
            change(&mut tensor.shape, values);
        }
    }
    lines
}

/// The blocks of ResNet-34: copies of those that are there.
fn deeper(lines: &Lines) -> Lines {
    let copies = [(1, 3), (2, 4), (3, 6), (4, 3)].into_iter().flat_map(|(stage, blocks)| {
        let second = format!("layer{stage}.1.");
        let of_second =
            lines.iter().filter_map(move |(key, tensor)| Some((key.strip_prefix(&second)?, tensor)));
        let of_second: Vec<_> = of_second.collect();
        (2..blocks).flat_map(move |block| {
            let copy = move |(key, tensor): &(&str, &Tensor)| {
                (format!("layer{stage}.{block}.{key}"), (*tensor).clone())
            };
            of_second.clone().iter().map(copy).collect::<Vec<_>>()
        })
    });
    lines.iter().cloned().chain(copies).collect()
}

/// What `torch.nn` gives a new network: some numbers, and statistics of no batch.
fn born(lines: &Lines) -> Lines {
    let number = |place: usize| ((place * 7919) % 1009) as f32 / 1009.0 - 0.5;
    let mut lines = lines.clone();
    for (key, tensor) in &mut lines {
        let fan_in = tensor.shape.iter().skip(1).product::<usize>().max(1) as f32;
        let of = |place| match key.rsplit('.').next() {
            Some("running_mean") => 0.0,
            Some("running_var") => 1.0,
            _ => 2.0 * number(place) / fan_in.sqrt(),
        };
        let is_scale = key.ends_with("weight") && tensor.shape.len() == 1;
        match &mut tensor.values {
            Values::F32(values) if is_scale => values.fill(1.0),
            Values::F32(values) => values.iter_mut().enumerate().for_each(|(at, value)| *value = of(at)),
            Values::I64(counts) => counts.fill(0),
        }
    }
    lines
}

/// The last layer's rows, each one place further: output 1 is what output 0 was.
fn turned(lines: Lines) -> Lines {
    let lines = with(lines, "fc.bias", |_, values| values.rotate_right(1));
    with(lines, "fc.weight", |shape, values| values.rotate_right(shape[1]))
}

#[test]
fn eight_wrong_checkpoints_stop_the_sweep_and_say_why() {
    let bench = Bench::with_faces();
    let good = trained(&bench, "");
    let (this, raw) = ("width = 8", good.clone());

    stops(&bench, "depth", deeper(&good), this, &["looks like ResNet-34"]);
    let stem = with(good.clone(), "conv1.weight", |shape, values| {
        *shape = vec![8, 3, 3, 3];
        values.truncate(8 * 3 * 3 * 3);
    });
    stops(&bench, "stem", stem, this, &["{ name = \"resnet18-cifar\", width = 8, classes = 10 }"]);
    stops(&bench, "width", raw.clone(), "width = 4", &["{ name = \"resnet18\", width = 8, classes = 10 }"]);
    let fewer = with(raw, "fc.bias", |shape, values| {
        shape[0] = 7;
        values.truncate(7);
    });
    let fewer = with(fewer, "fc.weight", |shape, values| {
        shape[0] = 7;
        values.truncate(7 * shape[1]);
    });
    stops(&bench, "classes", fewer, this, &["{ name = \"resnet18\", width = 8, classes = 7 }"]);

    let order = "labels [9, 0, 1, 2, 3, 4, 5, 6, 7, 8]";
    stops(&bench, "permuted", turned(good.clone()), this, &["another order than the labels", order]);
    stops(&bench, "random", born(&good), this, &["nobody trained"]);
    let inputs = "it sees other inputs than it was trained on";
    stops(&bench, "scaled", trained(&bench, DIVIDED), this, &[inputs, "classes = 10, divide = 255 }`"]);
    let normalised = trained(&bench, NORMALISED);
    stops(&bench, "normalised", normalised.clone(), this, &[inputs, "divide = 255", "0.485"]);

    // Each is an original where the grid says what it is, and anything is one for whoever insists.
    for (what, lines, network) in
        [("raw", good.clone(), this.to_owned()), ("prepared", normalised, format!("{this}{NORMALISED}"))]
    {
        bring(&bench, lines, &network);
        bench.sweep(["run", "grid.toml", "--out", what, "--no-cache"]).expect_code(0);
        assert_eq!(csv_rows(&bench.read(format!("{what}/runs.csv"))).len(), 4, "{what}");
    }
    bring(&bench, turned(good), this);
    let insists = ["run", "grid.toml", "--out", "insists", "--no-cache", "--accept-weak-original"];
    bench.sweep(insists).expect_code(0);
}
