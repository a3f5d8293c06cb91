//! Exact confidence bounds of a rate (Clopper and Pearson, 1934, doi:10.1093/biomet/26.4.404).

use statrs::distribution::{Beta, ContinuousCDF};

/// The largest rate that is still compatible with `count` of `trials`: the true rate lies above with a probability of
/// at most `alpha`, whatever it is.
///
/// `count` must not exceed `trials`, of which there is at least one; `alpha` lies in (0, 1).
pub fn upper(count: usize, trials: usize, alpha: f64) -> f64 {
    let beta = |successes: usize, failures: usize| {
        Beta::new(successes as f64, failures as f64).expect("both shapes are at least 1")
    };
    if count == trials { 1.0 } else { beta(count + 1, trials - count).inverse_cdf(1.0 - alpha) }
}

/// The smallest such rate: the true rate lies below with a probability of at most `alpha`.
pub fn lower(count: usize, trials: usize, alpha: f64) -> f64 {
    1.0 - upper(trials - count, trials, alpha)
}
