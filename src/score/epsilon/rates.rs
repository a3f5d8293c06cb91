//! The ε of an attack with given error counts.

/// δ of the (ε, δ) that is estimated.
pub(in crate::score) const DELTA: f64 = 1e-5;

/// Logarithms of all error rates that N models per side can give, so that ε costs no logarithm.
#[derive(Debug)]
pub(super) struct Rates {
    /// `ln(k / N)` for k of 0..=N.
    log_rate: Vec<f64>,
    /// `ln(1 - δ - k / N)`; NaN from where that is negative.
    log_rest: Vec<f64>,
}

impl Rates {
    pub(super) fn new(models: usize) -> Self {
        let rate = |count: usize| count as f64 / models as f64;
        Self {
            log_rate: (0..=models).map(|count| rate(count).ln()).collect(),
            log_rest: (0..=models).map(|count| (1.0 - DELTA - rate(count)).ln()).collect(),
        }
    }

    /// ε of a threshold that makes these many false positives and false negatives, at least 0; infinite
    /// without any error, `None` where the threshold is discarded (exactly one kind of error, or both
    /// always).
    ///
    /// Symmetric in its arguments, and never larger where one of them grows from 1 on.
    pub(super) fn epsilon(&self, false_positives: usize, false_negatives: usize) -> Option<f64> {
        match (false_positives, false_negatives) {
            (0, 0) => Some(f64::INFINITY),
            (0, _) | (_, 0) => None,
            (positives, negatives) => {
                let epsilon = (self.log_rest[positives] - self.log_rate[negatives])
                    .max(self.log_rest[negatives] - self.log_rate[positives]);
                (!epsilon.is_nan()).then_some(epsilon.max(0.0))
            }
        }
    }
}
