use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use sweep_protocol::{
    behaviour::Behaviour, measurement::Accuracies, reconstruction::Trace, terms::UnitInterval,
};

use super::{
    Audit, AverageGap, Behaved, Beside, Compared, Far, Feature, Images, LogisticRegression, Model, Normal,
    Roc, Sets, Split, Threshold, Unauditable, accuracies, average_gap, divergence, efficacy,
    indiscernibility, klom, nomus, of_model, refused, scikit_learn_splits, simple_mia,
    stratified_shuffle_splits, tow, u_lira,
};

fn fixture<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[derive(Deserialize)]
struct Cases<T> {
    cases: Vec<T>,
}

#[track_caller]
fn close(got: f64, want: f64, tolerance: f64, what: &str) {
    assert!((got - want).abs() <= tolerance * want.abs().max(1.0), "{what}: {got} instead of {want}");
}

#[derive(Deserialize)]
struct Regression {
    name: String,
    values: Vec<f64>,
    labels: Vec<u8>,
    coefficient: f64,
    intercept: f64,
    splits: Vec<Parts>,
    accuracies: Vec<f64>,
}

#[derive(Deserialize)]
struct Parts {
    train: Vec<usize>,
    test: Vec<usize>,
}

#[test]
fn logistic_regression_meets_scikit_learn() {
    let Cases::<Regression> { cases } = fixture("audit/logistic_regression");
    assert_eq!(cases.len(), 4);
    for case in cases {
        let classes: Vec<bool> = case.labels.iter().map(|&label| label == 1).collect();
        let model = LogisticRegression::fit(&case.values, &classes).expect("two classes");
        // lbfgs at tol = 1e-12 stops where rounding ends the search, about 1e-7 from the optimum.
        close(model.coefficient, case.coefficient, 1e-6, &case.name);
        close(model.intercept, case.intercept, 1e-6, &case.name);
        let splits: Vec<Split> =
            case.splits.into_iter().map(|parts| Split { train: parts.train, test: parts.test }).collect();
        assert_eq!(accuracies(&case.values, &classes, &splits), case.accuracies, "{}", case.name);
    }
}

#[test]
fn the_starting_kit_is_met_on_its_own_splits() {
    #[derive(Deserialize)]
    struct Kit {
        losses: Vec<f64>,
        members: Vec<u8>,
        splits: Vec<KitSplit>,
    }
    #[derive(Deserialize)]
    struct KitSplit {
        train_index: Vec<usize>,
        test_index: Vec<usize>,
        coef: f64,
        intercept: f64,
        accuracy: f64,
    }
    let kit: Kit = fixture("metric/16_starting_kit_simple_mia");
    let members: Vec<bool> = kit.members.iter().map(|&member| member == 1).collect();
    let recorded: Vec<Split> = kit
        .splits
        .iter()
        .map(|split| Split { train: split.train_index.clone(), test: split.test_index.clone() })
        .collect();
    assert_eq!(scikit_learn_splits(members.len() / 2, 10), Some(recorded));
    for KitSplit { train_index, test_index, coef, intercept, accuracy } in kit.splits {
        let (values, classes): (Vec<f64>, Vec<bool>) =
            train_index.iter().map(|&position| (kit.losses[position], members[position])).unzip();
        let model = LogisticRegression::fit(&values, &classes).expect("two classes");
        // The kit stops at scikit-learn's default tolerance of 1e-4.
        close(model.coefficient, coef, 1e-3, "coefficient");
        close(model.intercept, intercept, 1e-3, "intercept");
        let split = Split { train: train_index, test: test_index };
        assert_eq!(accuracies(&kit.losses, &members, &[split]), [accuracy]);
    }
}

#[test]
fn regression_of_one_class_is_none_and_of_extremes_ends() {
    assert_eq!(LogisticRegression::fit(&[1.0, 2.0], &[true, true]), None);
    let far =
        LogisticRegression::fit(&[0.0, 1e6, 2e6, 0.0], &[true, false, false, true]).expect("two classes");
    assert!(far.predicts(0.0) && !far.predicts(1e6), "{far:?}");
    let same = LogisticRegression::fit(&[3.0; 4], &[true, false, false, false]).expect("two classes");
    // All values are equal: the odds are those of the classes, 1 to 3.
    close(same.coefficient * 3.0 + same.intercept, (1.0_f64 / 3.0).ln(), 1e-6, "log odds");
}

#[test]
fn splits_of_balanced_classes_are_scikit_learn_s() {
    #[derive(Deserialize)]
    struct OfSize {
        size: usize,
        splits: Vec<Hashed>,
    }
    #[derive(Deserialize)]
    struct Hashed {
        train_sha256: String,
        test_sha256: String,
    }
    let hash = |positions: &[usize]| {
        let bytes: Vec<u8> = positions.iter().flat_map(|position| (*position as i64).to_le_bytes()).collect();
        format!("{:x}", Sha256::digest(&bytes))
    };
    let recorded: Cases<OfSize> = fixture("audit/scikit_learn_splits");
    for OfSize { size, splits } in recorded.cases {
        let drawn = scikit_learn_splits(size, 10).expect("a tenth is a whole number");
        assert_eq!(drawn.len(), splits.len());
        for (Split { train, test }, Hashed { train_sha256, test_sha256 }) in drawn.iter().zip(splits) {
            assert_eq!((hash(train), hash(test)), (train_sha256, test_sha256), "size {size}");
        }
    }
    assert_eq!(scikit_learn_splits(25, 10), None, "which class gives one more is drawn");
}

#[test]
fn splits_keep_the_shares_of_the_classes() {
    for (members, others) in [(30_usize, 30_usize), (5, 5), (7, 40), (33, 32)] {
        let classes: Vec<bool> = (0..members + others).map(|position| position < members).collect();
        for Split { train, test } in stratified_shuffle_splits(&classes, 10, 3) {
            let all = members + others;
            assert_eq!((test.len(), train.len()), (all.div_ceil(10), all - all.div_ceil(10)));
            let mut positions = [train, test.clone()].concat();
            positions.sort_unstable();
            assert_eq!(positions, (0..all).collect::<Vec<_>>(), "each example once");
            let tested = test.iter().filter(|&&position| classes[position]).count() as f64;
            let share = test.len() as f64 * members as f64 / all as f64;
            assert!((tested - share).abs() < 1.0, "{tested} members of {members} against {others}");
        }
    }
    let classes = [true, false].repeat(20);
    let drawn = |seed| stratified_shuffle_splits(&classes, 3, seed);
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2), "the seed decides");
    assert_ne!(drawn(1)[0], drawn(1)[1], "splits differ");
}

#[test]
fn the_simple_attack_tells_apart_what_differs_and_guesses_otherwise() {
    let low: Vec<f64> = (0..40).map(|nth| f64::from(nth) / 400.0).collect();
    let high: Vec<f64> = (0..100).map(|nth| 3.0 + f64::from(nth) / 100.0).collect();
    close(simple_mia(&low, &high, 0).expect("enough"), 1.0, 0.0, "separable");
    close(
        simple_mia(&[0.7; 20], &[0.7; 30], 0).expect("enough"),
        0.5,
        1e-12,
        "constant: one class is always right",
    );
    assert_eq!(
        simple_mia(&low[..4], &high, 0),
        Err(Unauditable::TooFew { what: "losses on each side", have: 4, want: 5 })
    );
}

#[derive(Deserialize)]
struct Curve {
    name: String,
    members: Vec<f64>,
    others: Vec<f64>,
    auc: f64,
    #[serde(rename = "tpr_at_0.001")]
    at_one_in_1000: f64,
    #[serde(rename = "tpr_at_0.01")]
    at_one_in_100: f64,
}

#[test]
fn roc_meets_scikit_learn() {
    let Cases::<Curve> { cases } = fixture("audit/roc");
    assert_eq!(cases.len(), 5);
    for case in cases {
        let turned = |values: &[f64]| values.iter().map(|value| -value).collect::<Vec<_>>();
        let roc = Roc::of(&turned(&case.members), &turned(&case.others)).expect("values");
        close(roc.auc(), case.auc, 1e-12, &case.name);
        close(roc.true_positives_at(0.001), case.at_one_in_1000, 1e-12, &case.name);
        close(roc.true_positives_at(0.01), case.at_one_in_100, 1e-12, &case.name);
    }
    assert!(Roc::of(&[], &[1.0]).is_err());
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    unlearned: Vec<f64>,
    oracle: Vec<f64>,
    kl: f64,
}

#[test]
fn divergence_meets_scipy() {
    let Cases::<Pair> { cases } = fixture("audit/klom");
    assert_eq!(cases.len(), 5);
    for case in &cases {
        close(divergence(&case.unlearned, &case.oracle), case.kl, 1e-9, &case.name);
    }
    // Two examples in every model: mean and interpolated percentile of the two divergences.
    let (first, second) = (&cases[0], &cases[1]);
    let rows = |left: &[f64], right: &[f64]| -> Vec<Vec<f64>> {
        left.iter().zip(right).map(|(&left, &right)| vec![left, right]).collect()
    };
    let (ours, theirs) = (rows(&first.unlearned, &second.unlearned), rows(&first.oracle, &second.oracle));
    let klom = klom(&ours, &theirs).expect("aligned");
    close(klom.mean, f64::midpoint(first.kl, second.kl), 1e-9, "mean");
    close(klom.percentile_95, first.kl + 0.95 * (second.kl - first.kl), 1e-9, "percentile");
}

#[derive(Deserialize)]
struct Normals {
    name: String,
    unlearned: Vec<f64>,
    oracle: Vec<f64>,
    targets: Vec<f64>,
    fits: [[f64; 2]; 2],
    log_densities: [Vec<f64>; 2],
    scores: Vec<f64>,
}

#[test]
fn normal_fits_and_densities_meet_scipy() {
    let Cases::<Normals> { cases } = fixture("audit/u_lira");
    assert_eq!(cases.len(), 2);
    for case in cases {
        let fits = [Normal::fit(&case.unlearned), Normal::fit(&case.oracle)];
        for (nth, fit) in fits.iter().enumerate() {
            close(fit.mean, case.fits[nth][0], 1e-12, &case.name);
            close(fit.deviation, case.fits[nth][1], 1e-12, &case.name);
            for (&target, &want) in case.targets.iter().zip(&case.log_densities[nth]) {
                close(fit.log_density(target), want, 1e-12, &case.name);
            }
        }
        for (&target, &want) in case.targets.iter().zip(&case.scores) {
            let ratio = fits[0].log_density(target) - fits[1].log_density(target);
            close(1.0 / (1.0 + (-ratio).exp()), want, 1e-9, &case.name);
        }
    }
}

#[test]
fn the_likelihood_ratio_sees_a_shift_and_nothing_in_equals() {
    let models = |shift: f64| -> Vec<Vec<f64>> {
        // Quantiles of a uniform spread in a fixed scrambled order: every half has the same mean and spread.
        (0..32).map(|nth| vec![f64::from(nth * 13 % 32) / 32.0 + shift; 3]).collect()
    };
    let attack = |shift: f64| u_lira(&models(shift), &models(0.0)).expect("enough models");
    let (far, same) = (attack(5.0), attack(0.0));
    assert!((far.accuracy - 1.0).abs() < 1e-12 && (far.at_one_in_1000 - 1.0).abs() < 1e-12, "{far:?}");
    assert!((same.accuracy - 0.5).abs() < 0.1 && (same.auc - 0.5).abs() < 0.1, "{same:?}");
    assert!(u_lira(&vec![vec![1.0]; 3], &vec![vec![1.0]; 8]).is_err(), "three models are too few");
    assert!(u_lira(&vec![vec![1.0]; 4], &vec![vec![1.0, 2.0]; 4]).is_err(), "other examples");
    let twins = u_lira(&vec![vec![1.0]; 4], &vec![vec![1.0]; 4]).expect("enough models");
    assert!((twins.accuracy - 0.5).abs() < 1e-12, "models that all agree tell nothing: {twins:?}");
}

#[test]
fn formulas_give_what_their_papers_print() {
    // Worked by hand from the definitions.
    close(tow([0.9, 0.8, 0.7], [1.0, 0.9, 0.9]), 0.9 * 0.9 * 0.8, 1e-12, "ToW");
    close(nomus(0.8, 0.6), 0.5 * 0.8 + 0.5 * 0.8, 1e-12, "NoMUS");
    close(nomus(0.8, 0.4), nomus(0.8, 0.6), 1e-12, "NoMUS on the other side of guessing");
    close(indiscernibility(0.75), 0.5, 1e-12, "indiscernibility");
    let gap = |unlearning| AverageGap { unlearning, retain: 0.9, test: 0.8, mia: 0.4 };
    close(average_gap(&gap(0.5), &gap(0.3)), 0.05, 1e-12, "average gap");
}

#[test]
fn thresholds_are_the_best_and_the_lowest_of_equals() {
    for (members, others, want) in [
        (vec![3.0, 4.0, 5.0], vec![1.0, 2.0], 3.0),
        (vec![1.0, 1.0], vec![1.0, 1.0], 1.0),
        (vec![1.0, 4.0], vec![2.0, 3.0], 4.0),
        (vec![0.0, 4.0, 5.0], vec![1.0, 2.0, 3.0], 4.0),
    ] {
        assert_eq!(Threshold::fit(&members, &others), Some(Threshold(want)), "{members:?} {others:?}");
    }
    assert_eq!(Threshold::fit(&[], &[]), None);
}

fn behaved(losses: &[f64]) -> Behaved {
    let example = |&loss: &f64| Behaviour {
        confidence: -loss,
        loss,
        entropy: loss / 2.0,
        modified_entropy: loss * 2.0,
        correct: loss < 0.7,
    };
    losses.iter().map(example).collect()
}

fn model(forget: &[f64], jitter: f64) -> Model {
    let accuracy = |value| UnitInterval::new(value).expect("a fraction");
    let moved = |losses: &[f64]| behaved(&losses.iter().map(|loss| loss + jitter).collect::<Vec<_>>());
    let test: Vec<f64> = (0..20).map(|nth| 1.0 + f64::from(nth) / 10.0).collect();
    let retain: Vec<f64> = (0..20).map(|nth| f64::from(nth) / 100.0).collect();
    let found = |nth: u32| Trace {
        extracted: f64::from(nth % 7) / 10.0 + jitter / 10.0,
        in_rows: f64::from(nth % 5) / 10.0,
        multiplier: f64::from(nth % 3),
    };
    let found = |span: std::ops::Range<u32>| span.map(found).collect();
    Model {
        images: Some(Images { forget: found(0..6), retain: found(6..20), unseen: found(20..40) }),
        accuracy: Accuracies {
            retain: accuracy(0.9),
            forget: accuracy(0.5),
            validation: accuracy(0.8),
            test: Some(accuracy(0.7)),
            truth: None,
        },
        confidences: forget.iter().map(|loss| jitter - loss).collect(),
        sets: Some(Sets { forget: moved(forget), retain: moved(&retain), test: moved(&test) }),
    }
}

#[test]
fn efficacy_is_the_share_of_the_forget_set_on_the_side_of_the_unseen() {
    let forget = [0.05, 0.1, 2.0, 2.5, 2.6];
    let sets = model(&forget, 0.0).sets.expect("measured");
    for feature in Feature::ALL {
        close(efficacy(&sets, feature).expect("enough"), 0.6, 1e-12, "three of five");
    }
    assert!(efficacy(&Sets::default(), Feature::Entropy).is_err(), "no example");
}

/// The numbers of the true names.
fn beside(audit: Audit, models: &[&Model]) -> Result<Vec<Beside>, Unauditable> {
    let half = models.len() as u32 / 2;
    let names: Vec<u32> = (0..2 * half).collect();
    let compared = Compared::new(audit, models)?;
    compared.map_or(Ok(Vec::new()), |own| own.numbers(&names[..half as usize], &names[half as usize..]))
}

#[test]
fn every_audit_has_numbers_and_models_beside_themselves_are_no_different() {
    let forget: Vec<f64> = (0..10).map(|nth| f64::from(nth) / 4.0).collect();
    let models: Vec<Model> = (0..8).map(|nth| model(&forget, f64::from(nth % 4) / 50.0)).collect();
    let twice: Vec<&Model> = models.iter().chain(&models).collect();
    for entry in super::AUDITS {
        let alone = of_model(entry.audit, &models[0]).expect("measured");
        let numbers = beside(entry.audit, &twice).expect("measured");
        assert!(alone.len() + numbers.len() > 0, "{} says nothing", entry.name);
        for number in &numbers {
            // Half of the models are fitted and the other half, which equals it, attacked: the shares are exact.
            let want = match entry.audit {
                Audit::ULira if !number.measure.starts_with("TPR") => 0.5,
                Audit::Tow | Audit::TowMia => 1.0,
                Audit::Klom | Audit::AverageGap => 0.0,
                _ => continue,
            };
            assert!((number.value - want).abs() < 1e-9, "{}: {number:?}", entry.name);
        }
        let without = Model { sets: None, images: None, ..models[0].clone() };
        let needs = of_model(entry.audit, &without).is_err() || beside(entry.audit, &[&without; 16]).is_err();
        let asked = matches!(entry.needs, super::Needs::Examples | super::Needs::Weights);
        assert_eq!(needs, asked, "{} needs what it says", entry.name);
    }
    assert_eq!(of_model(Audit::Tow, &models[0]), Ok(Vec::new()));
}

/// By the mean accuracies a method that forgets too much in one half of its runs and nothing in the other is perfect.
#[test]
fn the_tug_of_war_is_one_of_single_runs() {
    let of = |forget: f64| {
        let mut own = model(&[0.5; 5], 0.0);
        own.accuracy.forget = UnitInterval::new(forget).expect("a fraction");
        own
    };
    let (low, middle, high) = (of(0.3), of(0.5), of(0.7));
    let models = [&low, &high, &low, &high, &middle, &middle, &middle, &middle];
    let number = &beside(Audit::Tow, &models).expect("accuracies")[0];
    close(number.value, 0.8, 1e-12, "two tenths off in every run");
    assert_eq!(number.each.len(), 4, "{number:?}");
    assert!(number.distance() < 0.0 && number.far == Far::Small);
}

#[test]
fn a_rate_needs_as_many_negatives_as_it_takes_for_one_false_alarm() {
    let forget: Vec<f64> = (0..10).map(|nth| f64::from(nth) / 4.0).collect();
    let own = model(&forget, 0.0);
    let names = |audit, models: &[&Model]| -> Vec<&str> {
        refused(audit, models, models).into_iter().map(|(name, _)| name).collect()
    };
    // 20 test examples; 8 models × 10 forget examples; 100 × 10.
    assert_eq!(names(Audit::Roc, &[&own]), ["TPR at 0.1 % FPR", "TPR at 1 % FPR"]);
    assert_eq!(names(Audit::ULira, &[&own; 8]).len(), 2);
    assert!(names(Audit::ULira, &[&own; 100]).is_empty());
    assert!(names(Audit::Klom, &[&own; 8]).is_empty());
    let numbers = of_model(Audit::Roc, &own).expect("measured");
    assert_eq!(numbers.len(), 1, "{numbers:?}");
    let reason = &refused(Audit::Roc, &[&own], &[])[1].1;
    assert_eq!(reason, "20 negatives give no rate at 1 % false positives; 100 would");
}
