//! Runs with a stand-in for Python: a shell script that speaks as the runner does. Its network has one tensor.

use std::{collections::BTreeMap, fs, ops::ControlFlow, path::Path};

use sweep_inputs::checkpoint::{StateDict, Tensor, Values};
use sweep_protocol::{
    message::Failure,
    network::{self, Preparation},
    recipe::{BatchSize, Cast, Interpreter, Phase, Precision, Python, Recipe, Takes},
    terms::{ContentHash, Set},
};
use tch::Device;
use tempfile::TempDir;

use super::{Acquaintance, Left, OwnError, OwnGround, are_same, carry_out};
use crate::{
    examples::{Examples, HostExamples},
    python::Interpreters,
};

/// Weights of one number, `@` in their name and `#` its last byte.
const WEIGHTS: &str = r#"printf '\070\000\000\000\000\000\000\000{"@":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  \000\000\000#' > "$result"
"#;
/// Logits of 3 classes and 8 images: 3 retained, 2 forgotten, 2 for validation, 1 to test.
const LOGITS: &str = "head -c 96 /dev/zero > \"$logits\"\n";

/// A folder with a network and a function, beside which stands how the stand-in behaves.
struct Bench {
    folder: TempDir,
    examples: Examples,
    known: Acquaintance,
    interpreters: Interpreters,
}

fn leaves(name: char) -> String {
    WEIGHTS.replace('@', &name.to_string()).replace('#', "\\000")
}

fn answers(finite: bool) -> String {
    format!(
        "echo '{{\"answer\":{{\"seconds\":1.5,\"steps\":3,\"finite\":{finite},\"files\":[\"m.py\"]}}}}'\n"
    )
}

/// What works.
fn sound() -> String {
    [leaves('w'), LOGITS.to_owned(), answers(true)].concat()
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("m.py"), "class Net: pass\ndef f(net, data): pass\n").expect("writable");
        let sets = [(Set::Retain, 0..3), (Set::Forget, 3..5), (Set::Validation, 5..7), (Set::Test, 7..8)];
        let host = HostExamples {
            images: (0..8 * 12).collect(),
            shape: [8, 3, 2, 2],
            labels: vec![0, 1, 2, 0, 1, 2, 0, 1],
            sets: sets.into_iter().map(|(set, places)| (set, places.collect())).collect(),
            class_counts: vec![2, 2, 1],
            truths: Vec::new(),
        };
        let examples = Examples::new(host, &Preparation::default(), Device::Cpu);
        Self { folder, examples, known: Acquaintance::default(), interpreters: Interpreters::default() }
    }

    fn python(&self, function: &str, takes: Takes) -> Python {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/python/stand-in");
        let file = self.folder.path().join("m.py");
        Python {
            blake3: ContentHash::from(sweep_files::given_hash(&file).expect("readable")),
            file: file.display().to_string(),
            module: None,
            function: function.to_owned(),
            takes,
            arguments: BTreeMap::new(),
            batch_size: BatchSize::default(),
            imports: Vec::new(),
            interpreter: Interpreter { program: program.display().to_string(), torch: "2.11.0".to_owned() },
        }
    }

    fn carry_out(&self, behaviour: &str, phases: Vec<Phase>) -> Result<Left, OwnError> {
        fs::write(self.folder.path().join("behaviour.sh"), behaviour).expect("writable");
        let own = self.python("Net", Takes::Nothing);
        let network = network::Network {
            own: Some(Box::new(own.clone())),
            ..network::Network::new("m.py:Net", 3, &[])
        };
        let ground = OwnGround {
            network: &network,
            own: &own,
            examples: &self.examples,
            device: Device::Cpu,
            interpreters: &self.interpreters,
            known: &self.known,
        };
        carry_out(&Recipe { phases }, ground, None, 7, &mut |_| ControlFlow::Continue(()))
    }

    fn failed(&self, behaviour: &str, phases: Vec<Phase>) -> (Failure, String) {
        match self.carry_out(behaviour, phases) {
            Err(OwnError::Call(error)) => (error.failure, error.to_string()),
            other => panic!("{behaviour}: {other:?}"),
        }
    }
}

#[test]
fn weights_and_logits_come_from_the_process() {
    let bench = Bench::new();
    let call = Phase::Python(bench.python("f", Takes::Training(Set::Retain)));
    let left = bench.carry_out(&sound(), vec![call]).expect("it is sound");
    let (name, tensor) = left.state.iter().next().expect("one tensor");
    assert_eq!((name, &tensor.values, left.steps), ("w", &Values::F32(vec![0.0]), 3));
    let shapes = [&left.said.retain, &left.said.forget, &left.said.validation].map(tch::Tensor::size);
    assert_eq!(shapes, [vec![3, 3], vec![2, 3], vec![2, 3]]);
    assert_eq!(left.said.test.expect("a test set").size(), [1, 3]);
}

#[test]
fn the_function_is_not_told_of_the_test_set_and_a_training_function_of_its_set_alone() {
    let bench = Bench::new();
    let told = "printf '%s' \"$job\" > \"${file%/*}/job\"\n";
    let call = Phase::Python(bench.python("f", Takes::Training(Set::Retain)));
    bench.carry_out(&format!("{told}{}", sound()), vec![call]).expect("it is sound");
    let job = fs::read_to_string(bench.folder.path().join("job")).expect("it was told");
    let job: serde_json::Value = serde_json::from_str(&job).expect("JSON");
    assert_eq!(job["data"]["train"], serde_json::json!([0, 3]));
    assert!(
        job["data"].get("unseen").is_none() && job["judging"]["unseen"]["test"] == serde_json::json!([0, 1])
    );
    assert_eq!((job["classes"].as_u64(), job["weights"].is_null()), (Some(3), true));
    assert_eq!(job["judged"], serde_json::json!(["retain", "forget", "validation", "test"]));
}

#[test]
fn a_network_that_cannot_be_used_is_refused_for_all_runs() {
    let says =
        |message: &str| format!("echo '{{\"failed\":{{\"kind\":\"error\",\"message\":\"{message}\"}}}}'");
    for (behaviour, words) in [
        (says("m.py, line 1"), "m.py:Net`: m.py, line 1"),
        ("exit 3".to_owned(), "its process was lost"),
        (answers(true), "its weights can't be read"),
    ] {
        let (failure, said) = Bench::new().failed(&behaviour, Vec::new());
        assert!(failure == Failure::Refused && said.contains(words), "{behaviour}: {said}");
    }
}

#[test]
fn what_a_run_leaves_must_be_of_the_network_that_was_looked_at() {
    for (behaviour, words) in [
        ([leaves('v'), LOGITS.to_owned(), answers(true)].concat(), "other names or shapes"),
        ([leaves('w'), answers(true)].concat(), "what it makes of every image"),
        (
            [leaves('w'), "head -c 95 /dev/zero > \"$logits\"\n".to_owned(), answers(true)].concat(),
            "every image",
        ),
        (
            [leaves('w'), "head -c 99 /dev/zero > \"$logits\"\n".to_owned(), answers(true)].concat(),
            "more than 96",
        ),
        (sound().replace("m.py", "late.py"), "`late.py` in a way that its source doesn't show"),
    ] {
        let bench = Bench::new();
        let call = Phase::Python(bench.python("f", Takes::Loaders));
        bench.carry_out(&sound(), vec![call.clone()]).expect("it is sound");
        let (failure, said) = bench.failed(&behaviour, vec![call]);
        assert!(failure == Failure::Error && said.contains(words), "{behaviour}: {said}");
    }
    let bench = Bench::new();
    bench.carry_out(&sound(), Vec::new()).expect("it is sound");
    assert_eq!(bench.carry_out(&answers(false), Vec::new()).err(), Some(OwnError::Diverged { step: 3 }));
}

#[test]
fn phases_that_python_does_not_carry_out_are_refused() {
    let bench = Bench::new();
    let cast = Phase::Cast(Cast { through: Precision::Float16 });
    let (failure, said) = bench.failed(&sound(), vec![cast]);
    assert!(failure == Failure::Refused && said.contains("only Python can compute it"), "{said}");
}

#[test]
fn the_order_of_tensors_is_no_change() {
    let tensor = |value| Tensor { shape: vec![1], values: Values::F32(vec![value]) };
    let state = |entries: [(&str, f32); 2]| {
        let entries = entries.map(|(name, value)| (name.to_owned(), tensor(value)));
        StateDict::new(entries.to_vec()).expect("sound")
    };
    let one = state([("a", 1.0), ("b", 2.0)]);
    assert!(are_same(&one, &state([("b", 2.0), ("a", 1.0)])));
    assert!(!are_same(&one, &state([("a", 1.0), ("b", 3.0)])));
    assert!(!are_same(&one, &state([("a", 1.0), ("c", 2.0)])));
}
