use std::{
    collections::{BTreeMap, BTreeSet},
    fs, panic,
    path::Path,
};

use sweep_files::DraftError;
use sweep_protocol::terms::Set;

use super::{
    CLASSES, Options, SIDE, Summary, SynthError,
    dice::{Dice, Stream},
    draw,
    face::{Face, Shot},
    portrait,
};
use crate::dataset::{BadImages, Dataset, Shape};

fn small(seed: u64) -> Options {
    Options { persons: 100, images: 500, ..Options::canaries(seed) }
}

fn quietly(dir: &Path, options: &Options) -> Result<Summary, SynthError> {
    draw(dir, options, &|_, _| {})
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("inside").display().to_string();
                files.insert(name, fs::read(path).expect("readable"));
            }
        }
    }
    files
}

#[test]
fn a_seed_draws_the_same_bytes_and_another_seed_others() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let [first, again, other] = ["first", "again", "other"].map(|name| place.path().join(name));
    let summary = quietly(&first, &small(1)).expect("drawn");
    assert_eq!(quietly(&again, &small(1)).expect("drawn"), summary);
    quietly(&other, &small(2)).expect("drawn");
    let drawn = contents(&first);
    assert_eq!(drawn.len(), 505);
    assert!(drawn == contents(&again), "the same seed drew something else");
    let others = contents(&other);
    assert!(
        drawn.iter().filter(|(name, _)| name.ends_with("png")).all(|(name, bytes)| others[name] != *bytes)
    );
}

#[test]
fn what_was_drawn_loads_and_is_what_the_summary_says() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let dir = place.path().join("new/faces");
    let summary = quietly(&dir, &Options::canaries(5)).expect("drawn");
    let data = Dataset::load(&dir, Shape { classes: CLASSES, side: SIDE }, BadImages::Refuse, &|_, _| {})
        .expect("sound");
    assert_eq!(data.sizes(), summary.sizes);
    assert_eq!(data.class_counts(), summary.class_counts);
    let recorded = data.manifest();
    let persons = |set| recorded.examples(set).iter().map(|row| &row.person).collect::<BTreeSet<_>>();
    assert_eq!(persons(Set::Forget).len(), summary.forgotten);
    assert!(persons(Set::Forget).is_disjoint(&persons(Set::Retain)));
    assert!(!persons(Set::Test).is_disjoint(&persons(Set::Retain)), "sets are divided by photo");
    for set in [Set::Train, Set::Retain, Set::Validation, Set::Test] {
        let classes: BTreeSet<i64> = data.labels(set).iter().copied().collect();
        assert_eq!(classes.len(), CLASSES, "{set} lacks a class");
    }
    assert_eq!(summary.sizes.validation, summary.sizes.test.expect("drawn"));
    assert!((0.78..0.82).contains(&(summary.sizes.of(Set::Train) as f64 / 1_500.0)), "{summary:?}");
    assert!((5..70).contains(&summary.twins), "{summary:?}");
}

/// The hash that a build from before there were presets gave: results on these faces are found by it.
#[test]
fn the_canaries_are_the_faces_that_were_drawn_before_there_were_others() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let dir = place.path().join("faces");
    quietly(&dir, &Options::canaries(1)).expect("drawn");
    let data = Dataset::load(&dir, Shape { classes: CLASSES, side: SIDE }, BadImages::Refuse, &|_, _| {})
        .expect("sound");
    let earlier = "3f21fa1d289429ecd469f0d2d4d5b1be71491e41503611159009575ed6ec7552";
    assert_eq!(data.hash().to_string(), earlier);
}

/// How much two pictures differ, mean over samples of 0 to 255.
fn difference(left: &[u8], right: &[u8]) -> f64 {
    let sum: u64 = left.iter().zip(right).map(|(&left, &right)| u64::from(left.abs_diff(right))).sum();
    sum as f64 / left.len() as f64
}

/// A picture of somebody who looks `apparent` years old.
fn picture((person, photo): (u32, u32), apparent: f32, (cues, liveliness): (f32, f32)) -> Vec<u8> {
    let face = Face::draw(&mut Dice::new(1, Stream::Person(person)));
    let shot = Shot { outing: None, ..Shot::draw(&mut Dice::new(1, Stream::Photo(photo)), liveliness) };
    let grain = &mut Dice::new(1, Stream::Grain(photo));
    portrait::paint(&face, apparent, &shot, grain, (SIDE, cues))
}

#[test]
fn years_leave_more_in_a_face_the_plainer_age_shows() {
    let years_of_ten = |cues| {
        let aged = |person, apparent| picture((person, person), apparent, (cues, 0.0));
        (0..10).map(|person| difference(&aged(person, 25.0), &aged(person, 60.0))).sum::<f64>() / 10.0
    };
    let ever_plainer = [0.5, 1.0, 2.0, 3.0].map(years_of_ten);
    assert!(ever_plainer.is_sorted_by(|less, more| less < more), "{ever_plainer:?}");
}

#[test]
fn photos_differ_by_their_grain_alone_or_by_as_much_as_they_are_lively() {
    let photos_of_ten = |liveliness| {
        let taken = |person, photo| picture((person, photo), 40.0, (1.0, liveliness));
        (0..10)
            .map(|person| difference(&taken(person, 2 * person), &taken(person, 2 * person + 1)))
            .sum::<f64>()
            / 10.0
    };
    let [passport, album, party] = [0.0, 1.0, 2.0].map(photos_of_ten);
    // Two grains of 0.02 of white: 255 · 0.02 · 2/√π.
    assert!((4.0..8.0).contains(&passport), "{passport}");
    assert!(2.0 * passport < album && 1.2 * album < party, "{passport} {album} {party}");
}

#[test]
fn the_forget_set_is_small_and_half_of_the_youngest_class_for_any_seed() {
    for seed in 0..40 {
        let (_, photos) = super::population::draw(&Options::canaries(seed));
        let sets = super::split::draw(seed, &photos);
        let forgotten: Vec<usize> = photos
            .iter()
            .zip(&sets)
            .filter(|(_, set)| **set == Set::Forget)
            .map(|(photo, _)| photo.class)
            .collect();
        let share = forgotten.len() as f64 / 1_200.0;
        assert!((0.02..0.03).contains(&share), "seed {seed}: a share of {share}");
        let youngest = forgotten.iter().filter(|&&class| class == 0).count() as f64 / forgotten.len() as f64;
        assert!((0.35..0.75).contains(&youngest), "seed {seed}: {youngest} of the youngest class");
    }
}

#[test]
fn nothing_is_written_over() {
    let place = tempfile::tempdir().expect("a temporary folder");
    fs::write(place.path().join("mine.txt"), "mine").expect("writable");
    for path in [place.path().to_owned(), place.path().join("mine.txt")] {
        let error = quietly(&path, &small(1)).expect_err("occupied");
        assert!(matches!(error, SynthError::Folder(DraftError::Occupied { .. })), "{error}");
    }
    assert_eq!(contents(place.path()).len(), 1);
    let empty = place.path().join("empty");
    fs::create_dir(&empty).expect("writable");
    quietly(&empty, &small(1)).expect("an empty folder is free");
}

#[test]
fn an_interrupted_drawing_leaves_no_folder_of_that_name() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let dir = place.path().join("faces");
    let stopped = panic::catch_unwind(|| draw(&dir, &small(1), &|done, _| assert_eq!(done, 0, "stop here")));
    assert!(stopped.is_err());
    assert!(!dir.exists());
    // A killed program can't clean up: its draft is in nobody's way.
    fs::create_dir(place.path().join(".faces.draft-0")).expect("writable");
    quietly(&dir, &small(1)).expect("drawn");
}

#[test]
fn impossible_wishes_are_refused() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let dir = place.path().join("faces");
    for (images, persons) in
        [(499, 100), (1_000_001, 1_000), (500, 59), (500, 167), (0, 0), (usize::MAX, usize::MAX)]
    {
        let error =
            quietly(&dir, &Options { images, persons, ..Options::canaries(1) }).expect_err("impossible");
        assert!(matches!(error, SynthError::Images { .. } | SynthError::Persons { .. }), "{error}");
    }
    for age_cues in [0.4, 3.1, f32::NAN] {
        let error = quietly(&dir, &Options { age_cues, ..small(1) }).expect_err("impossible");
        assert!(matches!(error, SynthError::AgeCues { .. }), "{error}");
    }
    for liveliness in [-0.1, 2.1, f32::NAN] {
        let error = quietly(&dir, &Options { liveliness, ..small(1) }).expect_err("impossible");
        assert!(matches!(error, SynthError::Liveliness { .. }), "{error}");
    }
    for offset_years in [-1.0, 50.5, f32::NAN] {
        let error = quietly(&dir, &Options { offset_years, ..small(1) }).expect_err("impossible");
        assert!(matches!(error, SynthError::OffsetYears { .. }), "{error}");
    }
    let error = quietly(Path::new("/"), &small(1)).expect_err("no name");
    assert!(matches!(error, SynthError::Folder(DraftError::Nameless { .. })), "{error}");
}
