//! The models of both sides as one group, whose names are yet to be given.

use std::iter::repeat_n;

use crate::score::{
    bootstrap::{Scorer, Sorted},
    crossfit::{attack::Attack, half::Entry},
    ensemble::{Confidences, Ensemble, Retrained, Unlearned},
    incomparable::Incomparable,
    oracle::{Oracle, check_comparable},
};

/// 2n models, those that are truly called unlearned first.
pub(super) struct Pool {
    /// Models per side.
    pub(super) n: usize,
    examples: usize,
    unlearned: Ensemble<Unlearned>,
    retrained: Oracle,
    sides: (Sorted, Sorted),
}

impl Pool {
    pub(super) fn new(unlearned: &Ensemble<Unlearned>, oracle: &Oracle) -> Result<Self, Incomparable> {
        check_comparable(unlearned.confidences(), oracle.confidences())?;
        let (all, same) =
            (unlearned.joined::<_, Unlearned>(oracle), unlearned.joined::<_, Retrained>(oracle));
        let sides = (Sorted::new(all.confidences()), Sorted::new(same.confidences()));
        let (n, examples) = (unlearned.models(), unlearned.examples());
        Ok(Self { n, examples, unlearned: all, retrained: same, sides })
    }

    /// Confidences of all models, each example divided by its standard deviation over all of them (which no naming
    /// changes); an example on which all agree says nothing and is left out. \[2n\]\[≤ S\]
    pub(super) fn rows(&self) -> Vec<Vec<f64>> {
        let columns = (0..self.examples).filter_map(|example| {
            let column = self.confidences().of_example(example);
            let deviation = deviation(column);
            (deviation > 0.0).then(|| column.iter().map(|value| value / deviation).collect::<Vec<f64>>())
        });
        let mut rows = vec![Vec::with_capacity(self.examples); 2 * self.n];
        for column in columns {
            rows.iter_mut().zip(column).for_each(|(row, value)| row.push(value));
        }
        rows
    }

    pub(super) fn confidences(&self) -> &Confidences<Unlearned> {
        self.unlearned.confidences()
    }

    /// Cross-fitted quality under a naming, which also says who is in which half: places 0, 2, 4 … of each side against
    /// 1, 3, 5 ….
    pub(super) fn quality(&self, naming: &[u32], entries: &[Vec<Entry>]) -> f64 {
        let halves = [0, 1].map(|parity| self.weights(naming, parity));
        let both = entries.iter().map(|example| {
            let fold = |train: usize| {
                Attack::strongest(example, &halves[train]).advantage(example, &halves[1 - train])
            };
            f64::midpoint(fold(0), fold(1))
        });
        1.0 - both.sum::<f64>() / entries.len() as f64
    }

    /// Confidences of each example in ascending order with their models.
    pub(super) fn entries(&self) -> Vec<Vec<Entry>> {
        let example = |sorted: &[(f64, u32)]| {
            sorted.iter().map(|&(confidence, model)| Entry { confidence, model: model as usize }).collect()
        };
        self.sides.0.examples().map(example).collect()
    }

    /// What each model adds to the rate of its side, where it is in this half.
    fn weights(&self, naming: &[u32], parity: usize) -> Vec<f64> {
        let mut weights = vec![0.0; 2 * self.n];
        let each = 1.0 / ((self.n + 1 - parity) / 2) as f64;
        let (unlearned, retrained) = naming.split_at(self.n);
        for (side, each) in [(unlearned, each), (retrained, -each)] {
            for &model in side.iter().skip(parity).step_by(2) {
                weights[model as usize] = each;
            }
        }
        weights
    }

    /// The competition's score under a naming; `None` where it has none.
    pub(super) fn score(&self, naming: &[u32]) -> Option<f64> {
        let mut times: (Vec<u32>, Vec<u32>) =
            (repeat_n(0, 2 * self.n).collect(), repeat_n(1, 2 * self.n).collect());
        for &model in &naming[..self.n] {
            (times.0[model as usize], times.1[model as usize]) = (1, 0);
        }
        let scored =
            Scorer::new(self.n, self.n).replicate((&self.unlearned, &self.retrained), &self.sides, &times)?;
        Some(scored.value())
    }
}

/// Standard deviation about the mean.
fn deviation(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    // Counted from one of them, so that equal values have no spread.
    let from = values.first().copied().unwrap_or_default();
    let mean = values.iter().map(|value| value - from).sum::<f64>() / count;
    (values.iter().map(|value| (value - from - mean).powi(2)).sum::<f64>() / count).sqrt()
}
