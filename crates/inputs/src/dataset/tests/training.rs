use std::fs;

use super::{
    super::OtherTraining,
    fixture::{IMAGE_BYTES, Sound, load, png_of, rewrite},
};

/// Forgets the images of two other persons, in another order.
fn split() -> Sound {
    let folder = Sound::new();
    let list = |name: &str, rows: &[(&str, u32, &str)]| {
        let rows: Vec<String> =
            rows.iter().map(|(image, class, person)| format!("{image},{class},{person}")).collect();
        let text = format!("image_id,age_group,person_id\n{}\n", rows.join("\n"));
        fs::write(folder.path().join(name), text).expect("writable");
    };
    list("retain.csv", &[("f-1", 1, "p3"), ("r-3", 1, "p1"), ("r-1", 1, "p1"), ("f-0", 0, "p2")]);
    list("forget.csv", &[("r-2", 0, "p0"), ("r-0", 0, "p0")]);
    folder
}

#[test]
fn splits_of_the_same_images_train_alike_in_any_order() {
    let (one, other) = (Sound::new(), split());
    let (one, other) = (load(one.path()).expect("sound"), load(other.path()).expect("sound"));
    assert_ne!(one.hash(), other.hash());
    assert_eq!(one.trains_as(&other), Ok(()));
    assert_eq!(other.trains_as(&one), Ok(()));
}

#[test]
fn another_label_other_pixels_and_other_images_are_another_training_set() {
    let one = load(Sound::new().path()).expect("sound");
    let found = |spoil: fn(&Sound)| {
        let folder = split();
        spoil(&folder);
        one.trains_as(&load(folder.path()).expect("sound")).expect_err("another training set")
    };
    let image = || "r-3".to_owned();
    let labelled = found(|folder| rewrite(folder.path(), "retain.csv", |csv| csv.replace("r-3,1", "r-3,0")));
    assert_eq!(labelled, OtherTraining::Label { image: image(), one: 1, other: 0 });
    let drawn = found(|folder| {
        fs::write(folder.path().join("images/r/3.png"), png_of(&[9; IMAGE_BYTES])).expect("writable");
    });
    assert_eq!(drawn, OtherTraining::Pixels { image: image() });
    let moved = found(|folder| {
        rewrite(folder.path(), "retain.csv", |csv| csv.replace("r-3,1", "v-1,1"));
        rewrite(folder.path(), "validation.csv", |csv| csv.replace("v-1", "r-3"));
    });
    assert_eq!(moved, OtherTraining::Missing { image: image() });
    let fewer = found(|folder| rewrite(folder.path(), "retain.csv", |csv| csv.replace("r-3,1,p1\n", "")));
    assert_eq!(fewer, OtherTraining::Count { one: 6, other: 5 });
}
