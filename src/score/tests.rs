use std::path::PathBuf;

use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::Value;
use sweep_chance::Chance;

use super::{
    Confidences, Construction, Ensemble, Incomparable, Kind, Model, Oracle, PairedDifference, Part,
    Resampled, Retrained, Rule, Score, Side, Unlearned, from_arrays, interval::Student, utility::Utility,
};
use sweep_inputs::npy::Array;

type Rows = Vec<Vec<f64>>;

fn fixture(name: &str) -> Value {
    stored(&format!("metric/{name}"))
}

fn stored(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `null` stands for NaN.
fn rows(value: &Value) -> Rows {
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let row = |value: &Value| value.as_array().expect("a row").iter().map(number).collect();
    value.as_array().expect("rows").iter().map(row).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("numbers").iter().map(|value| value.as_f64().expect("a number")).collect()
}

fn sides(case: &Value) -> (Array, Array) {
    (array(&rows(&case["input"]["unlearned_confs"])), array(&rows(&case["input"]["retrained_confs"])))
}

fn array(rows: &Rows) -> Array {
    Array { shape: vec![rows.len(), rows[0].len()], values: rows.concat() }
}

fn ensemble<K: Kind>(rows: &Rows) -> Ensemble<K> {
    let accuracy = 0.5.try_into().expect("a fraction");
    let model = |row: &Vec<f64>| Model {
        confidences: row.clone(),
        retain_accuracy: accuracy,
        held_out_accuracy: accuracy,
    };
    Ensemble::new(&rows.iter().map(model).collect::<Vec<_>>(), rows.len()).expect("checked rows")
}

/// Normal with standard deviation 2.
pub(super) fn gaussian(models: usize, examples: usize, chance: &mut Chance) -> Rows {
    (0..models).map(|_| (0..examples).map(|_| chance.normal_pair(2.0).0).collect()).collect()
}

#[test]
fn the_reference_is_met() {
    for name in [
        "02_hand_checkable_N4",
        "03_identical_samples_N64",
        "05_perfectly_separable_N32",
        "06_peaky_unlearned_N32",
        "07b_constant_different_N8",
        "09_few_samples_N4",
        "10_double_threshold_wins_N64",
        "13_right_grid_401_N16",
    ] {
        let case = fixture(&format!("{name}.json"));
        let (unlearned, retrained) = sides(&case);
        let score = from_arrays(&unlearned, &retrained, 0).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(score.forget_score, case["output"]["forget_score"].as_f64().expect("F"), "{name}");
        let want = numbers(&case["output"]["eps"]);
        assert_eq!(score.epsilon.len(), want.len(), "{name}");
        for (got, want) in score.epsilon.iter().zip(&want) {
            assert!((got - want).abs() <= 1e-5, "{name}: ε {got} instead of {want}");
        }
    }
}

#[test]
fn what_the_reference_chokes_on_is_an_error() {
    let refusal = |name: &str| {
        let case = fixture(name);
        let (unlearned, retrained) = sides(&case);
        from_arrays(&unlearned, &retrained, 0).expect_err(name)
    };
    assert_eq!(refusal("07a_constant_equal_N8.json"), Incomparable::Constant { example: 0, value: 1.25 });
    let Incomparable::NotFinite { side, model, example, value } = refusal("08_nan_confidence_N8.json") else {
        panic!("a NaN is not what was refused");
    };
    assert_eq!((side, model, example), (Side::Unlearned, 3, 1));
    assert!(value.is_nan(), "{value}");
    // The reference gives 0 here, whatever the models do.
    assert_eq!(refusal("09_few_samples_N2.json"), Incomparable::TooFewModels { have: 2 });
}

#[test]
fn the_final_score_is_weighed_as_published() {
    for case in fixture("15_final_score.json")["cases"].as_array().expect("cases") {
        let accuracies = |name: &str| numbers(&case[name]);
        let utility = Utility::from_accuracies(
            [&accuracies("unlearned_retain_accs"), &accuracies("unlearned_test_accs")],
            [&accuracies("retrain_retain_accs"), &accuracies("retrain_test_accs")],
        )
        .expect("the oracle is right now and then");
        let got = utility.weigh(case["forget_score"].as_f64().expect("F"));
        let want = case["final_score"].as_f64().expect("a score");
        assert!((got - want).abs() <= 1e-15, "{}: {got} instead of {want}", case["note"]);
    }
}

#[test]
fn the_published_range_of_perfect_unlearning_is_met() {
    let mut chance = Chance::of_seed(1);
    let (unlearned, retrained) = (gaussian(64, 200, &mut chance), gaussian(64, 200, &mut chance));
    let quality = from_arrays(&array(&unlearned), &array(&retrained), 0).expect("finite").forget_score;
    assert!((0.12..=0.26).contains(&quality), "independent draws of one distribution: F = {quality}");
}

#[test]
fn a_score_says_what_it_is_made_of() {
    let case = fixture("10_double_threshold_wins_N64.json");
    let unlearned = ensemble::<Unlearned>(&rows(&case["input"]["unlearned_confs"]));
    let oracle: Oracle = ensemble(&rows(&case["input"]["retrained_confs"]));
    let score = Score::of(&unlearned, &oracle).expect("comparable");
    assert_eq!((score.n, score.examples, score.epsilons.len()), (64, 2, 2));
    assert!(score.epsilons.iter().all(|epsilon| epsilon.rule() == Rule::Double), "{:?}", score.epsilons);
    assert_eq!((score.retain_ratio, score.test_ratio), (1.0, 1.0));
    assert_eq!(score.value, score.forgetting_quality.value());
    let counted: Vec<(usize, f64)> = score
        .forgetting_quality
        .buckets()
        .iter()
        .filter(|bucket| bucket.examples > 0)
        .map(|bucket| (bucket.examples, bucket.points))
        .collect();
    assert_eq!(counted, [(2, 0.007_812_5)]);
}

#[test]
fn unlike_groups_do_not_compare() {
    let grid = |models: usize, examples: usize| Array {
        shape: vec![models, examples],
        values: (0..models * examples).map(|index| (index as f64).sin()).collect(),
    };
    let refusal = |unlearned: &Array, retrained: &Array| {
        from_arrays(unlearned, retrained, 0).expect_err("unlike groups").to_string()
    };
    insta::assert_snapshot!(refusal(&grid(4, 2), &grid(5, 2)), @"4 unlearned but 5 retrained models; scores need the same number on both sides");
    insta::assert_snapshot!(refusal(&grid(4, 2), &grid(4, 3)), @"2 forget examples on the unlearned side but 3 on the retrained; measure both on one split");
    insta::assert_snapshot!(refusal(&grid(2, 2), &grid(2, 2)), @"2 models on each side; the score is defined from 3 on");
    insta::assert_snapshot!(refusal(&grid(0, 2), &grid(0, 2)), @"0 models on each side; the score is defined from 3 on");
    insta::assert_snapshot!(refusal(&grid(4, 0), &grid(4, 0)), @"the forget set of the unlearned models is empty");
    insta::assert_snapshot!(refusal(&grid(4, 2), &Array { shape: vec![8], values: vec![0.0; 8] }), @"the retrained array has 1 axes, not 2; pass one row per model, one column per forget example");
    let mut damaged = grid(4, 2);
    damaged.values[5] = f64::INFINITY;
    insta::assert_snapshot!(refusal(&grid(4, 2), &damaged), @"retrained model 2 has confidence inf on forget example 1; leave diverged models out");
    damaged.values[5] = -1e9;
    insta::assert_snapshot!(refusal(&damaged, &grid(4, 2)), @"unlearned model 2 has confidence -1000000000 on forget example 1, beyond ±80000; pass logit-scaled confidences");
    let close = |middle| Array { shape: vec![3, 1], values: vec![1.0, 1.0 + middle, 1.0 + 2e-6] };
    insta::assert_snapshot!(refusal(&close(1e-6), &close(1.5e-6)), @"no threshold tells the sides apart on forget example 0: their confidences differ by less than the grid of thresholds (0.01)");
}

#[test]
fn an_incomplete_or_ragged_ensemble_is_refused() {
    let accuracy = 0.5.try_into().expect("a fraction");
    let model = |examples| Model {
        confidences: vec![0.0; examples],
        retain_accuracy: accuracy,
        held_out_accuracy: accuracy,
    };
    let refusal =
        |models: &[Model], want| Ensemble::<Unlearned>::new(models, want).expect_err("refused").to_string();
    insta::assert_snapshot!(refusal(&[model(2), model(2)], 3), @"only 2 of 3 unlearned models are finished; finish or retry the others");
    insta::assert_snapshot!(refusal(&[model(2), model(3)], 2), @"unlearned model 1 has 3 confidences, the models before it 2; measure all on one split");
    insta::assert_snapshot!(refusal(&[], 0), @"only 0 of 1 unlearned models are finished; finish or retry the others");
}

/// A group of models, and the same confidences with models and examples in another order.
fn shuffled(rows: &Rows, models: &[usize], examples: &[usize]) -> Array {
    array(
        &models.iter().map(|&model| examples.iter().map(|&example| rows[model][example]).collect()).collect(),
    )
}

fn permutation(length: usize, keys: &[Index]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    for position in (1..length).rev() {
        order.swap(position, keys[position % keys.len()].index(position + 1));
    }
    order
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn order_does_not_matter(
        (unlearned, retrained) in (3_usize..24, 1_usize..5).prop_flat_map(|(models, examples)| {
            let side = || vec(vec(-6.0..6.0_f64, examples), models);
            (side(), side())
        }),
        keys in vec(any::<Index>(), 24),
    ) {
        let (models, examples) = (unlearned.len(), unlearned[0].len());
        let plain = from_arrays(&array(&unlearned), &array(&retrained), 0).expect("finite and spread");
        prop_assert!((0.0..=1.0).contains(&plain.forget_score), "F = {}", plain.forget_score);

        let order = permutation(examples, &keys);
        let mixed = from_arrays(
            &shuffled(&unlearned, &permutation(models, &keys), &order),
            &shuffled(&retrained, &permutation(models, &keys[7..]), &order),
            0,
        )
        .expect("finite and spread");
        prop_assert_eq!(mixed.forget_score, plain.forget_score);
        let expected: Vec<f64> = order.iter().map(|&example| plain.epsilon[example]).collect();
        prop_assert_eq!(mixed.epsilon, expected);
    }

    #[test]
    fn identical_samples_have_quality_one(side in vec(vec(-6.0..6.0_f64, 2), 4..24)) {
        let score = from_arrays(&array(&side), &array(&side), 0).expect("finite and spread");
        prop_assert_eq!(score.forget_score, 1.0, "{:?}", score.epsilon);
    }
}

#[test]
fn confidences_keep_the_order_of_models_and_examples() {
    let confidences = Confidences::<Retrained>::new(&[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).expect("finite");
    assert_eq!((confidences.models(), confidences.examples()), (3, 2));
    assert_eq!(
        (confidences.of_example(0), confidences.of_example(1)),
        (&[1.0, 3.0, 5.0][..], &[2.0, 4.0, 6.0][..])
    );
}

fn resampled(unlearned: &Rows, oracle: &Oracle, seed: u64) -> Resampled {
    Resampled::of(&ensemble(unlearned), oracle, 50, seed).expect("comparable")
}

#[test]
fn intervals_lie_around_the_score_and_follow_the_seed() {
    let mut chance = Chance::of_seed(5);
    let unlearned = gaussian(16, 20, &mut chance);
    let oracle: Oracle = ensemble(&gaussian(16, 20, &mut chance));
    let (one, other) = (resampled(&unlearned, &oracle, 1), resampled(&unlearned, &oracle, 2));
    assert_eq!(one, resampled(&unlearned, &oracle, 1), "the same seed gives the same replicates");
    assert_ne!(one, other, "another seed gives others");
    assert_eq!(one.replicates(), 50);
    let quality = one.score().forgetting_quality.value();
    let parts = [Part::ForgettingQuality, Part::Value];
    for interval in parts.map(|part| one.interval(part)).into_iter().chain([other.interval(Part::Value)]) {
        assert!(0.0 <= interval.low && interval.low < quality && quality < interval.high, "{interval:?}");
        assert!(interval.high <= 1.0, "{interval:?}");
    }
    // All models are equally accurate: the score varies as forgetting quality does, and the ratios don't vary.
    assert_eq!(one.interval(Part::ForgettingQuality), one.interval(Part::Value));
    let ratio = one.interval(Part::RetainRatio);
    assert_eq!((ratio.low, ratio.high), (1.0, 1.0));
    let groups = (&ensemble(&unlearned), &oracle);
    assert_eq!(one.interval_by(Construction::Rescaled, Part::Value, groups), Some(one.interval(Part::Value)));
    // What does not vary has no skewness to correct by.
    assert_eq!(one.interval_by(Construction::Bca, Part::RetainRatio, groups), None);
}

#[test]
fn points_are_compared_replicate_by_replicate() {
    let mut chance = Chance::of_seed(6);
    let (near, far) = (gaussian(16, 20, &mut chance), gaussian(16, 20, &mut chance));
    let far: Rows = far.iter().map(|row| row.iter().map(|value| value + 6.0).collect()).collect();
    let oracle: Oracle = ensemble(&gaussian(16, 20, &mut chance));
    let (near, far) = (resampled(&near, &oracle, 1), resampled(&far, &oracle, 1));
    let PairedDifference { difference: itself, p } = near.minus(&near).expect("drawn alike");
    assert_eq!(p, 1.0);
    assert_eq!((itself.value, itself.interval.low, itself.interval.high), (0.0, 0.0, 0.0));
    assert!(!itself.is_clear());
    let less = |one: &Resampled, other: &Resampled| one.minus(other).expect("alike");
    assert_eq!(less(&near, &far).p, less(&far, &near).p);
    let (ahead, behind) = (less(&near, &far).difference, less(&far, &near).difference);
    assert!(ahead.is_clear() && ahead.interval.low > 0.0, "{ahead:?}");
    assert_eq!((ahead.value, ahead.interval.low), (-behind.value, -behind.interval.high));
    let (top, bottom) = (near.between(&far, &near).expect("alike"), far.between(&far, &near).expect("alike"));
    assert_eq!((top.value, bottom.value), (1.0, 0.0));
    assert_eq!(near.between(&near, &far), None, "a ceiling below the floor");
}

#[test]
fn no_replicates_give_no_interval() {
    let models: Rows = (0..4).map(|model| vec![f64::from(model)]).collect();
    let refusal = Resampled::of(&ensemble(&models), &ensemble(&models), 0, 0);
    assert_eq!(refusal, Err(Incomparable::NoReplicate { replicates: 0 }));
}

#[test]
fn an_oracle_that_is_never_right_scores_nothing() {
    let model = |confidence: f64, accuracy: f64| Model {
        confidences: vec![confidence],
        retain_accuracy: accuracy.try_into().expect("a fraction"),
        held_out_accuracy: 0.5.try_into().expect("a fraction"),
    };
    let models = |accuracy| [0.0, 1.0, 2.0].map(|confidence| model(confidence, accuracy));
    let unlearned = Ensemble::<Unlearned>::new(&models(0.9), 3).expect("three models");
    let oracle = Oracle::new(&models(0.0), 3).expect("three models");
    assert_eq!(Score::of(&unlearned, &oracle), Err(Incomparable::UselessOracle { set: "retain" }));
}

/// Against `scipy.stats.binomtest(…).proportion_ci(method="exact")`.
#[test]
fn bounds_of_rates_are_scipys() {
    let cases = stored("score/intervals.json")["clopper_pearson"].as_array().expect("cases").clone();
    assert!(cases.len() > 40, "{} cases", cases.len());
    for case in cases {
        let count = |name: &str| case[name].as_u64().expect("a count") as usize;
        let number = |name: &str| case[name].as_f64().expect("a number");
        let (count, trials, alpha) = (count("count"), count("trials"), number("alpha"));
        let low = super::clopper_pearson_lower(count, trials, alpha);
        let high = super::clopper_pearson_upper(count, trials, alpha);
        assert!((low - number("low")).abs() < 1e-9, "{case}: {low}");
        assert!((high - number("high")).abs() < 1e-9, "{case}: {high}");
    }
}

/// Against `scipy.stats.bootstrap` on the same replicates.
#[test]
fn percentile_and_bca_intervals_are_scipys() {
    for case in stored("score/intervals.json")["bootstrap"].as_array().expect("cases") {
        let (replicates, left_out) = (numbers(&case["replicates"]), numbers(&case["jackknife"]));
        let value = case["value"].as_f64().expect("a number");
        let plain = super::interval::percentile(&replicates);
        let corrected =
            super::interval::bca(value, &replicates, &left_out).expect("replicates on both sides");
        for (got, name) in [(plain, "percentile"), (corrected, "BCa")] {
            let want = numbers(&case[name]);
            let off = (got.low - want[0]).abs().max((got.high - want[1]).abs());
            assert!(off < 1e-9, "{}, {name}: {got:?} instead of {want:?}", case["name"]);
        }
    }
}

#[test]
fn replicates_are_scaled_up_and_never_down() {
    let replicates = [0.1, 0.2, 0.3];
    assert_eq!(super::interval::scale(0.4, &replicates), 2.0);
    assert_eq!(super::interval::scale(0.1, &replicates), 1.0);
    assert_eq!(super::interval::scale(0.0, &[0.0; 3]), 1.0, "nothing to scale by");
    // Standard deviation 1, 3 models: t with 4 degrees of freedom is 2.776, and N / (N - 1) is 3/2.
    let student = Student::around(5.0, &[1.0, 2.0, 3.0], 3);
    let interval = student.interval();
    assert!((interval.high - 5.0 - 2.776 * 1.5_f64.sqrt()).abs() < 1e-3, "{interval:?}");
    // t = 5 / √(3/2); the distribution function of 4 degrees of freedom has a closed form.
    assert!((student.p() - 0.015_068).abs() < 1e-6, "{}", student.p());
}
