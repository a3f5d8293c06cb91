use proptest::{collection::vec, prelude::*};
use sweep_chance::Chance;

use super::{
    CrossFit,
    attack::{Attack, Place},
    half::{Entry, Half},
};
use crate::score::{
    Confidences, Incomparable, Retrained, Unlearned, clopper_pearson_lower, clopper_pearson_upper,
    tests::gaussian,
};

fn groups(
    unlearned: &[Vec<f64>],
    retrained: &[Vec<f64>],
) -> (Confidences<Unlearned>, Confidences<Retrained>) {
    (Confidences::new(unlearned).expect("finite"), Confidences::new(retrained).expect("finite"))
}

fn cross_fit(unlearned: &[Vec<f64>], retrained: &[Vec<f64>]) -> CrossFit {
    let (unlearned, retrained) = groups(unlearned, retrained);
    CrossFit::of(&unlearned, &retrained).expect("comparable")
}

fn entries(unlearned: &[f64], retrained: &[f64]) -> Vec<Entry> {
    let sides = unlearned.iter().chain(retrained).zip(0..);
    let mut entries: Vec<Entry> = sides.map(|(&confidence, model)| Entry { confidence, model }).collect();
    entries.sort_by(|one, other| one.confidence.total_cmp(&other.confidence));
    entries
}

fn weights(unlearned: usize, retrained: usize) -> Vec<f64> {
    let each = |count: usize, sign: f64| std::iter::repeat_n(sign / count as f64, count);
    each(unlearned, 1.0).chain(each(retrained, -1.0)).collect()
}

#[test]
fn an_attack_is_an_interval_around_one_side() {
    let strongest = |unlearned: &[f64], retrained: &[f64]| {
        let weights = weights(unlearned.len(), retrained.len());
        let entries = entries(unlearned, retrained);
        let attack = Attack::strongest(&entries, &weights);
        (attack, attack.advantage(&entries, &weights))
    };
    let (attack, advantage) = strongest(&[4.0, 5.0, 6.0], &[0.0, 1.0, 9.0, 10.0]);
    assert_eq!((attack.low, attack.high, attack.unlearned), (2.5, 7.5, Place::Inside));
    assert!((advantage - 1.0).abs() < 1e-12, "{advantage}");
    let (attack, advantage) = strongest(&[0.0, 1.0, 9.0, 10.0], &[4.0, 5.0, 6.0]);
    assert_eq!((attack.low, attack.high, attack.unlearned), (2.5, 7.5, Place::Outside));
    assert!((advantage - 1.0).abs() < 1e-12, "{advantage}");
    let (attack, _) = strongest(&[0.0, 1.0], &[3.0, 4.0]);
    assert_eq!((attack.low, attack.high), (f64::NEG_INFINITY, 2.0), "a threshold is open at one end");
}

#[test]
fn models_that_weigh_nothing_choose_nothing() {
    let entries = entries(&[0.0, 1.0, 5.0], &[3.0, 4.0]);
    let mut weights = weights(2, 2);
    weights.insert(2, 0.0);
    let attack = Attack::strongest(&entries, &weights);
    assert_eq!((attack.low, attack.high, attack.unlearned), (f64::NEG_INFINITY, 2.0, Place::Inside));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against every interval between two confidences, on whole numbers so that ties occur.
    #[test]
    fn no_interval_does_better(
        unlearned in vec((-6_i32..6).prop_map(f64::from), 1..9),
        retrained in vec((-6_i32..6).prop_map(f64::from), 1..9),
    ) {
        let (entries, weights) = (entries(&unlearned, &retrained), weights(unlearned.len(), retrained.len()));
        let found = Attack::strongest(&entries, &weights).advantage(&entries, &weights);
        for low in -7..7 {
            for high in low..7 {
                for place in [Place::Inside, Place::Outside] {
                    let other = Attack { low: f64::from(low) - 0.5, high: f64::from(high) + 0.5, unlearned: place };
                    let advantage = other.advantage(&entries, &weights);
                    prop_assert!(advantage <= found + 1e-9, "{other:?}: {advantage} beats {found}");
                }
            }
        }
    }

    /// Neither unit nor origin of confidences matters, up to what rounding does to half ways.
    #[test]
    fn scale_does_not_matter(seed in any::<u64>(), scale in prop::sample::select(vec![0.25, 8.0, 1024.0])) {
        let mut chance = Chance::of_seed(seed);
        let (unlearned, retrained) = (gaussian(8, 3, &mut chance), gaussian(8, 3, &mut chance));
        let scaled = |rows: &[Vec<f64>]| -> Vec<Vec<f64>> {
            rows.iter().map(|row| row.iter().map(|value| value * scale).collect()).collect()
        };
        let plain = cross_fit(&unlearned, &retrained);
        let scaled = cross_fit(&scaled(&unlearned), &scaled(&retrained));
        prop_assert_eq!((plain.quality, plain.interval), (scaled.quality, scaled.interval));
        prop_assert_eq!(plain.epsilons, scaled.epsilons);
    }
}

#[test]
fn halves_take_models_in_turn() {
    let rows: Vec<Vec<f64>> = (0..5).map(|model| vec![f64::from(model)]).collect();
    let (unlearned, retrained) = groups(&rows, &rows);
    let sides = [0, 1].map(|parity| Half::new(&unlearned, &retrained, parity).sides(0)[0].clone());
    assert_eq!(sides, [vec![0.0, 2.0, 4.0], vec![1.0, 3.0]]);
}

#[test]
fn what_is_told_apart_has_quality_zero_and_a_bound() {
    let rows =
        |offset: f64| -> Vec<Vec<f64>> { (0..64).map(|model| vec![offset + f64::from(model)]).collect() };
    let apart = cross_fit(&rows(0.0), &rows(1000.0));
    assert!(apart.quality.abs() < 1e-12 && apart.interval.high < 1e-9, "{apart:?}");
    // No error among 32 models: the largest rate with a quarter of 5 % left is 1 - 0.0125^(1/32).
    let largest = 1.0 - 0.0125_f64.powf(1.0 / 32.0);
    let want = ((1.0 - 1e-5 - largest) / largest).ln();
    assert!((apart.epsilons[0].low - want).abs() < 1e-9, "{apart:?}, not {want}");
    assert_eq!(apart.epsilons[0].high, None, "without an error there is no upper bound");
}

#[test]
fn identical_distributions_score_about_one_at_any_n() {
    for models in [8, 32, 128] {
        let mut chance = Chance::of_seed(7);
        let alike = cross_fit(&gaussian(models, 200, &mut chance), &gaussian(models, 200, &mut chance));
        // 200 independent examples: the standard deviation of Q is below 0.03.
        assert!((0.9..1.1).contains(&alike.quality), "N = {models}: Q = {}", alike.quality);
        assert!(alike.interval.low < 1.0 && 1.0 < alike.interval.high, "N = {models}: {:?}", alike.interval);
        assert!(alike.told_apart() < 0.05, "N = {models}: {}", alike.told_apart());
    }
}

#[test]
fn three_models_cannot_be_halved() {
    let rows: Vec<Vec<f64>> = (0..3).map(|model| vec![f64::from(model)]).collect();
    let (unlearned, retrained) = groups(&rows, &rows);
    assert_eq!(CrossFit::of(&unlearned, &retrained), Err(Incomparable::TooFewToHalve { have: 3 }));
}

#[test]
fn bounds_of_a_rate_are_each_others_mirror() {
    for (count, trials) in [(0, 1), (3, 10), (256, 256)] {
        let (low, high) =
            (clopper_pearson_lower(count, trials, 0.025), clopper_pearson_upper(count, trials, 0.025));
        let rate = count as f64 / trials as f64;
        assert!(
            (0.0..=rate).contains(&low) && (rate..=1.0).contains(&high),
            "{count}/{trials}: {low} to {high}"
        );
    }
}
