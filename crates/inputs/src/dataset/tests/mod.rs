mod array;
mod fixture;
mod hash;
mod hostile_images;
mod hostile_lists;
mod left_out;
mod training;

use sweep_protocol::terms::{Set, SetSizes};

use super::{BadImages, Dataset, Manifest, Shape};
use fixture::{CLASSES, IMAGE_BYTES, SHAPE, SIDE, Sound, load, png_of, rewrite};

#[test]
fn a_sound_data_set_loads_in_the_order_of_its_files() {
    let folder = Sound::new();
    let data = load(folder.path()).expect("sound");
    assert_eq!(data.sizes(), SetSizes { retain: 4, forget: 2, validation: 2, test: Some(2) });
    assert_eq!(data.labels(Set::Train), [0, 1, 0, 1, 0, 1]);
    assert_eq!(data.labels(Set::Forget), [0, 1]);
    assert_eq!(data.class_counts(), [3, 3]);
    assert_eq!(data.images(Set::Train).len(), 6 * IMAGE_BYTES);
    assert_eq!(data.images(Set::Train)[4 * IMAGE_BYTES..], *data.images(Set::Forget));
    let ids: Vec<&str> = data.manifest().examples(Set::Test).iter().map(|row| row.image.as_str()).collect();
    assert_eq!(ids, ["t-0", "t-1"]);
}

#[test]
fn images_are_planes_of_red_green_and_blue() {
    let folder = Sound::new();
    let mut pixels = vec![0; IMAGE_BYTES];
    pixels[..3].copy_from_slice(&[10, 20, 30]);
    pixels[3 * (SIDE + 2)..][..3].copy_from_slice(&[40, 50, 60]);
    std::fs::write(folder.path().join("images/r/0.png"), png_of(&pixels)).expect("writable");
    let data = load(folder.path()).expect("sound");
    let image = &data.images(Set::Retain)[..IMAGE_BYTES];
    let plane = SIDE * SIDE;
    assert_eq!([image[0], image[plane], image[2 * plane]], [10, 20, 30]);
    assert_eq!([SIDE + 2, plane + SIDE + 2, 2 * plane + SIDE + 2].map(|index| image[index]), [40, 50, 60]);
}

#[test]
fn column_order_extra_columns_marks_quotes_and_blank_lines_do_not_matter() {
    let folder = Sound::new();
    let plain = load(folder.path()).expect("sound");
    let text = "\u{feff}note,person_id,\"age_group\",age,image_id\r\n\r\n\"a, \"\"b\"\"\",p2,0,not a number,f-0\r\n,p3,\"1\",,f-1";
    std::fs::write(folder.path().join("forget.csv"), text).expect("writable");
    let other = load(folder.path()).expect("sound");
    assert_eq!(plain.hash(), other.hash());
    assert_eq!(other.manifest().examples(Set::Forget)[1].place.line, 4);
}

#[test]
fn the_test_set_may_be_absent() {
    let folder = Sound::new();
    std::fs::remove_file(folder.path().join("test.csv")).expect("there");
    let data = load(folder.path()).expect("sound");
    assert_eq!(data.sizes().test, None);
    assert!(data.images(Set::Test).is_empty());
}

#[test]
fn the_manifest_needs_no_images() {
    let folder = Sound::new();
    std::fs::remove_dir_all(folder.path().join("images")).expect("there");
    let manifest = Manifest::read(folder.path(), CLASSES).expect("sound lists");
    assert_eq!(manifest.image_bytes(SIDE), 10 * 3072);
}

#[test]
fn progress_ends_with_everything_done() {
    let folder = Sound::new();
    let reports = std::cell::RefCell::new(Vec::new());
    Dataset::load(folder.path(), SHAPE, BadImages::Refuse, &|done, all| {
        reports.borrow_mut().push((done, all));
    })
    .expect("sound");
    assert_eq!(reports.into_inner(), [(10, 10)]);
}

#[test]
fn a_folder_of_any_name_is_read() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Sound::new();
    let odd = folder.path().parent().expect("inside another").join(std::ffi::OsStr::from_bytes(b"\xff\xfe"));
    std::fs::rename(folder.path(), &odd).expect("writable");
    load(&odd).expect("sound");
}

#[test]
fn all_problems_are_found_in_one_pass() {
    let folder = Sound::new();
    rewrite(folder.path(), "retain.csv", |text| text.replace("r-0,0", "r/0,7"));
    rewrite(folder.path(), "forget.csv", |text| text.replace("p2", "p0"));
    std::fs::write(folder.path().join("images/t/1.png"), b"").expect("writable");
    std::fs::write(folder.path().join("age_class_weights.json"), "{\"0\": 0}").expect("writable");
    let refused = load(folder.path()).expect_err("spoilt");
    let lines: Vec<String> = refused.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "retain.csv:2: image_id `r/0` is not `a-b` with parts of 1 to 64 letters, digits or `_`; rename the image",
            "retain.csv:2: age_group `7` is not a whole number from 0 to 1; correct the label or `classes`",
            "forget.csv:2: person `p0` is to be forgotten, but stands in retain.csv:4 too; move all images to one of the sets",
            "age_class_weights.json: class 0 has the count `0`; it must be a whole number of at least 1",
            "age_class_weights.json: class 1 is not counted; add how many training images it has",
            "test.csv:3: image `images/t/1.png` is no intact PNG: unexpected end of file; save it again",
        ]
    );
}

#[test]
fn a_refusal_prints_fifty_problems_and_counts_the_rest() {
    let folder = Sound::new();
    let rows = "x,0,1,p9\n".repeat(12_000);
    std::fs::write(folder.path().join("validation.csv"), format!("image_id,age_group,age,person_id\n{rows}"))
        .expect("writable");
    let refused = load(folder.path()).expect_err("spoilt");
    assert_eq!((refused.problems.len(), refused.unlisted), (10_000, 2_000));
    let text = refused.to_string();
    assert_eq!(text.lines().count(), 52);
    assert!(text.lines().next().expect("not empty").ends_with("has 12000 problems"), "{text}");
    assert!(text.ends_with("… and 11950 more"), "{text}");
}

#[test]
fn images_of_another_size_are_one_problem_and_as_good_where_that_is_asked_for() {
    let sound = Sound::new();
    let refused = Dataset::load(sound.path(), Shape { side: 28, ..SHAPE }, BadImages::Refuse, &|_, _| {})
        .expect_err("they have 32 pixels");
    let said = refused.to_string();
    assert!(said.contains("`size = 32` in [training] network"), "{said}");
    assert_eq!(said.matches("pixels").count(), 1, "{said}");
}

#[test]
fn persons_may_be_absent_from_all_lists() {
    let folder = Sound::new();
    let with = load(folder.path()).expect("sound");
    for list in ["retain.csv", "forget.csv", "validation.csv", "test.csv"] {
        rewrite(folder.path(), list, |csv| {
            let rows = csv.lines().map(|line| line.rsplit_once(',').expect("columns").0);
            rows.collect::<Vec<_>>().join("\n")
        });
        if list != "test.csv" {
            let said = load(folder.path()).expect_err("some lists name persons").to_string();
            assert!(said.contains("names no persons"), "{said}");
        }
    }
    let without = load(folder.path()).expect("sound");
    assert_eq!(without.hash(), with.hash(), "persons are no part of what is learned");
    assert!(without.manifest().examples(Set::Train).iter().all(|example| example.person.is_none()));
}
