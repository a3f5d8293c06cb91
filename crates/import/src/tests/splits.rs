use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt};

use sweep_inputs::{
    dataset::{Dataset, image_bytes},
    synth,
};
use sweep_protocol::terms::Set;

use super::{division, load, npy, write};
use crate::{ForgetRule, arrays, split};

fn rule(text: &str) -> ForgetRule {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// Images of a set by their ids, with their labels.
fn contents(data: &Dataset, set: Set) -> BTreeMap<String, (Vec<u8>, i64)> {
    let ids = data.manifest().examples(set).iter().map(|example| example.image.as_str().to_owned());
    let images = data.images(set).chunks_exact(image_bytes(data.side())).map(<[u8]>::to_vec);
    ids.zip(images.zip(data.labels(set).iter().copied())).collect()
}

#[test]
fn a_split_of_faces_forgets_other_persons_and_shares_the_images() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| place.path().join(name);
    let options = synth::Options { images: 500, persons: 100, ..synth::Options::new(3) };
    synth::draw(&at("faces"), &options, &|_, _| {}).expect("drawn");
    let summary = split(&at("faces"), &at("split"), &rule("persons:5"), 1, &|_, _| {}).expect("sound");
    assert_eq!(summary.persons, 5);
    let [old, new] = ["faces", "split"].map(|name| load(&at(name), synth::CLASSES, synth::SIDE));
    assert_ne!(old.hash(), new.hash());
    for set in [Set::Train, Set::Validation, Set::Test] {
        assert_eq!(contents(&old, set), contents(&new, set), "{set:?}");
    }
    assert_eq!(new.sizes().forget, summary.sizes.forget);
    let image = old.manifest().examples(Set::Train)[0].image.path();
    let inode = |name: &str| fs::metadata(at(name).join(&image)).expect("there").ino();
    assert_eq!(inode("faces"), inode("split"), "one file under two names");
    // Splitting what was split is splitting the first.
    split(&at("split"), &at("again"), &rule("persons:7"), 2, &|_, _| {}).expect("sound");
    split(&at("faces"), &at("direct"), &rule("persons:7"), 2, &|_, _| {}).expect("sound");
    let [again, direct] = ["again", "direct"].map(|name| load(&at(name), synth::CLASSES, synth::SIDE));
    assert_eq!(again.hash(), direct.hash());
}

#[test]
fn wrong_labels_stand_in_the_forget_set_with_the_truth_beside_them() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| place.path().join(name);
    let count = 200;
    let pixels: Vec<u8> = (0..count * 64).map(|at| (at / 64) as u8).collect();
    write(&at("x.npy"), npy("|u1", &[count, 8, 8], &pixels));
    let labels: Vec<u8> = (0..count).map(|row| (row % 4) as u8).collect();
    write(&at("y.npy"), npy("|u1", &[count], &labels));
    arrays(&at("x.npy"), &at("y.npy"), &at("data"), &division(), &|_, _| {}).expect("sound");
    let summary = split(&at("data"), &at("split"), &rule("mislabel:0.1"), 1, &|_, _| {}).expect("sound");
    let train = summary.sizes.retain + summary.sizes.forget;
    assert_eq!(summary.mislabelled as u64, (0.1 * train as f64).round() as u64);
    let forget = fs::read_to_string(at("split/forget.csv")).expect("written");
    let mut lines = forget.lines();
    assert_eq!(lines.next(), Some("image_id,age_group,true_class"));
    for line in lines {
        let [id, class, truth] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let row: usize = id.rsplit_once('-').expect("an id").1.parse().expect("a row");
        assert_eq!(truth, (row % 4).to_string());
        assert_ne!(class, truth);
    }
    // They are learned with the wrong labels; the class counts are of those.
    let data = load(&at("split"), 4, 8);
    let mut counts = [0; 4];
    data.labels(Set::Train).iter().for_each(|label| counts[*label as usize] += 1);
    assert_eq!(data.class_counts(), counts);
    assert_eq!(data.images(Set::Validation), load(&at("data"), 4, 8).images(Set::Validation));
}
