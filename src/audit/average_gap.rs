/// The four columns of the usual table, as fractions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AverageGap {
    /// Unlearning accuracy, 1 − accuracy on the forget set (UA).
    pub unlearning: f64,
    /// Accuracy on the retain set (RA).
    pub retain: f64,
    /// Accuracy on the test set (TA).
    pub test: f64,
    /// Share of the forget set that the attack on confidence calls unseen (MIA).
    pub mia: f64,
}

impl AverageGap {
    /// The columns by name, in the order of the table.
    pub fn columns(&self) -> [(&'static str, f64); 4] {
        [("UA", self.unlearning), ("RA", self.retain), ("TA", self.test), ("MIA", self.mia)]
    }
}

/// Mean of |u − o| over the four columns; 0 is retraining.
pub fn average_gap(unlearned: &AverageGap, oracle: &AverageGap) -> f64 {
    let pairs = unlearned.columns().into_iter().zip(oracle.columns());
    pairs.map(|((_, left), (_, right))| (left - right).abs()).sum::<f64>() / 4.0
}
