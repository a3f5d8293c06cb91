use std::ops::Range;

use proptest::{collection::vec, prelude::*};

use super::{Attacks, CAP, Epsilon, Example, Named, Rule, grid::Thresholds, median, rates::Rates};

/// `numpy.linspace`.
fn linspace(start: f64, stop: f64, count: usize) -> Vec<f64> {
    let spacing = (stop - start) / (count - 1) as f64;
    let mut points: Vec<f64> = (0..count).map(|index| index as f64 * spacing + start).collect();
    points[count - 1] = stop;
    points
}

/// The published procedure without a thought: every threshold against every model. `None` where all are
/// discarded.
fn by_definition(unlearned: &[f64], retrained: &[f64]) -> Option<f64> {
    let count = |side: &[f64], holds: &dyn Fn(f64) -> bool| side.iter().filter(|&&c| holds(c)).count();
    let (positive, negative) =
        if median(retrained) > median(unlearned) { (retrained, unlearned) } else { (unlearned, retrained) };
    if span(positive).min(span(negative)) / span(positive).max(span(negative)) < 0.01 {
        return Some(CAP);
    }
    let (peakier, other) =
        if span(positive) < span(negative) { (positive, negative) } else { (negative, positive) };
    let models = peakier.len();
    let rates = Rates::new(models);
    let mut kept = Vec::new();

    let (smallest, largest, width) = (peakier[0], peakier[models - 1], span(peakier));
    let (low, high) = ((smallest + width) - 2.0, largest + 2.0);
    for right in linspace(low, high, ((high - low) * 100.0).ceil() as usize) {
        for left in linspace(right - width - 2.0, right - width + 2.0, 400) {
            let inside = |c: f64| left <= c && c <= right;
            kept.extend(rates.epsilon(count(other, &inside), models - count(peakier, &inside)));
        }
    }
    let (smallest, largest) = (positive[0].min(negative[0]), positive[models - 1].max(negative[models - 1]));
    for threshold in Thresholds::over(smallest, largest).iter() {
        let above = |c: f64| c >= threshold;
        kept.extend(rates.epsilon(count(negative, &above), models - count(positive, &above)));
    }
    kept.into_iter().reduce(f64::max).map(|epsilon| epsilon.min(CAP))
}

fn strongest(unlearned: &[f64], retrained: &[f64]) -> Option<Epsilon> {
    let mut named = Named::default();
    let mut example = Example::new(named.read((unlearned, retrained)));
    Attacks::new(unlearned.len()).strongest(&mut example, (&named.unlearned, &named.retrained))
}

fn fast(unlearned: &[f64], retrained: &[f64]) -> Option<f64> {
    strongest(unlearned, retrained).map(Epsilon::value)
}

fn sorted(confidences: &[f64]) -> Vec<f64> {
    let mut confidences = confidences.to_vec();
    confidences.sort_unstable_by(f64::total_cmp);
    confidences
}

/// Largest minus smallest.
fn span(ascending: &[f64]) -> f64 {
    ascending[ascending.len() - 1] - ascending[0]
}

/// Two sides of equal size whose confidences come from `confidence`.
fn sides(confidence: impl Strategy<Value = f64> + Clone) -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    sides_of(2..12, confidence)
}

fn sides_of(
    models: Range<usize>,
    confidence: impl Strategy<Value = f64> + Clone,
) -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    models.prop_flat_map(move |models| {
        let side = || vec(confidence.clone(), models).prop_map(|side| sorted(&side));
        (side(), side())
    })
}

/// The `place`-th confidence of both sides.
fn example_value(unlearned: &[f64], retrained: &[f64], place: usize) -> f64 {
    sorted(&[unlearned, retrained].concat())[place]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn counting_agrees_with_the_definition((unlearned, retrained) in sides(-4.0..4.0)) {
        prop_assert_eq!(fast(&unlearned, &retrained), by_definition(&unlearned, &retrained));
    }

    /// Confidences on the very lattices on which thresholds lie, far from zero, where rounding decides.
    #[test]
    fn counting_agrees_on_thresholds(
        step in prop::sample::select(vec![4.0 / 399.0, 0.01, 0.25, 1e-3]),
        offset in prop::sample::select(vec![0.0, 103.616, -77.3, 1e4]),
        (unlearned, retrained) in sides((-300_i32..300).prop_map(f64::from)),
    ) {
        let place = |side: &[f64]| side.iter().map(|index| index * step + offset).collect::<Vec<_>>();
        let (unlearned, retrained) = (place(&unlearned), place(&retrained));
        prop_assert_eq!(fast(&unlearned, &retrained), by_definition(&unlearned, &retrained));
    }

    /// Few distinct confidences, so that ties, constant sides and saturated models occur.
    #[test]
    fn counting_agrees_on_ties(
        (unlearned, retrained) in sides(prop::sample::select(vec![-103.616, 0.0, 0.5, 1.0, 2.5, 103.616])),
    ) {
        prop_assert_eq!(fast(&unlearned, &retrained), by_definition(&unlearned, &retrained));
    }

    /// All confidences closer together than thresholds are.
    #[test]
    fn counting_agrees_below_the_grid((unlearned, retrained) in sides(5.0..5.02)) {
        prop_assert_eq!(fast(&unlearned, &retrained), by_definition(&unlearned, &retrained));
    }

    /// Several confidences between neighbouring thresholds.
    #[test]
    fn counting_agrees_in_a_crowd((unlearned, retrained) in sides_of(60..90, -0.4..0.4)) {
        prop_assert_eq!(fast(&unlearned, &retrained), by_definition(&unlearned, &retrained));
    }

    /// Models that are taken several times, or not at all, from the same example again and again, as replicates do.
    #[test]
    fn counting_agrees_on_replicates(
        (unlearned, retrained) in sides(-4.0..4.0),
        taken in vec((vec(0_usize..100, 2..12), vec(0_usize..100, 2..12)), 1..6),
    ) {
        let models = unlearned.len();
        let mut named = Named::default();
        let mut example = Example::new(named.read((&unlearned, &retrained)));
        for (one, other) in taken {
            let drawn = one.len().min(other.len());
            let take = |from: &[f64], which: &[usize]| {
                sorted(&which[..drawn].iter().map(|place| from[place % models]).collect::<Vec<_>>())
            };
            let sides = (take(&unlearned, &one), take(&retrained, &other));
            let among = |side: &[f64]| -> Vec<u32> {
                let within = |k: usize| {
                    let last = k.checked_sub(1).map(|last| example_value(&unlearned, &retrained, last));
                    side.iter().filter(|&&own| last.is_some_and(|last| own <= last)).count() as u32
                };
                (0..=2 * models).map(within).collect()
            };
            let counts = (among(&sides.0), among(&sides.1));
            let found = Attacks::new(drawn).strongest(&mut example, (&counts.0, &counts.1)).map(Epsilon::value);
            prop_assert_eq!(found, by_definition(&sides.0, &sides.1));
        }
    }

    #[test]
    fn epsilon_never_grows_with_errors(models in 3_usize..600, seed in any::<u64>()) {
        let rates = Rates::new(models);
        let (one, other) = (1 + seed as usize % models, 1 + (seed >> 32) as usize % models);
        let here = rates.epsilon(one, other);
        prop_assert_eq!(here, rates.epsilon(other, one), "the two kinds of error are alike");
        if one < models {
            prop_assert!(rates.epsilon(one + 1, other) <= here, "{models} models, errors {one} and {other}");
        }
    }
}

#[test]
fn discarded_thresholds_have_no_epsilon() {
    let rates = Rates::new(8);
    assert_eq!(rates.epsilon(0, 0), Some(f64::INFINITY), "no error at all");
    assert_eq!((rates.epsilon(0, 3), rates.epsilon(3, 0)), (None, None), "one kind of error only");
    assert_eq!(rates.epsilon(8, 8), None, "always wrong");
    assert_eq!(rates.epsilon(8, 3), Some(0.0), "no better than chance");
    let largest = Rates::new(512).epsilon(1, 1).expect("both kinds of error");
    assert!((largest - (512.0_f64 * (1.0 - 1e-5) - 1.0).ln()).abs() < 1e-12, "{largest}");
}

#[test]
fn the_single_grid_ends_on_both_ends() {
    let count = |smallest, largest| Thresholds::over(smallest, largest).iter().count();
    assert_eq!((count(1.0, 1.0), count(1.0, 1.005), count(0.0, 3.5)), (0, 1, 350));
    let points: Vec<f64> = Thresholds::over(0.0, 3.5).iter().collect();
    assert_eq!((points[0], points[349]), (0.0, 3.5));
    assert_eq!(
        Thresholds::over(1.0, 1.005).iter().collect::<Vec<_>>(),
        [1.0],
        "a lone threshold is the smallest"
    );
}

#[test]
fn every_rule_is_named() {
    let strongest = |unlearned: &[f64], retrained: &[f64]| strongest(unlearned, retrained).map(Epsilon::rule);
    assert_eq!(strongest(&[5.0, 5.0001, 5.0002], &[1.0, 5.0, 9.0]), Some(Rule::PeakyCap));
    assert_eq!(strongest(&[0.0, 0.5, 1.0], &[3.0, 3.5, 4.0]), Some(Rule::Separable));
    assert_eq!(strongest(&[0.0, 1.0, 2.0, 3.0], &[0.5, 1.5, 2.5, 3.5]), Some(Rule::Double));
    // Intervals as wide as the peakier side can't leave out its strays at 30 and 40 and the other side at
    // once.
    let low = [0.0, 1.0, 2.0, 3.0, 30.0, 40.0];
    let high = [3.5, 10.0, 11.0, 12.0, 70.0, 71.0];
    assert_eq!(strongest(&low, &high), Some(Rule::Single));
}
