//! What networks show that were each trained without some of the images: which images are memorised, and how well
//! membership can be told with the others at hand.

mod lira;
mod memorization;
mod rmia;
#[cfg(test)]
mod tests;

pub use lira::Likelihoods;
pub use memorization::{Memorization, Rate};

use super::{roc::Roc, unauditable::Unauditable};

/// One of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shadow {
    /// Which training images it has never seen; \[n\].
    pub left_out: Vec<bool>,
    /// Its logit-scaled confidence in the label of each training image; \[n\].
    pub confidences: Vec<f64>,
    /// Whether it classifies each of them correctly; \[n\].
    pub correct: Vec<bool>,
    /// Its logit-scaled confidence in the labels of images that no network has seen.
    pub unseen: Vec<f64>,
}

/// How membership is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MembershipAttack {
    /// One threshold on the confidence for all images.
    Threshold,
    /// The likelihood ratio of normals fitted to the networks that have and have not seen the image (Carlini et al. 2022).
    Lira,
    /// How many unseen images are by as much less likely than under the other networks (Zarifzadeh et al. 2024).
    Rmia,
}

impl MembershipAttack {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Threshold, Self::Lira, Self::Rmia];

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::Lira => "lira",
            Self::Rmia => "rmia",
        }
    }

    /// What it says of each training image and one of the networks, by the others; larger values speak for a member.
    fn values(self, networks: &[Shadow], target: usize) -> Vec<f64> {
        match self {
            Self::Threshold => networks[target].confidences.clone(),
            Self::Lira => {
                let fits = Likelihoods::of(networks, Some(target));
                let known = networks[target].confidences.iter().enumerate();
                known.map(|(image, &confidence)| fits.log_ratio(image, confidence)).collect()
            }
            Self::Rmia => rmia::values(networks, target),
        }
    }
}

/// How an attack does on the networks, each in its turn the target and the others its shadows.
#[derive(Debug, Clone, PartialEq)]
pub struct Attacked {
    /// The curve of each target.
    curves: Vec<Roc>,
    /// Images that the target has never seen, the fewest of all targets.
    pub others: usize,
}

impl Attacked {
    /// The area under the curve of each target.
    pub fn auc(&self) -> Vec<f64> {
        self.curves.iter().map(Roc::auc).collect()
    }

    /// The true-positive rate of each target at a false-positive rate; nothing where fewer than 1/rate others would give it.
    pub fn true_positives_at(&self, rate: f64) -> Option<Vec<f64>> {
        let of = |curve: &Roc| curve.true_positives_at(rate);
        (rate * self.others as f64 >= 1.0).then(|| self.curves.iter().map(of).collect())
    }

    /// Mean true-positive rate of the targets at rising false-positive rates, ten to a decade, as far down as there are others.
    pub fn curve(&self) -> Vec<(f64, f64)> {
        let rates = (0..=30).rev().map(|tenths| 10_f64.powf(-f64::from(tenths) / 10.0));
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
        rates.filter_map(|rate| Some((rate, mean(self.true_positives_at(rate)?)))).collect()
    }
}

/// Carries an attack out on every network.
pub fn attack(attack: MembershipAttack, networks: &[Shadow]) -> Result<Attacked, Unauditable> {
    check(networks)?;
    let mut curves = Vec::with_capacity(networks.len());
    let mut fewest = usize::MAX;
    for (target, network) in networks.iter().enumerate() {
        let (mut members, mut others) = (Vec::new(), Vec::new());
        for (value, left_out) in attack.values(networks, target).into_iter().zip(&network.left_out) {
            if *left_out { others.push(value) } else { members.push(value) }
        }
        fewest = fewest.min(others.len());
        curves.push(Roc::of(&members, &others)?);
    }
    Ok(Attacked { curves, others: fewest })
}

/// Fewest networks with and without an image: one may be the target, and a spread needs two.
const FEWEST: usize = 3;

/// Refuses networks of different images, and images that hardly any network has seen or left out.
pub fn check(networks: &[Shadow]) -> Result<(), Unauditable> {
    let Some(first) = networks.first() else {
        return Err(Unauditable::TooFew { what: "networks", have: 0, want: 2 * FEWEST });
    };
    let (images, unseen) = (first.left_out.len(), first.unseen.len());
    for network in networks {
        let Shadow { left_out, confidences, correct, unseen: more } = network;
        for right in [left_out.len(), confidences.len(), correct.len()] {
            if right != images {
                return Err(Unauditable::Ragged { left: images, right });
            }
        }
        if more.len() != unseen {
            return Err(Unauditable::Ragged { left: unseen, right: more.len() });
        }
    }
    let without = |image: usize| networks.iter().filter(|network| network.left_out[image]).count();
    let have =
        (0..images).map(|image| without(image).min(networks.len() - without(image))).min().unwrap_or(0);
    if have < FEWEST {
        return Err(Unauditable::TooFew { what: "networks with and without each image", have, want: FEWEST });
    }
    Ok(())
}
