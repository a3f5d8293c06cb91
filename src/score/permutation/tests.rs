use serde::Deserialize;
use sweep_chance::Chance;

use super::{
    Nulls, PERMUTATION_SEED, benjamini_hochberg, energy_distance, energy_p, halved::Halved,
    named_score::NamedScore, naming::naming, namings, pool::Pool, sequential,
};
use crate::score::{CrossFit, Ensemble, Kind, Model, Oracle, Score, Unlearned};

/// What `SciPy` and `NumPy` say.
#[derive(Deserialize)]
struct References {
    benjamini_hochberg: Vec<Adjusted>,
    energy: Vec<Energy>,
}

#[derive(Deserialize)]
struct Adjusted {
    p: Vec<f64>,
    q: Vec<f64>,
}

#[derive(Deserialize)]
struct Energy {
    unlearned: Vec<Vec<f64>>,
    retrained: Vec<Vec<f64>>,
    distance: f64,
    /// Share of all ways to name the models at which the distance is at least as large.
    p: Option<f64>,
}

fn references() -> References {
    let json = include_str!("../../../tests/fixtures/score/permutation.json");
    serde_json::from_str(json).expect("stored cases")
}

#[test]
fn q_values_are_scipys() {
    for Adjusted { p, q } in references().benjamini_hochberg {
        for (own, theirs) in benjamini_hochberg(&p).iter().zip(&q) {
            assert!((own - theirs).abs() < 1e-12, "{own} is not {theirs} of {p:?}");
        }
    }
    assert!(benjamini_hochberg(&[]).is_empty());
}

#[test]
fn energy_distances_and_their_p_values_are_the_references() {
    for (nth, case) in references().energy.into_iter().enumerate() {
        let own = energy_distance(&case.unlearned, &case.retrained);
        assert!((own - case.distance).abs() < 1e-9, "case {nth}: {own} is not {}", case.distance);
        if let Some(p) = case.p {
            let drawn = namings(case.unlearned.len(), 999, 0);
            let own = energy_p(&case.unlearned, &case.retrained, &drawn);
            assert!((own - p).abs() < 1e-12, "case {nth}: p = {own} is not {p}");
        }
    }
}

#[test]
fn few_models_are_named_in_every_way_and_many_at_random() {
    let all = namings(3, 999, 0);
    assert_eq!(all.len(), 19, "20 ways to choose 3 of 6, less the true one");
    assert_eq!((all[0].as_slice(), all[18].as_slice()), ([0, 1, 3].as_slice(), [3, 4, 5].as_slice()));
    assert!(all.is_sorted_by(|one, other| one < other), "none twice: {all:?}");
    assert_eq!(namings(6, 999, 0).len(), 923);
    let drawn = namings(7, 999, 0);
    assert_eq!(drawn.len(), 999, "3432 ways are too many");
    assert!(drawn.iter().all(|chosen| chosen.len() == 7 && chosen.is_sorted_by(|one, other| one < other)));
    assert_eq!(drawn[..5], namings(7, 5, 0), "more of them change none");
    assert_ne!(drawn, namings(7, 999, 1));
    assert_eq!(namings(512, 3, 0).len(), 3);
}

#[test]
fn every_model_is_as_often_in_every_place() {
    let mut counts = [[0_u32; 6]; 6];
    for nth in 0..6000 {
        for (place, &model) in naming(3, 0, nth).iter().enumerate() {
            counts[place][model as usize] += 1;
        }
    }
    // 1,000 each, with a standard deviation of 29.
    assert!(counts.iter().flatten().all(|count| (870..1130).contains(count)), "{counts:?}");
}

/// A world of the simulation: examples have a mean and a spread; a quarter of a model's variance is common to all.
struct World(Chance);

impl World {
    fn new(seed: u64) -> Self {
        Self(Chance::of_seed(seed))
    }

    fn models<K: Kind>(&mut self, n: usize, examples: usize, shift: f64) -> Ensemble<K> {
        let models: Vec<Model> = (0..n)
            .map(|_| {
                let shared = 0.5 * self.0.normal();
                let confidence = |example: usize, own: f64| {
                    let (mean, spread) = ((example % 5) as f64, 0.5 + (example % 3) as f64);
                    mean + spread * (shift + shared + 0.75_f64.sqrt() * own)
                };
                let confidences = (0..examples).map(|example| confidence(example, self.0.normal())).collect();
                let accuracy = |own: f64| (0.9 + 0.01 * own).clamp(0.0, 1.0).try_into().expect("a fraction");
                Model {
                    confidences,
                    retain_accuracy: accuracy(self.0.normal()),
                    held_out_accuracy: accuracy(self.0.normal()),
                }
            })
            .collect();
        Ensemble::new(&models, n).expect("finite confidences")
    }
}

/// The groups that a naming makes of the models of both sides.
fn named(naming: &[u32], unlearned: &Ensemble<Unlearned>, oracle: &Oracle) -> (Ensemble<Unlearned>, Oracle) {
    let model = |&position: &u32| {
        let (position, n) = (position as usize, oracle.models());
        let of = |one: &[f64], other: &[f64]| if position < n { one[position] } else { other[position - n] };
        let examples = 0..oracle.examples();
        let columns = examples
            .map(|it| of(unlearned.confidences().of_example(it), oracle.confidences().of_example(it)));
        let accuracy = |one: &[f64], other: &[f64]| of(one, other).try_into().expect("a fraction");
        Model {
            confidences: columns.collect(),
            retain_accuracy: accuracy(unlearned.retain_accuracies(), oracle.retain_accuracies()),
            held_out_accuracy: accuracy(unlearned.held_out_accuracies(), oracle.held_out_accuracies()),
        }
    };
    let (ours, theirs) = naming.split_at(oracle.models());
    let models = |side: &[u32]| side.iter().map(model).collect::<Vec<Model>>();
    let n = oracle.models();
    (Ensemble::new(&models(ours), n).expect("models"), Oracle::new(&models(theirs), n).expect("models"))
}

/// Confidences in steps, so that many are equal.
fn coarse<K: Kind>(ensemble: &Ensemble<K>, steps: f64) -> Ensemble<K> {
    let model = |model: usize| Model {
        confidences: (0..ensemble.examples())
            .map(|example| (ensemble.confidences().of_example(example)[model] * steps).round() / steps)
            .collect(),
        retain_accuracy: ensemble.retain_accuracies()[model].try_into().expect("a fraction"),
        held_out_accuracy: ensemble.held_out_accuracies()[model].try_into().expect("a fraction"),
    };
    let models: Vec<Model> = (0..ensemble.models()).map(model).collect();
    Ensemble::new(&models, models.len()).expect("models")
}

#[test]
fn statistics_of_any_names_are_those_of_the_groups_that_they_make() {
    let mut world = World::new(5);
    for (n, steps) in [(4, 1e6), (7, 1e6), (12, 1e6), (9, 2.0)] {
        let (unlearned, oracle): (Ensemble<Unlearned>, Oracle) =
            (coarse(&world.models(n, 9, 0.7), steps), coarse(&world.models(n, 9, 0.0), steps));
        let pool = Pool::new(&unlearned, &oracle).expect("comparable groups");
        let (mut halved, mut scored) = (Halved::new(&pool), NamedScore::new(&pool));
        for naming in [pool.truth()].into_iter().chain((0..20).map(|nth| naming(n, 1, nth))) {
            let (ours, theirs) = named(&naming, &unlearned, &oracle);
            let quality =
                CrossFit::of(ours.confidences(), theirs.confidences()).expect("enough models").quality;
            let own = halved.quality(&naming);
            assert!((own - quality).abs() < 1e-12, "N = {n}: {own} is not {quality}");
            assert!(halved.is_at_most(&naming, quality) && !halved.is_at_most(&naming, quality - 1e-6));
            let score = Score::of(&ours, &theirs).expect("a score").value;
            let own = scored.score(&naming).expect("a score");
            assert!((own - score).abs() < 1e-12, "N = {n}: {own} is not {score}");
            assert!(scored.is_at_most(&naming, score * (1.0 + 1e-9)), "N = {n}: {score}");
            assert!(!scored.is_at_most(&naming, score * (1.0 - 1e-6)), "N = {n}: {score}");
        }
    }
}

/// The largest amount by which p-values are more often small than uniform ones would be, and by which they are less often.
fn kolmogorov_smirnov(mut p: Vec<f64>) -> (f64, f64) {
    p.sort_by(f64::total_cmp);
    let count = p.len() as f64;
    let above = p.iter().enumerate().map(|(nth, p)| (nth + 1) as f64 / count - p);
    let below = p.iter().enumerate().map(|(nth, p)| p - nth as f64 / count);
    (above.fold(0.0, f64::max), below.fold(0.0, f64::max))
}

#[test]
fn p_values_of_equals_are_uniform() {
    let (repeats, n) = (200, 6);
    let mut world = World::new(11);
    let mut drawn: [Vec<f64>; 3] = Default::default();
    for _ in 0..repeats {
        let (unlearned, oracle) = (world.models(n, 8, 0.0), world.models(n, 8, 0.0));
        let nulls = Nulls::of(&unlearned, &oracle, 199, PERMUTATION_SEED).expect("comparable groups");
        drawn[0].push(nulls.omnibus);
        drawn[1].push(nulls.quality.expect("enough models"));
        drawn[2].push(nulls.score.expect("a score"));
    }
    // One-sided: 1.52 / √200 at 1 %, and p moves in steps of 1/200.
    let most = 1.52 / f64::from(repeats).sqrt() + 0.005;
    for (name, p) in ["omnibus", "quality", "score"].into_iter().zip(drawn) {
        let (above, below) = kolmogorov_smirnov(p);
        assert!(above < most, "{name}: small p-values are too frequent, by {above:.3}");
        // Q and F have few values at this N; equal ones count as extreme, so their p-values may be too large.
        assert!(below < most || name != "omnibus", "{name}: small p-values are too rare, by {below:.3}");
    }
}

#[test]
fn a_shift_of_two_deviations_is_found_and_its_size_bounded() {
    let (mut world, repeats) = (World::new(3), 20);
    let (mut values, mut found, mut held) = (0.0, 0.0, 0);
    for _ in 0..repeats {
        let (unlearned, oracle) = (world.models(8, 25, 2.0), world.models(8, 25, 0.0));
        let nulls = Nulls::of(&unlearned, &oracle, 999, PERMUTATION_SEED).expect("comparable groups");
        assert!(nulls.omnibus <= 0.02, "{nulls:?}");
        assert!(
            nulls.quality.is_some_and(|p| p <= 0.05) && nulls.score.is_some_and(|p| p <= 0.2),
            "{nulls:?}"
        );
        let shift = nulls.shift.expect("models that vary");
        let ends = shift.interval.expect("enough models");
        assert_eq!(shift.allowed(), Some(ends.high));
        values += shift.value / f64::from(repeats);
        found += shift.found / f64::from(repeats);
        held += u32::from(ends.low <= 2.0 && 2.0 <= ends.high);
    }
    // A single value has a standard deviation of about 0.33.
    assert!((values - 2.0).abs() < 0.2, "{values}");
    // s² = 0.25 + 0.75 / 25 = 0.53²; (2.145 + 0.868) 0.53 √(2/8) = 0.80.
    assert!((found - 0.8).abs() < 0.15, "{found}");
    assert!(held >= 14, "{held} of {repeats} intervals hold the shift");
    // Where there are too few models to reject anything, every shift is allowed.
    let none = Nulls::of(&world.models(3, 25, 9.0), &world.models(3, 25, 0.0), 999, 0).expect("comparable");
    assert!((none.omnibus - 0.1).abs() < 1e-12, "2 of the 20 ways to name them: {none:?}");
    assert!(none.quality.is_none() && none.shift.is_some_and(|shift| shift.interval.is_none()), "{none:?}");
}

#[test]
fn models_that_all_agree_have_no_difference() {
    let model = |it: f64| {
        let accuracy = 0.5.try_into().expect("a fraction");
        Model { confidences: vec![it; 3], retain_accuracy: accuracy, held_out_accuracy: accuracy }
    };
    let same = vec![model(1.0); 4];
    let (unlearned, oracle) =
        (Ensemble::new(&same, 4).expect("models"), Oracle::new(&same, 4).expect("models"));
    let nulls = Nulls::of(&unlearned, &oracle, 999, 0).expect("comparable");
    assert!((nulls.omnibus - 1.0).abs() < 1e-12 && nulls.shift.is_none(), "{nulls:?}");
}

#[test]
fn a_test_ends_early_where_nothing_is_found_and_late_where_something_is() {
    use std::sync::atomic::{AtomicU64, Ordering};
    let tried = AtomicU64::new(0);
    let counted = |number: Option<f64>| {
        let tried = &tried;
        move |_: &[u32]| {
            tried.fetch_add(1, Ordering::Relaxed);
            vec![number]
        }
    };
    let common = sequential(&[1.0], 4, 999, 0, counted(Some(2.0)))[0];
    assert_eq!((common.p.to_bits(), common.expected), (1.0_f64.to_bits(), Some(2.0)));
    assert!(tried.swap(0, Ordering::Relaxed) <= 128);
    let rare = sequential(&[1.0], 4, 999, 0, counted(Some(0.0)))[0];
    assert!((rare.p - 0.001).abs() < 1e-12, "{rare:?}");
    assert_eq!(tried.swap(0, Ordering::Relaxed), 999);
    let absent = sequential(&[1.0], 4, 999, 0, counted(None))[0];
    assert_eq!((absent.p.to_bits(), absent.expected), (1.0_f64.to_bits(), None), "no number is no evidence");
}
