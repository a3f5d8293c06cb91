//! The models of both sides as one group, whose names are yet to be given.

use crate::score::{
    bootstrap::Sorted,
    ensemble::{Confidences, Ensemble, Unlearned},
    incomparable::Incomparable,
    oracle::{Oracle, check_comparable},
};

/// 2n models, those that are truly called unlearned first.
pub(super) struct Pool {
    /// Models per side.
    pub(super) n: usize,
    pub(super) models: Ensemble<Unlearned>,
    /// Their confidences in order, which no naming changes.
    pub(super) sorted: Sorted,
}

impl Pool {
    pub(super) fn new(unlearned: &Ensemble<Unlearned>, oracle: &Oracle) -> Result<Self, Incomparable> {
        check_comparable(unlearned.confidences(), oracle.confidences())?;
        let models = unlearned.joined(oracle);
        Ok(Self { n: unlearned.models(), sorted: Sorted::new(models.confidences()), models })
    }

    /// Confidences of all models, each example divided by its standard deviation over all of them (which no naming
    /// changes); an example on which all agree says nothing and is left out. \[2n\]\[≤ S\]
    pub(super) fn rows(&self) -> Vec<Vec<f64>> {
        let examples = self.models.examples();
        let columns = (0..examples).filter_map(|example| {
            let column = self.confidences().of_example(example);
            let deviation = deviation(column);
            (deviation > 0.0).then(|| column.iter().map(|value| value / deviation).collect::<Vec<f64>>())
        });
        let mut rows = vec![Vec::with_capacity(examples); 2 * self.n];
        for column in columns {
            rows.iter_mut().zip(column).for_each(|(row, value)| row.push(value));
        }
        rows
    }

    pub(super) fn confidences(&self) -> &Confidences<Unlearned> {
        self.models.confidences()
    }

    /// The true names as a permutation.
    pub(super) fn truth(&self) -> Vec<u32> {
        (0..2 * self.n as u32).collect()
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
