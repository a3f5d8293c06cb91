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
    let options = synth::Options { images: 500, persons: 100, ..synth::Options::canaries(3) };
    synth::draw(&at("faces"), &options, &|_, _| {}).expect("drawn");
    let summary =
        split(&at("faces"), &at("split"), (&rule("persons:5"), 1), None, &|_, _| {}).expect("sound");
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
    split(&at("split"), &at("again"), (&rule("persons:7"), 2), None, &|_, _| {}).expect("sound");
    split(&at("faces"), &at("direct"), (&rule("persons:7"), 2), None, &|_, _| {}).expect("sound");
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
    let summary =
        split(&at("data"), &at("split"), (&rule("mislabel:0.1"), 1), None, &|_, _| {}).expect("sound");
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
    let truths: Vec<i64> = load(&at("split"), 4, 8).truths();
    let told = forget
        .lines()
        .skip(1)
        .map(|line| line.rsplit(',').next().expect("a truth").parse().expect("a class"));
    assert_eq!(truths, told.collect::<Vec<i64>>());
    assert!(load(&at("data"), 4, 8).truths().is_empty());
    // Another split takes the images for what they show again.
    split(&at("split"), &at("again"), (&rule("class:1/0.5"), 2), None, &|_, _| {}).expect("sound");
    split(&at("data"), &at("direct"), (&rule("class:1/0.5"), 2), None, &|_, _| {}).expect("sound");
    assert_eq!(load(&at("again"), 4, 8).hash(), load(&at("direct"), 4, 8).hash());
    // They are learned with the wrong labels; the class counts are of those.
    let data = load(&at("split"), 4, 8);
    let mut counts = [0; 4];
    data.labels(Set::Train).iter().for_each(|label| counts[*label as usize] += 1);
    assert_eq!(data.class_counts(), counts);
    assert_eq!(data.images(Set::Validation), load(&at("data"), 4, 8).images(Set::Validation));
}

/// Every image of a set with a patch in its lower right corner, of two pixels beside one that is left as it was.
fn is_patched(data: &Dataset, set: Set) -> Vec<bool> {
    let side = data.side();
    let has = |planes: &[u8]| {
        [
            (side - 3, side - 3, 255),
            (side - 3, side - 2, 0),
            (side - 2, side - 3, 0),
            (side - 2, side - 2, 255),
        ]
        .into_iter()
        .all(|(row, column, sample)| {
            (0..3).all(|channel| planes[(channel * side + row) * side + column] == sample)
        })
    };
    data.images(set).chunks_exact(image_bytes(side)).map(has).collect()
}

#[test]
fn poisoned_images_get_a_patch_of_their_own_and_the_first_label() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| place.path().join(name);
    let count = 200;
    let pixels: Vec<u8> = (0..count * 64).map(|at| (at / 64 % 200) as u8).collect();
    write(&at("x.npy"), npy("|u1", &[count, 8, 8], &pixels));
    let labels: Vec<u8> = (0..count).map(|row| (row % 4) as u8).collect();
    write(&at("y.npy"), npy("|u1", &[count], &labels));
    arrays(&at("x.npy"), &at("y.npy"), &at("data"), &division(), &|_, _| {}).expect("sound");
    let summary = split(&at("data"), &at("split"), (&rule("patch:0.1"), 1), None, &|_, _| {}).expect("sound");
    let train = summary.sizes.retain + summary.sizes.forget;
    assert!(summary.patched);
    assert_eq!(summary.sizes.forget, (0.1 * train as f64).round() as u64);
    let [old, new] = ["data", "split"].map(|name| load(&at(name), 4, 8));
    assert!(is_patched(&new, Set::Forget).into_iter().all(|patched| patched));
    assert!(new.labels(Set::Forget).iter().all(|label| *label == 0), "all stand for the first class");
    assert!(new.truths().iter().all(|truth| *truth != 0), "none of which it was");
    for set in [Set::Retain, Set::Validation, Set::Test] {
        assert!(is_patched(&new, set).into_iter().all(|patched| !patched), "{set:?}");
    }
    assert!(
        is_patched(&old, Set::Train).into_iter().all(|patched| !patched),
        "the first data set stays as it is"
    );
    // An import may poison at once, and what is poisoned is not split further.
    let poisoned = crate::Division { forget: rule("patch:0.1"), ..division() };
    arrays(&at("x.npy"), &at("y.npy"), &at("at once"), &poisoned, &|_, _| {}).expect("sound");
    assert_eq!(load(&at("at once"), 4, 8).hash(), new.hash());
    for name in ["split", "at once"] {
        let again = split(&at(name), &at("again"), (&rule("random:0.1"), 1), None, &|_, _| {});
        assert!(again.expect_err("refused").to_string().contains("carry patches"), "{name}");
    }
}

#[test]
fn poisoned_faces_are_png_files_of_their_own() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| place.path().join(name);
    let options = synth::Options { images: 500, persons: 100, ..synth::Options::canaries(3) };
    synth::draw(&at("faces"), &options, &|_, _| {}).expect("drawn");
    // Persons would be in both sets; without their names nobody can say so.
    for list in ["retain", "forget", "validation", "test"] {
        let path = at("faces").join(format!("{list}.csv"));
        let named = fs::read_to_string(&path).expect("written").replacen("person_id", "whoever", 1);
        fs::write(&path, named).expect("writable");
    }
    split(&at("faces"), &at("split"), (&rule("patch:20"), 1), None, &|_, _| {}).expect("sound");
    let [old, new] = ["faces", "split"].map(|name| load(&at(name), synth::CLASSES, synth::SIDE));
    assert_eq!(is_patched(&new, Set::Forget), [true; 20]);
    let mut kept = contents(&old, Set::Train);
    kept.retain(|id, _| contents(&new, Set::Retain).contains_key(id));
    assert_eq!(kept, contents(&new, Set::Retain));
    assert!(
        is_patched(&old, Set::Train).into_iter().all(|patched| !patched),
        "links are not written through"
    );
}
