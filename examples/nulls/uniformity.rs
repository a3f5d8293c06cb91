//! How far p-values are from what they promise.

use std::fmt;

/// The level at which something is found.
pub(crate) const LEVEL: f64 = 0.05;

/// p-values of experiments in which there is nothing to find.
pub(crate) struct Uniformity {
    /// Share of them that is at most [`LEVEL`].
    found: f64,
    /// The largest distance of their distribution from the uniform one (Kolmogorov and Smirnov).
    distance: f64,
    /// The largest on the side that a test may not err on: more small ones than promised.
    above: f64,
}

impl Uniformity {
    pub(crate) fn of(mut p: Vec<f64>) -> Self {
        p.sort_by(f64::total_cmp);
        let count = p.len() as f64;
        let largest = |distance: fn(f64, f64, f64) -> f64| {
            let all = p.iter().enumerate().map(|(nth, p)| distance(nth as f64, *p, count));
            all.fold(0.0, f64::max)
        };
        let above = largest(|nth, p, count| (nth + 1.0) / count - p);
        let below = largest(|nth, p, count| p - nth / count);
        let found = p.iter().filter(|p| **p <= LEVEL).count() as f64 / count;
        Self { found, distance: above.max(below), above }
    }
}

impl fmt::Display for Uniformity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { found, distance, above } = self;
        write!(formatter, "{:.1} %, D {distance:.3}, too small {above:.3}", 100.0 * found)
    }
}
