//! The robust membership inference attack, online: how many unseen images fall behind (Zarifzadeh et al. 2024, eq. 2 to 4).

use super::Shadow;

/// By how much an image's ratio must exceed that of an unseen one, γ.
const LEAD: f64 = 2.0;

/// Of every training image: the share of the unseen images whose likelihood ratio it exceeds by γ, the ratio being the
/// probability of the label under the target over its mean under the other networks, of which those that have and have not
/// seen the image count half each.
pub(super) fn values(networks: &[Shadow], target: usize) -> Vec<f64> {
    let others = || {
        networks
            .iter()
            .enumerate()
            .filter(move |(position, _)| *position != target)
            .map(|(_, network)| network)
    };
    let own = &networks[target];
    let ratio = |own: f64, others: f64| probability(own) / others.max(f64::MIN_POSITIVE);
    let mut unseen: Vec<f64> = own
        .unseen
        .iter()
        .enumerate()
        .map(|(image, &confidence)| ratio(confidence, mean(others().map(|network| network.unseen[image]))))
        .collect();
    unseen.sort_unstable_by(f64::total_cmp);
    let of_side = |image: usize, left_out: bool| {
        let side = others().filter(move |network| network.left_out[image] == left_out);
        mean(side.map(|network| network.confidences[image]))
    };
    let values = own.confidences.iter().enumerate().map(|(image, &confidence)| {
        let ratio = ratio(confidence, f64::midpoint(of_side(image, false), of_side(image, true)));
        let behind = unseen.partition_point(|other| other * LEAD <= ratio);
        behind as f64 / unseen.len().max(1) as f64
    });
    values.collect()
}

/// Mean probability of the label; nothing is impossible where nobody was asked.
fn mean(confidences: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) =
        confidences.fold((0.0, 0.0), |(sum, count), value| (sum + probability(value), count + 1.0));
    if count == 0.0 { 1.0 } else { sum / count }
}

/// The probability of the label whose logit-scaled confidence this is.
fn probability(confidence: f64) -> f64 {
    1.0 / (1.0 + (-confidence).exp())
}
