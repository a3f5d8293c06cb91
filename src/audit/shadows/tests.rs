use serde::Deserialize;
use sweep_chance::Chance;

use super::{Likelihoods, MembershipAttack, Memorization, Rate, Shadow, attack, check};
use crate::audit::Unauditable;

#[derive(Deserialize)]
struct Golden {
    left_out: Vec<Vec<bool>>,
    confidences: Vec<Vec<f64>>,
    unseen: Vec<Vec<f64>>,
    memorization: Vec<[f64; 3]>,
    lira: Vec<Vec<f64>>,
    rmia: Vec<Vec<f64>>,
    newcombe: Vec<(u64, u64, u64, u64, f64, f64)>,
}

fn golden() -> (Golden, Vec<Shadow>) {
    let text = include_str!("../../../tests/fixtures/audit/shadows.json");
    let golden: Golden = serde_json::from_str(text).expect("the fixture");
    let rows = golden.left_out.iter().zip(&golden.confidences).zip(&golden.unseen);
    let networks =
        rows.map(|((left_out, confidences), unseen)| network(left_out, confidences, unseen)).collect();
    (golden, networks)
}

fn network(left_out: &[bool], confidences: &[f64], unseen: &[f64]) -> Shadow {
    Shadow {
        left_out: left_out.to_vec(),
        confidences: confidences.to_vec(),
        correct: confidences.iter().map(|confidence| *confidence > 0.0).collect(),
        unseen: unseen.to_vec(),
    }
}

/// 4 · `blocks` networks, each without a quarter of `images`, whose confidences are normal with standard deviation 1 around 0, and
/// `lead` more for images that were seen.
fn drawn(blocks: usize, images: usize, lead: f64, seed: u64) -> Vec<Shadow> {
    let mut chance = Chance::of_seed(seed);
    let mut networks = Vec::new();
    for _ in 0..blocks {
        let mut order: Vec<usize> = (0..images).collect();
        chance.shuffle(&mut order);
        for part in 0..4 {
            let mut left_out = vec![false; images];
            order.iter().skip(part).step_by(4).for_each(|&image| left_out[image] = true);
            let confidences: Vec<f64> =
                left_out.iter().map(|out| chance.normal() + if *out { 0.0 } else { lead }).collect();
            let unseen: Vec<f64> = (0..40).map(|_| chance.normal()).collect();
            networks.push(network(&left_out, &confidences, &unseen));
        }
    }
    networks
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[track_caller]
fn close(have: f64, want: f64, tolerance: f64, what: &str) {
    assert!((have - want).abs() <= tolerance, "{what}: {have} instead of {want}");
}

#[test]
fn memorization_and_its_interval_meet_an_independent_computation() {
    let (golden, networks) = golden();
    let found = Memorization::of(&networks);
    assert_eq!(found.len(), golden.memorization.len());
    for (own, [value, low, high]) in found.into_iter().zip(golden.memorization) {
        close(own.value(), value, 1e-12, "value");
        let ends = own.interval();
        close(ends.0, low, 1e-12, "low");
        close(ends.1, high, 1e-12, "high");
    }
    for (right, of, other, among, low, high) in golden.newcombe {
        let pair = Memorization { with: Rate { right, of }, without: Rate { right: other, of: among } };
        let ends = pair.interval();
        // Newcombe 1998, table II, is printed with four digits.
        close(ends.0, low, 6e-5, "published low");
        close(ends.1, high, 6e-5, "published high");
    }
}

#[test]
fn attacks_meet_an_independent_computation() {
    let (golden, networks) = golden();
    for (name, wanted) in [(MembershipAttack::Lira, golden.lira), (MembershipAttack::Rmia, golden.rmia)] {
        for (target, wanted) in wanted.iter().enumerate() {
            let have = name.values(&networks, target);
            assert_eq!(have.len(), wanted.len());
            for (image, (have, want)) in have.iter().zip(wanted).enumerate() {
                close(*have, *want, 1e-9, &format!("{} of image {image}, network {target}", name.word()));
            }
        }
    }
}

#[test]
fn the_ratio_of_known_normals_has_the_area_that_theory_gives() {
    // Two normals a standard deviation of 1 apart by 1.5: AUC = Φ(1.5 / √2) = 0.8556; the threshold attack is the best here.
    let networks = drawn(16, 800, 1.5, 11);
    for name in [MembershipAttack::Threshold, MembershipAttack::Lira] {
        let attacked = attack(name, &networks).expect("enough");
        close(mean(&attacked.auc()), 0.8556, 0.01, name.word());
        // Two of 200 others may be accused wrongly: the threshold is the third largest of 200 normals, and 0.239 is the mean of
        // Φ(1.5 − threshold).
        let caught = attacked.true_positives_at(0.01).expect("200 others");
        close(mean(&caught), 0.239, 0.03, name.word());
        assert_eq!(attacked.true_positives_at(0.001), None, "200 others give no rate of one in 1,000");
    }
}

#[test]
fn images_of_different_difficulty_need_a_threshold_each() {
    let mut chance = Chance::of_seed(3);
    let mut networks = drawn(12, 400, 1.5, 5);
    let harder: Vec<f64> = (0..400).map(|_| 4.0 * chance.normal()).collect();
    for network in &mut networks {
        network.confidences.iter_mut().zip(&harder).for_each(|(own, harder)| *own += harder);
    }
    let auc = |name| mean(&attack(name, &networks).expect("enough").auc());
    assert!(auc(MembershipAttack::Threshold) < 0.65, "{}", auc(MembershipAttack::Threshold));
    assert!(auc(MembershipAttack::Lira) > 0.8, "{}", auc(MembershipAttack::Lira));
}

#[test]
fn what_does_not_depend_on_membership_is_not_memorised_and_not_told() {
    let networks = drawn(16, 600, 0.0, 7);
    let found = Memorization::of(&networks);
    let values: Vec<f64> = found.iter().map(|own| own.value()).collect();
    // Each value has a standard deviation of √(¼/48 + ¼/16) = 0.144; their mean one of 0.006.
    close(mean(&values), 0.0, 0.024, "mean memorisation");
    let missed = found.iter().filter(|own| own.interval().0 > 0.0 || own.interval().1 < 0.0).count();
    assert!(missed < 60, "{missed} of 600 intervals leave 0 out, 30 are expected");
    for name in MembershipAttack::ALL {
        close(mean(&attack(name, &networks).expect("enough").auc()), 0.5, 0.02, name.word());
    }
}

#[test]
fn with_many_networks_each_image_has_a_spread_of_its_own() {
    let wide = |networks: usize| {
        let network = |nth: usize| {
            let (out, sign) = (nth.is_multiple_of(2), if nth % 4 < 2 { 1.0 } else { -1.0 });
            let middle = if out { 0.0 } else { 4.0 };
            network(&[out, out], &[middle + sign, middle + 10.0 * sign], &[])
        };
        Likelihoods::of(&(0..networks).map(network).collect::<Vec<_>>(), None)
    };
    // Spreads of 1 and 10: log ratio at the upper mean is (4/σ)²/2.
    let own = wide(64);
    close(own.log_ratio(0, 4.0), 8.0, 1e-9, "narrow");
    close(own.log_ratio(1, 4.0), 0.08, 1e-9, "wide");
    let shared = wide(60);
    close(shared.log_ratio(0, 4.0), shared.log_ratio(1, 4.0), 1e-9, "30 on a side share one");
}

#[test]
fn too_few_or_ragged_networks_are_refused() {
    assert!(matches!(check(&[]), Err(Unauditable::TooFew { have: 0, .. })));
    assert!(matches!(check(&drawn(2, 40, 0.0, 1)), Err(Unauditable::TooFew { have: 2, want: 3, .. })));
    let mut ragged = drawn(4, 40, 0.0, 1);
    ragged[3].confidences.pop();
    assert_eq!(check(&ragged), Err(Unauditable::Ragged { left: 40, right: 39 }));
}
