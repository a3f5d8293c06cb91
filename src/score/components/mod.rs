//! How much of the spread of unlearned models is their originals' and how much is unlearning's: one-way analysis of variance with
//! random effects, y = µ + original + unlearning, both normal.

mod combination;
mod crossed;

pub use crossed::{Crossed, Crossing};

use super::interval::Interval;
use combination::Weighted;

/// A standard deviation and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviation {
    /// The standard deviation.
    pub value: f64,
    /// From where to where it may lie.
    pub interval: Interval,
}

/// Both standard deviations of one number of models.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Components {
    /// Between originals: of what a model owes to the one that it was unlearned from.
    pub between: Deviation,
    /// Of unlearning, within an original.
    pub within: Deviation,
}

impl Components {
    /// From the number that each model has, original by original. `None` of fewer than two originals, of one without models,
    /// where none has a second model, or where a number is not finite.
    ///
    /// Where the originals have unequally many models, sums of squares between them are unweighted (Thomas and Hultquist
    /// 1978), with the harmonic mean of the counts; the counts of a sweep differ by one at most.
    pub fn of(groups: &[Vec<f64>]) -> Option<Self> {
        let models: usize = groups.iter().map(Vec::len).sum();
        let is_sound = groups.len() > 1
            && groups.iter().all(|group| !group.is_empty() && group.iter().all(|value| value.is_finite()));
        if !is_sound || models == groups.len() {
            return None;
        }
        let means: Vec<f64> = groups.iter().map(|group| mean(group)).collect();
        let originals = groups.len() as f64;
        let harmonic = originals / groups.iter().map(|group| (group.len() as f64).recip()).sum::<f64>();
        let freedom = (originals - 1.0, models as f64 - originals);
        let squares: f64 = groups.iter().zip(&means).map(|(group, &mean)| squares(group, mean)).sum();
        let within = Weighted { weight: 1.0, square: squares / freedom.1, freedom: freedom.1 };
        let between = self::squares(&means, mean(&means)) / freedom.0;
        let between = Weighted { weight: 1.0, square: between, freedom: freedom.0 };
        let less = Weighted { weight: -harmonic.recip(), ..within };
        Some(Self {
            between: combination::deviation(&[between, less])?,
            within: combination::deviation(&[within])?,
        })
    }
}

/// Counted from one of them, so that equal values have no spread.
fn mean(values: &[f64]) -> f64 {
    let from = values[0];
    from + values.iter().map(|value| value - from).sum::<f64>() / values.len() as f64
}

fn squares(values: &[f64], mean: f64) -> f64 {
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

/// The standard deviation of some numbers; `None` of fewer than two.
pub fn deviation(values: &[f64]) -> Option<f64> {
    (values.len() > 1).then(|| (squares(values, mean(values)) / (values.len() - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{Components, Deviation, deviation};

    #[derive(Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        groups: Vec<Vec<f64>>,
        between: [f64; 3],
        within: [f64; 3],
    }

    #[test]
    fn components_and_intervals_are_those_of_the_reference() {
        let json = include_str!("../../../tests/fixtures/score/components.json");
        let golden: Golden = serde_json::from_str(json).expect("a fixture");
        for case in golden.cases {
            let found = Components::of(&case.groups).expect("enough models");
            for (found, expected) in [(found.between, case.between), (found.within, case.within)] {
                let Deviation { value, interval } = found;
                let pairs = [value, interval.low, interval.high].into_iter().zip(expected);
                for (found, expected) in pairs {
                    let far = (found - expected).abs() > 1e-6 * expected.abs().max(1e-6);
                    assert!(!far, "{found} is not {expected}, of {:?}", case.groups);
                }
            }
        }
    }

    #[test]
    fn models_that_draw_nothing_have_no_spread_within() {
        let found = Components::of(&[vec![0.1; 3], vec![0.3; 3], vec![0.2; 3]]).expect("nine models");
        assert!(found.within.value == 0.0 && found.within.interval.high == 0.0, "{found:?}");
        assert!((found.between.value - 0.1).abs() < 1e-12, "{found:?}");
        // Then the interval is that of a variance from three numbers: 2 · 0.01 over the quantiles of χ² with 2 degrees.
        assert!((found.between.interval.low - (0.02_f64 / 7.377_758_9).sqrt()).abs() < 1e-8, "{found:?}");
        assert!((found.between.interval.high - (0.02_f64 / 0.050_635_6).sqrt()).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn too_few_models_have_no_components() {
        for groups in [
            vec![],
            vec![vec![1.0, 2.0]],
            vec![vec![1.0], vec![2.0]],
            vec![vec![1.0, 2.0], vec![]],
            vec![vec![1.0, f64::NAN], vec![2.0]],
        ] {
            assert_eq!(Components::of(&groups), None, "{groups:?}");
        }
        assert!(Components::of(&[vec![1.0, 2.0], vec![2.0]]).is_some(), "three models of two originals");
        assert_eq!(deviation(&[1.0]), None);
    }
}
