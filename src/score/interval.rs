//! How far to trust a number: 95 % intervals of scores and of mean accuracies.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Share of repetitions that an interval is meant to cover.
const LEVEL: f64 = 0.95;

/// From `low` to `high`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How an interval is made of replicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Construction {
    /// The middle 95 % of the replicates.
    Percentile,
    /// The middle 95 %, moved so that their median falls on the number.
    Recentred,
    /// Student's t with the replicates' standard deviation, after they were scaled up to where their median is the number.
    /// What tables and figures show.
    Rescaled,
    /// Bias-corrected and accelerated (Efron, 1987, doi:10.1080/01621459.1987.10478410).
    Bca,
}

/// The middle 95 % of some ascending replicates (at least one).
pub(super) fn percentile(replicates: &[f64]) -> Interval {
    let tail = (1.0 - LEVEL) / 2.0;
    Interval { low: quantile(replicates, tail), high: quantile(replicates, 1.0 - tail) }
}

/// The bias-corrected and accelerated interval around `center`, from ascending replicates and the values that the
/// jackknife gives.
///
/// `None` where all replicates lie on one side of the number, or the jackknife doesn't vary: then there is nothing to
/// correct by.
pub(super) fn bca(center: f64, replicates: &[f64], jackknife: &[f64]) -> Option<Interval> {
    let normal = Normal::standard();
    let bias = normal.inverse_cdf(share_below(center, replicates));
    let acceleration = acceleration(jackknife)?;
    if !bias.is_finite() {
        return None;
    }
    let end = |tail: f64| {
        let moved = bias + normal.inverse_cdf(tail);
        quantile(replicates, normal.cdf(bias + moved / (1.0 - acceleration * moved)))
    };
    let tail = (1.0 - LEVEL) / 2.0;
    Some(Interval { low: end(tail), high: end(1.0 - tail) })
}

/// Share of the replicates below the number; equals count half.
fn share_below(center: f64, ascending: &[f64]) -> f64 {
    let below = ascending.partition_point(|value| *value < center);
    let up_to = ascending.partition_point(|value| *value <= center);
    (below + up_to) as f64 / (2 * ascending.len()) as f64
}

/// A sixth of the skewness of a statistic, from its values with one block left out each (Efron, 1987, eq. 6.6).
fn acceleration(jackknife: &[f64]) -> Option<f64> {
    let mean = jackknife.iter().sum::<f64>() / jackknife.len() as f64;
    let power = |exponent: i32| jackknife.iter().map(|value| (mean - value).powi(exponent)).sum::<f64>();
    let acceleration = power(3) / (6.0 * power(2).powf(1.5));
    acceleration.is_finite().then_some(acceleration)
}

/// The middle 95 % of some ascending replicates (at least one), moved so that their median falls on `center`.
pub(super) fn recentred(center: f64, replicates: &[f64]) -> Interval {
    let Interval { low, high } = percentile(replicates);
    let shift = center - quantile(replicates, 0.5);
    Interval { low: (low + shift).min(center), high: (high + shift).max(center) }
}

/// By what replicates (ascending, at least one) must be multiplied so that their median is no smaller than the number:
/// where it is smaller, they are biased towards 0, and vary too little in the same proportion.
pub(super) fn scale(center: f64, replicates: &[f64]) -> f64 {
    let scale = center / quantile(replicates, 0.5);
    if scale.is_finite() { scale.max(1.0) } else { 1.0 }
}

/// A number with Student's t around it.
pub(super) struct Student {
    center: f64,
    deviation: f64,
    distribution: StudentsT,
}

impl Student {
    /// Around a number of which there are replicates (at least one), made of `models` models per side. A bootstrap of N models
    /// has a variance smaller by (N - 1) / N.
    pub(super) fn around(center: f64, replicates: &[f64], models: usize) -> Self {
        let (count, models) = (replicates.len() as f64, models as f64);
        let mean = replicates.iter().sum::<f64>() / count;
        let squares: f64 = replicates.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (squares / (count - 1.0).max(1.0) * models / (models - 1.0)).sqrt();
        let distribution = StudentsT::new(0.0, 1.0, 2.0 * (models - 1.0));
        Self { center, deviation, distribution: distribution.expect("a score has three models per side") }
    }

    /// The 95 % interval.
    pub(super) fn interval(&self) -> Interval {
        let half = self.distribution.inverse_cdf(f64::midpoint(1.0, LEVEL)) * self.deviation;
        Interval { low: self.center - half, high: self.center + half }
    }

    /// The two-sided p-value of 0: below 0.05 where the interval leaves 0 out.
    pub(super) fn p(&self) -> f64 {
        if self.center == 0.0 {
            1.0
        } else {
            2.0 * self.distribution.sf((self.center / self.deviation).abs())
        }
    }
}

/// The quantile of ascending values (at least one), interpolated linearly as `NumPy` does.
fn quantile(ascending: &[f64], share: f64) -> f64 {
    let position = share * (ascending.len() - 1) as f64;
    let (below, above) = (ascending[position.floor() as usize], ascending[position.ceil() as usize]);
    below + position.fract() * (above - below)
}

/// The mean of some accuracies and the half width of its 95 % t-interval; `None` of fewer than two.
pub fn mean_interval(values: &[f64]) -> Option<(f64, f64)> {
    let count = values.len() as f64;
    // Counted from one of them, so that equal values have no spread.
    let from = *values.first()?;
    let mean = from + values.iter().map(|value| value - from).sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((mean, half_width((squares / (count - 1.0)).sqrt(), values.len() as u64)?))
}

/// Half the 95 % t-interval of the mean of `n` values with this standard deviation; `None` of fewer than two.
pub fn half_width(deviation: f64, n: u64) -> Option<f64> {
    let student = StudentsT::new(0.0, 1.0, n.checked_sub(1)? as f64).ok()?;
    let half = student.inverse_cdf(f64::midpoint(1.0, LEVEL)) * deviation / (n as f64).sqrt();
    Some(half).filter(|half| half.is_finite())
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "golden numbers are met to the last bit")]
mod tests {
    use super::{Interval, mean_interval, quantile, recentred};

    #[test]
    fn quantiles_are_interpolated() {
        let values = [1.0, 2.0, 4.0, 8.0];
        for (share, want) in [(0.0, 1.0), (0.5, 3.0), (0.75, 5.0), (1.0, 8.0)] {
            assert_eq!(quantile(&values, share), want, "at {share}");
        }
        assert_eq!(quantile(&[3.0], 0.975), 3.0);
    }

    #[test]
    fn intervals_keep_their_width_and_lie_around_the_score() {
        let replicates: Vec<f64> = (0..=40).map(f64::from).collect();
        assert_eq!(recentred(120.0, &replicates), Interval { low: 101.0, high: 139.0 });
        assert_eq!(recentred(0.3, &[0.1; 5]), Interval { low: 0.3, high: 0.3 });
    }

    /// Critical values from the usual table of Student's t: 12.706 with 1, 4.303 with 2, 2.262 with 9 degrees
    /// of freedom.
    #[test]
    fn means_have_student_intervals() {
        let (mean, half_width) = mean_interval(&[1.0, 3.0]).expect("two values");
        assert_eq!(mean, 2.0);
        assert!((half_width - 12.706).abs() < 1e-3, "{half_width}");
        let (_, half_width) = mean_interval(&[1.0, 2.0, 3.0]).expect("three values");
        assert!((half_width - 4.303 / 3.0_f64.sqrt()).abs() < 1e-3, "{half_width}");
        let ten: Vec<f64> = (0..10).map(f64::from).collect();
        let (_, half_width) = mean_interval(&ten).expect("ten values");
        assert!((half_width - 2.262 * (55.0_f64 / 6.0 / 10.0).sqrt()).abs() < 1e-3, "{half_width}");
        assert_eq!(mean_interval(&[0.5, 0.5]), Some((0.5, 0.0)));
        assert_eq!(mean_interval(&[0.1; 3]), Some((0.1, 0.0)), "their sum is not three tenths");
        assert_eq!((mean_interval(&[0.5]), mean_interval(&[])), (None, None));
    }
}
