use std::collections::BTreeSet;

use super::{npy, write};
use crate::{
    ForgetRule, ForgetRuleError,
    rule::{Amount, TrainingImage},
};

/// A thousand images of ten classes and a hundred persons.
fn images() -> Vec<TrainingImage> {
    let image = |number: u64| TrainingImage {
        number: Some(number),
        class: (number % 10) as u32,
        person: Some(format!("p{}", number % 100)),
        value: None,
    };
    (0..1000).map(image).collect()
}

fn nameless() -> Vec<TrainingImage> {
    images().into_iter().map(|image| TrainingImage { person: None, ..image }).collect()
}

fn rule(text: &str) -> ForgetRule {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn rules_are_written_as_they_are_read() {
    for text in [
        "random:0.1",
        "random:500",
        "class:3",
        "class:3/0.5",
        "persons:20",
        "mislabel:0.02",
        "patch:0.02",
        "easiest:5",
        "hardest:5",
        "memorized:5",
        "unmemorized:5",
    ] {
        assert_eq!(rule(text).to_string(), text);
    }
    assert_eq!(rule("random:1e-2"), ForgetRule::Random(Amount::Share(0.01)));
    for text in [
        "",
        "random",
        "random:",
        "random:0",
        "random:0.0",
        "random:-1",
        "random:1.5",
        "random:nan",
        "random:inf",
        "class:",
        "class:-1",
        "class:3/0",
        "class:3/2",
        "persons:0",
        "persons:0.5",
        "file:",
        "Random:0.1",
        "hardest:0.1",
    ] {
        assert!(matches!(text.parse::<ForgetRule>(), Err(ForgetRuleError::Unknown { .. })), "{text}");
    }
}

#[test]
fn a_rule_chooses_as_many_as_it_says_and_more_of_the_same_with_a_greater_amount() {
    let chosen = |text: &str, seed| rule(text).choose(&nameless(), 10, seed).expect(text).forget;
    assert_eq!(chosen("random:0.1", 1).len(), 100);
    assert_eq!(chosen("random:7", 1).len(), 7);
    assert_eq!(chosen("random:0.1", 1), chosen("random:0.1", 1));
    assert_ne!(chosen("random:0.1", 1), chosen("random:0.1", 2));
    let few: BTreeSet<usize> = chosen("random:0.1", 1).into_iter().collect();
    let more: BTreeSet<usize> = chosen("random:0.2", 1).into_iter().collect();
    assert!(few.is_subset(&more));
    assert_eq!(chosen("class:3", 1), (0..100).map(|at| at * 10 + 3).collect::<Vec<_>>());
    let half = chosen("class:3/0.5", 1);
    assert_eq!(half.len(), 50);
    assert!(half.iter().all(|at| at % 10 == 3));
}

#[test]
fn persons_are_forgotten_as_a_whole() {
    let chosen = rule("persons:20").choose(&images(), 10, 1).expect("enough").forget;
    let persons: BTreeSet<usize> = chosen.iter().map(|at| at % 100).collect();
    assert_eq!((persons.len(), chosen.len()), (20, 200));
    let shared = rule("random:0.1").choose(&images(), 10, 1).expect_err("they share persons");
    assert!(matches!(shared, ForgetRuleError::SharedPerson { .. }), "{shared}");
    for (images, have) in [(images(), 100), (nameless(), 0)] {
        let few = rule("persons:100").choose(&images, 10, 1).expect_err("too few");
        assert!(
            matches!(few, ForgetRuleError::TooFewPersons { wanted: 100, have: found } if found == have),
            "{few}"
        );
    }
}

#[test]
fn wrong_labels_are_never_the_right_ones_and_all_as_likely() {
    let chosen = rule("mislabel:0.5").choose(&nameless(), 10, 1).expect("enough");
    assert_eq!(chosen.labels.keys().copied().collect::<Vec<_>>(), chosen.forget);
    let mut steps = [0_u32; 10];
    for (at, label) in &chosen.labels {
        steps[(*label as usize + 10 - at % 10) % 10] += 1;
    }
    assert_eq!(steps[0], 0);
    // 500 over nine steps: 55.6 ± 6 standard deviations of 7.
    assert!(steps[1..].iter().all(|count| (14..98).contains(count)), "{steps:?}");
}

#[test]
fn everything_and_nothing_are_refused() {
    for text in ["random:1.0", "random:1000", "random:5000", "random:0.0001"] {
        let error = rule(text).choose(&nameless(), 10, 1).expect_err(text);
        assert!(matches!(error, ForgetRuleError::Nothing { .. }), "{error}");
    }
    let error = rule("class:10").choose(&nameless(), 10, 1).expect_err("no such class");
    assert!(matches!(error, ForgetRuleError::NoClass { class: 10, last: 9 }), "{error}");
}

#[test]
fn a_list_of_numbers_chooses_them_or_is_refused_with_the_row() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("forget_idx.npy");
    let choose = |shape: &[usize], numbers: &[i64], images: &[TrainingImage]| {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        write(&path, npy("<i8", shape, &bytes));
        rule(&format!("file:{}", path.display())).choose(images, 10, 1).map(|chosen| chosen.forget)
    };
    let images: Vec<TrainingImage> = nameless().into_iter().filter(|image| image.number != Some(5)).collect();
    assert_eq!(choose(&[3], &[999, 4, 6], &images).expect("sound"), [4, 5, 998]);
    for (numbers, row) in [([1, 2, -1], 2), ([1, 1000, 3], 1), ([5, 6, 7], 0), ([1, 2, i64::MAX], 2)] {
        let error = choose(&[3], &numbers, &images).expect_err("not there").to_string();
        assert!(error.contains(&format!("row {row}: {}", numbers[row])), "{error}");
    }
    let error = choose(&[3], &[1, 2, 1], &images).expect_err("twice").to_string();
    assert!(error.contains("row 2: 1 stands there for the second time"), "{error}");
    let error = choose(&[3, 1], &[1, 2, 3], &images).expect_err("no list");
    assert!(matches!(error, ForgetRuleError::NotAList { .. }), "{error}");
    assert_eq!(rule("file:/home/somebody/forget_idx.npy").to_string(), "file:forget_idx.npy");
}

#[test]
fn the_hardest_are_those_that_an_original_is_least_sure_of() {
    let mut images = nameless();
    let unasked = rule("hardest:3").choose(&images, 10, 1);
    assert!(matches!(unasked, Err(ForgetRuleError::NobodyKnows { .. })), "{unasked:?}");
    for (at, image) in images.iter_mut().enumerate() {
        // 0, 7, 14, … modulo 10: of equals, the first comes first.
        image.value = Some(((7 * at) % 10) as f64);
    }
    assert_eq!(rule("hardest:3").choose(&images, 10, 1).expect("enough").forget, [0, 10, 20]);
    assert_eq!(rule("easiest:2").choose(&images, 10, 1).expect("enough").forget, [7, 17]);
}

#[test]
fn the_most_memorized_persons_are_forgotten_as_a_whole() {
    let mut images = nameless();
    images.truncate(8);
    let unasked = rule("memorized:3").choose(&images, 10, 1);
    assert!(matches!(unasked, Err(ForgetRuleError::NobodyKnows { .. })), "{unasked:?}");
    // Means: a 0.5, b 0.35, c 0.4; the single image that is memorised most is b's.
    let known =
        [("a", 0.5), ("b", 0.9), ("c", 0.4), ("a", 0.5), ("b", 0.0), ("b", 0.15), ("c", 0.4), ("c", 0.4)];
    for (image, (_, value)) in images.iter_mut().zip(known) {
        image.value = Some(value);
    }
    let choose =
        |images: &[TrainingImage], text: &str| rule(text).choose(images, 10, 1).expect("enough").forget;
    assert_eq!(choose(&images, "memorized:2"), [0, 1], "images, where no persons are named");
    for (image, (person, _)) in images.iter_mut().zip(known) {
        image.person = Some(person.to_owned());
    }
    assert_eq!(choose(&images, "memorized:2"), [0, 3]);
    assert_eq!(choose(&images, "memorized:3"), [0, 2, 3, 6, 7], "persons are taken whole");
    assert_eq!(choose(&images, "unmemorized:1"), [1, 4, 5]);
}
