//! How much of a difference to retraining is the forget set's, the original's, of both together, and of unlearning's own draws.
//!
//! Two ways with interaction and random effects. A model's number less the mean of the retrained models of its forget set is
//! y = µ + forget set + original + both + unlearning − that mean's own error, all normal. Originals are the same for every forget set.

use super::{
    Deviation,
    combination::{Weighted, deviation},
    mean, squares,
};

/// The models of one forget set.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossing {
    /// The number that each unlearned model has, original by original.
    pub unlearned: Vec<Vec<f64>>,
    /// The number that each retrained model has.
    pub retrained: Vec<f64>,
}

/// The standard deviations of a number of models over several forget sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crossed {
    /// Between forget sets: how differently far from retraining a method ends.
    pub forget_set: Deviation,
    /// Between originals, the same for every forget set; where there are several. With one it is in none of the numbers.
    pub original: Option<Deviation>,
    /// Of what an original makes of a forget set alone; with one original it is in that between forget sets.
    pub both: Option<Deviation>,
    /// Of unlearning, within an original and a forget set.
    pub unlearning: Deviation,
    /// Of retrained models, within a forget set.
    pub oracle: Deviation,
}

impl Crossed {
    /// From the models of each forget set. `None` of fewer than two, where they have unequally many originals, where some cell
    /// has no model or none has a second one, of fewer than two retrained models, or where a number is not finite.
    ///
    /// Cells with unequally many models count alike (unweighted means), with the harmonic mean of the counts.
    pub fn of(sets: &[Crossing]) -> Option<Self> {
        let originals = sets.first()?.unlearned.len();
        let is_sound = |set: &Crossing| {
            let all = set.unlearned.iter().flatten().chain(&set.retrained);
            set.unlearned.len() == originals
                && set.unlearned.iter().all(|cell| !cell.is_empty())
                && set.retrained.len() > 1
                && all.into_iter().all(|value| value.is_finite())
        };
        if sets.len() < 2 || originals == 0 || !sets.iter().all(is_sound) {
            return None;
        }
        let cells: Vec<Vec<f64>> = sets
            .iter()
            .map(|set| set.unlearned.iter().map(|cell| mean(cell) - mean(&set.retrained)).collect())
            .collect();
        let unlearned = sets.iter().flat_map(|set| &set.unlearned);
        let unlearning = pooled(unlearned.map(Vec::as_slice))?;
        let oracle = pooled(sets.iter().map(|set| set.retrained.as_slice()))?;
        let models = harmonic(sets.iter().flat_map(|set| set.unlearned.iter().map(Vec::len)));
        let retrained = harmonic(sets.iter().map(|set| set.retrained.len()));
        let (levels, k) = (sets.len() as f64, originals as f64);
        let means: Vec<f64> = cells.iter().map(|cells| mean(cells)).collect();
        let between = Weighted {
            weight: 1.0,
            square: squares(&means, mean(&means)) / (levels - 1.0),
            freedom: levels - 1.0,
        };
        let less = |term: Weighted, count: f64| Weighted { weight: -count.recip(), ..term };
        let (forget_set, original, both) = if originals == 1 {
            (deviation(&[between, less(unlearning, models), less(oracle, retrained)])?, None, None)
        } else {
            let by_original: Vec<f64> =
                (0..originals).map(|at| mean(&cells.iter().map(|own| own[at]).collect::<Vec<_>>())).collect();
            let grand = mean(&by_original);
            let left = cells.iter().zip(&means).flat_map(|(cells, own)| {
                cells
                    .iter()
                    .zip(&by_original)
                    .map(move |(cell, original)| (cell - own - original + grand).powi(2))
            });
            let freedom = (levels - 1.0) * (k - 1.0);
            let interaction = Weighted { weight: 1.0, square: left.sum::<f64>() / freedom, freedom };
            let across =
                Weighted { weight: 1.0, square: squares(&by_original, grand) / (k - 1.0), freedom: k - 1.0 };
            (
                deviation(&[between, less(interaction, k), less(oracle, retrained)])?,
                Some(deviation(&[across, less(interaction, levels)])?),
                Some(deviation(&[interaction, less(unlearning, models)])?),
            )
        };
        Some(Self {
            forget_set,
            original,
            both,
            unlearning: deviation(&[unlearning])?,
            oracle: deviation(&[oracle])?,
        })
    }
}

/// The mean square within groups; `None` where no group has a second number.
fn pooled<'a>(groups: impl Iterator<Item = &'a [f64]>) -> Option<Weighted> {
    let (mut sum, mut freedom) = (0.0, 0.0);
    for group in groups {
        sum += squares(group, mean(group));
        freedom += (group.len() - 1) as f64;
    }
    (freedom > 0.0).then(|| Weighted { weight: 1.0, square: sum / freedom, freedom })
}

fn harmonic(counts: impl Iterator<Item = usize>) -> f64 {
    let shares: Vec<f64> = counts.map(|count| (count as f64).recip()).collect();
    mean(&shares).recip()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{Crossed, Crossing};
    use crate::score::Deviation;

    #[derive(Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        sets: Vec<Set>,
        forget_set: [f64; 3],
        original: Option<[f64; 3]>,
        both: Option<[f64; 3]>,
        unlearning: [f64; 3],
        oracle: [f64; 3],
    }

    #[derive(Deserialize)]
    struct Set {
        unlearned: Vec<Vec<f64>>,
        retrained: Vec<f64>,
    }

    fn crossings(sets: &[Set]) -> Vec<Crossing> {
        let one = |set: &Set| Crossing { unlearned: set.unlearned.clone(), retrained: set.retrained.clone() };
        sets.iter().map(one).collect()
    }

    fn golden() -> Vec<Case> {
        let json = include_str!("../../../tests/fixtures/score/crossed.json");
        serde_json::from_str::<Golden>(json).expect("a fixture").cases
    }

    #[test]
    fn parts_and_intervals_are_those_of_the_reference() {
        for case in golden() {
            let found = Crossed::of(&crossings(&case.sets)).expect("enough models");
            let parts = [
                (Some(found.forget_set), Some(case.forget_set)),
                (found.original, case.original),
                (found.both, case.both),
                (Some(found.unlearning), Some(case.unlearning)),
                (Some(found.oracle), Some(case.oracle)),
            ];
            for (found, expected) in parts {
                assert_eq!(found.is_some(), expected.is_some());
                let (Some(Deviation { value, interval }), Some(expected)) = (found, expected) else {
                    continue;
                };
                for (found, expected) in [value, interval.low, interval.high].into_iter().zip(expected) {
                    let far = (found - expected).abs() > 1e-6 * expected.abs().max(1e-6);
                    assert!(!far, "{found} is not {expected}");
                }
            }
        }
    }

    #[test]
    fn what_all_models_of_a_forget_set_share_is_no_distance_from_retraining() {
        let case = &golden()[0];
        let plain = Crossed::of(&crossings(&case.sets)).expect("enough models");
        let mut moved = crossings(&case.sets);
        let Crossing { unlearned, retrained } = &mut moved[1];
        unlearned.iter_mut().flatten().chain(retrained).for_each(|value| *value += 8.0);
        let found = Crossed::of(&moved).expect("enough models");
        assert!((found.forget_set.value - plain.forget_set.value).abs() < 1e-9, "{found:?} {plain:?}");
    }

    #[test]
    fn what_is_no_design_has_no_parts() {
        let case = &golden()[0];
        let sets = crossings(&case.sets);
        assert_eq!(Crossed::of(&sets[..1]), None, "one forget set");
        let spoilt = |spoil: fn(&mut Crossing)| {
            let mut sets = sets.clone();
            spoil(&mut sets[1]);
            Crossed::of(&sets)
        };
        assert_eq!(spoilt(|set| _ = set.unlearned.pop()), None, "an original less");
        assert_eq!(spoilt(|set| set.unlearned[0].clear()), None, "no model of an original");
        assert_eq!(spoilt(|set| set.retrained.truncate(1)), None, "one retrained model");
        assert_eq!(spoilt(|set| set.retrained[0] = f64::NAN), None, "not a number");
        assert!(spoilt(|set| set.unlearned[0].truncate(1)).is_some(), "unequal numbers of models");
    }
}
