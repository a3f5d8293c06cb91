use std::{cell::Cell, convert::Infallible, fs, os::unix::fs::PermissionsExt, path::PathBuf};

use sweep_protocol::{
    message::{Inputs, Start},
    network::Network,
    terms::{ContentHash, Seed},
};
use tch::{Device, Kind, Tensor};

use super::{PassCache, Question};
use crate::{
    draws::Seeded,
    network::{Weights, build},
};

struct Bench {
    folder: tempfile::TempDir,
    inputs: Inputs,
    computed: Cell<usize>,
}

impl Bench {
    fn new() -> Self {
        let inputs = Inputs {
            data: PathBuf::from("faces"),
            data_hash: ContentHash::from([7; 32]),
            skip_bad_images: false,
            network: Network::new("resnet18", 3, &[("width", 2)]),
            start: Start::Fresh,
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder, inputs, computed: Cell::new(0) }
    }

    fn weights(&self, seed: u64) -> Weights {
        let network = build(&self.inputs.network).expect("registered");
        let place = (Kind::Float, Device::Cpu);
        Weights::born(&network, &mut Seeded::new(Seed(seed)), place).expect("seeded")
    }

    /// Asks, and counts when nobody knew.
    fn ask(&self, cache: &PassCache, plan: u32, order: &[i64], weights: &Weights) -> Vec<f32> {
        let question = Question { what: "test", plan: &plan, order };
        let compute = || {
            self.computed.set(self.computed.get() + 1);
            Ok::<_, Infallible>(Tensor::from_slice(&[1.5_f32, -2.0, 0.25]))
        };
        let answer = cache.look_up(&question, weights).or_compute(3, compute);
        Vec::try_from(answer.expect("it can't fail")).expect("three numbers")
    }

    fn cache(&self) -> PassCache {
        PassCache::new(&self.folder.path().join("passes"), &self.inputs, "a processor")
    }

    fn files(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.folder.path().join("passes")).expect("made by the first answer");
        files.map(|file| file.expect("readable").path()).collect()
    }
}

#[test]
fn the_same_question_is_computed_once_and_any_other_again() {
    let bench = Bench::new();
    let weights = bench.weights(1);
    let first = bench.ask(&bench.cache(), 1, &[0, 1], &weights);
    assert_eq!(bench.ask(&bench.cache(), 1, &[0, 1], &weights), first);
    assert_eq!(bench.computed.get(), 1, "the file answers, in another worker too");
    bench.ask(&bench.cache(), 2, &[0, 1], &weights);
    bench.ask(&bench.cache(), 1, &[1, 0], &weights);
    bench.ask(&bench.cache(), 1, &[0, 1], &bench.weights(2));
    let other_data = Inputs { data_hash: ContentHash::from([8; 32]), ..bench.inputs.clone() };
    let folder = bench.folder.path().join("passes");
    bench.ask(&PassCache::new(&folder, &other_data, "a processor"), 1, &[0, 1], &weights);
    bench.ask(&PassCache::new(&folder, &bench.inputs, "another"), 1, &[0, 1], &weights);
    assert_eq!(bench.computed.get(), 6, "plan, order, weights, data and device are part of the question");
}

#[test]
fn a_file_is_whole_and_nobody_elses() {
    let bench = Bench::new();
    bench.ask(&bench.cache(), 1, &[0], &bench.weights(1));
    let files = bench.files();
    assert_eq!(files.len(), 1, "nothing temporary is left: {files:?}");
    let mode = fs::metadata(&files[0]).expect("written").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_is_damaged_is_computed_again_and_repaired() {
    let bench = Bench::new();
    let weights = bench.weights(1);
    let answer = bench.ask(&bench.cache(), 1, &[0], &weights);
    let file = bench.files().remove(0);
    let whole = fs::read(&file).expect("written");
    let mut flipped = whole.clone();
    *flipped.last_mut().expect("not empty") ^= 1;
    for damaged in [flipped, whole[..whole.len() - 1].to_vec(), Vec::new(), [whole.clone(), vec![0]].concat()]
    {
        fs::write(&file, &damaged).expect("writable");
        let before = bench.computed.get();
        assert_eq!(bench.ask(&bench.cache(), 1, &[0], &weights), answer);
        assert_eq!(bench.computed.get(), before + 1, "{} bytes are not trusted", damaged.len());
        assert_eq!(fs::read(&file).expect("repaired"), whole);
    }
}

#[test]
fn a_link_in_its_place_is_not_followed() {
    let bench = Bench::new();
    let weights = bench.weights(1);
    bench.ask(&bench.cache(), 1, &[0], &weights);
    let file = bench.files().remove(0);
    let elsewhere = bench.folder.path().join("elsewhere");
    fs::rename(&file, &elsewhere).expect("movable");
    std::os::unix::fs::symlink(&elsewhere, &file).expect("a link");
    bench.ask(&bench.cache(), 1, &[0], &weights);
    assert_eq!(bench.computed.get(), 2);
    assert!(!fs::symlink_metadata(&file).expect("replaced").is_symlink(), "the answer took the link's place");
}

#[test]
fn without_a_folder_everything_is_computed() {
    let bench = Bench::new();
    let weights = bench.weights(1);
    bench.ask(&PassCache::NONE, 1, &[0], &weights);
    bench.ask(&PassCache::NONE, 1, &[0], &weights);
    assert_eq!(bench.computed.get(), 2);
    assert!(!bench.folder.path().join("passes").exists());
}
