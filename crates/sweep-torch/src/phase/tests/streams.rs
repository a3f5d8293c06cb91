use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{LeaveOut, Part, Share, Stream},
    terms::{Positive, Set, UnitInterval},
};
use tch::{Device, Tensor};

use super::{Bench, Diary, Labels, Pairing, PassCache, Seed, Seeded, persons, stream};
use crate::{
    phase::{data::Feed, elements::Choices, teacher::Teachers, work::Work},
    python::Interpreters,
};

/// The labels that a stream gives the examples of its first pass, by position.
fn labels(plan: &Stream, seed: u64) -> Vec<(i64, i64)> {
    let mut bench = Bench::new();
    let (mut draws, mut watch) = (Seeded::new(Seed(seed)), Diary::default());
    let mut work = Work {
        network: &bench.network,
        teachers: Teachers::new(&bench.weights, &PassCache::NONE),
        known: &PassCache::NONE,
        weights: &mut bench.weights,
        examples: &bench.examples,
        draws: &mut draws,
        watch: &mut watch,
        choices: Choices::default(),
        steps: 0,
        loops: 0,
        called: None,
        interpreters: &Interpreters::default(),
    };
    let mut feed = Feed::new(plan, (0, 0), &mut work).expect("it draws");
    let mut found = Vec::new();
    for _ in 0..feed.batches() {
        let batch = feed.next(&mut work).expect("it draws");
        let on_host =
            |tensor: &Tensor| Vec::<i64>::try_from(tensor.to_device(Device::Cpu)).expect("whole numbers");
        found.extend(on_host(&batch.positions).into_iter().zip(on_host(&batch.labels)));
    }
    found.sort_unstable();
    found
}

fn truth(position: i64) -> i64 {
    position % i64::from(super::CLASSES)
}

fn labelled(labels: Labels) -> Stream {
    Stream { labels, ..stream(Set::Retain, 8, Pairing::Cycle) }
}

#[test]
fn random_labels_hit_every_class_and_wrong_ones_never_the_true_one() {
    let random: Vec<_> = (0..20).flat_map(|seed| labels(&labelled(Labels::Random), seed)).collect();
    let right = random.iter().filter(|&&(position, label)| label == truth(position)).count();
    // 400 draws, a third of them right: five standard deviations are 47.
    assert!((86..181).contains(&right), "{right} of 400");
    let wrong: Vec<_> = (0..20).flat_map(|seed| labels(&labelled(Labels::Wrong), seed)).collect();
    assert!(wrong.iter().all(|&(position, label)| label != truth(position)));
    let next = wrong.iter().filter(|&&(position, label)| label == (truth(position) + 1) % 3).count();
    assert!((150..251).contains(&next), "either wrong class is as likely: {next} of 400");
}

#[test]
fn labels_of_the_start_are_the_same_for_every_seed() {
    let epsilon = Positive::new(0.5).expect("positive");
    for rule in [Labels::SecondBest, Labels::Adversarial { epsilon }] {
        let found = labels(&labelled(rule), 1);
        assert_eq!(found, labels(&labelled(rule), 2), "{rule:?}");
        assert!(found.iter().all(|&(position, label)| label != truth(position)), "{rule:?}");
    }
    // No image is moved across a boundary by nothing, but some were beyond it from the start.
    let still = labels(&labelled(Labels::Adversarial { epsilon: Positive::new(1e-9).expect("positive") }), 1);
    assert!(still.len() < 20, "an untrained network is right now and then");
}

#[test]
fn a_partition_by_confidence_holds_each_example_once() {
    let part = |from, to| {
        let unit = |value| UnitInterval::new(value).expect("in range");
        let share = Share::ByConfidence { from: unit(from), to: unit(to) };
        let plan = Stream { share, ..stream(Set::Retain, 8, Pairing::Cycle) };
        labels(&plan, 1).into_iter().map(|(position, _)| position).collect::<Vec<_>>()
    };
    let mut all: Vec<i64> =
        [part(0.0, 0.33), part(0.33, 0.71), part(0.71, 1.0)].into_iter().flatten().collect();
    all.sort_unstable();
    assert_eq!(all, (0..20).collect::<Vec<_>>());
    assert_eq!(part(0.0, 0.33).len(), 6);
}

#[test]
fn a_mixed_stream_draws_its_share_anew_in_every_run() {
    let half = Share::Fraction(UnitInterval::new(0.5).expect("in range"));
    let part = Part { set: Set::Retain, share: half, labels: Labels::True };
    let plan = Stream { with: vec![part], ..stream(Set::Forget, 8, Pairing::Cycle) };
    let first = labels(&plan, 1);
    assert_eq!(first.len(), 16, "6 to forget and half of 20");
    assert!((20..26).all(|position| first.iter().any(|found| found.0 == position)));
    assert_eq!(first, labels(&plan, 1));
    assert_ne!(first, labels(&plan, 2));
}

#[test]
fn a_stream_without_some_persons_never_shows_an_image_of_theirs() {
    let folds = NonZeroU32::new(4).expect("not 0");
    let without = Some(LeaveOut { folds, persons: persons().hash() });
    let plan = Stream { without, ..stream(Set::Train, 8, Pairing::Cycle) };
    let mut times = [0; 26];
    for seed in 40..44 {
        let shown = labels(&plan, seed);
        let out = persons().left_out(Seed(seed), folds);
        for (position, out) in out.into_iter().enumerate() {
            let is_shown = shown.iter().any(|found| found.0 == position as i64);
            assert_eq!(is_shown, !out, "image {position} of seed {seed}");
            times[position] += i32::from(out);
        }
    }
    assert_eq!(times, [1; 26], "a block of seeds leaves out everyone once");
}
