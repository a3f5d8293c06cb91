use std::{fs, path::Path};

use sweep_protocol::terms::{Set, SetSizes};

use super::{
    super::{BadImages, Dataset, Fault, Refused},
    fixture::{SHAPE, Sound, load, rewrite},
};

fn load_sound(path: &Path) -> Result<Dataset, Refused> {
    Dataset::load(path, SHAPE, BadImages::LeaveOut, &|_, _| {})
}

fn spoil(data: &Path, image: &str) {
    fs::write(data.join("images").join(image), b"no image").expect("writable");
}

fn without(data: &Path, list: &str, row: &str) {
    let rest = |text: &str| text.lines().filter(|line| !line.starts_with(row)).collect::<Vec<_>>().join("\n");
    rewrite(data, list, rest);
}

#[test]
fn nothing_is_left_out_of_a_sound_data_set() {
    let folder = Sound::new();
    let (strict, lenient) = (load(folder.path()).expect("sound"), load_sound(folder.path()).expect("sound"));
    assert_eq!((strict.hash(), lenient.left_out().count()), (lenient.hash(), 0));
}

#[test]
fn what_remains_is_the_data_set_without_the_rows() {
    let (spoilt, shorter) = (Sound::new(), Sound::new());
    for (image, list, row) in [
        ("r/1.png", "retain.csv", "r-1,"),
        ("t/0.png", "test.csv", "t-0,"),
        ("r/0.png", "retain.csv", "r-0,"),
    ] {
        spoil(spoilt.path(), image);
        without(shorter.path(), list, row);
    }
    assert_eq!(load(spoilt.path()).expect_err("refused unless asked otherwise").problems.len(), 3);
    let remains = load_sound(spoilt.path()).expect("enough remains");
    let expected = load(shorter.path()).expect("sound");
    assert_eq!(remains.hash(), expected.hash());
    assert_eq!(remains.sizes(), SetSizes { retain: 2, forget: 2, validation: 2, test: Some(1) });
    for set in [Set::Retain, Set::Forget, Set::Validation, Set::Test] {
        assert_eq!(remains.images(set), expected.images(set), "{set:?}");
        assert_eq!(remains.labels(set), expected.labels(set), "{set:?}");
    }
    assert_eq!(remains.left_out().count(), 3);
    assert!(
        remains.left_out().to_string().contains("retain.csv:3: image `images/r/1.png`"),
        "{}",
        remains.left_out()
    );
}

#[test]
fn a_set_or_a_class_that_would_be_gone_is_refused() {
    let (set, class) = (Sound::new(), Sound::new());
    spoil(set.path(), "v/0.png");
    spoil(set.path(), "v/1.png");
    let refused = load_sound(set.path()).expect_err("no validation set");
    assert!(matches!(refused.problems[0].fault, Fault::NoSoundImage), "{refused}");
    for image in ["r/1.png", "r/3.png", "f/1.png"] {
        spoil(class.path(), image);
    }
    let refused = load_sound(class.path()).expect_err("no second class");
    assert!(matches!(refused.problems[0].fault, Fault::MissingClass { class: 1 }), "{refused}");
}

#[test]
fn a_bad_list_is_refused_all_the_same() {
    let folder = Sound::new();
    spoil(folder.path(), "r/1.png");
    rewrite(folder.path(), "forget.csv", |text| text.replace("f-0", "../f"));
    let refused = load_sound(folder.path()).expect_err("a bad id");
    assert!(matches!(refused.problems[..], [ref one] if matches!(one.fault, Fault::Id(_))), "{refused}");
}
