//! Numbers with what is known of their error, and how they are written.

use std::fmt;

/// A number with its 95 % bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its interval, where one could be computed.
    pub interval: Option<Interval>,
}

/// Both ends of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A mean over the runs of a point with half its 95 % interval (Student's t).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Half the interval's width; a single run has none.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// Both ends of the interval; the number itself twice where there is none.
    pub fn ends(&self) -> (f64, f64) {
        self.interval.map_or((self.value, self.value), |interval| (interval.low, interval.high))
    }

    /// The number and its interval with the other sign.
    pub(super) fn negated(&self) -> Self {
        let turned = |ends: Interval| Interval { low: -ends.high, high: -ends.low };
        Self { value: -self.value, interval: self.interval.map(turned) }
    }

    pub(super) fn is_finite(&self) -> bool {
        let (low, high) = self.ends();
        self.value.is_finite() && low.is_finite() && high.is_finite()
    }
}

impl Mean {
    /// Both ends of the interval; the mean itself twice where there is none.
    pub fn ends(&self) -> (f64, f64) {
        let half = self.half_width.unwrap_or(0.0);
        (self.value - half, self.value + half)
    }

    /// The mean of fractions as percent: `96.4 ± 0.3`.
    pub fn percent(&self) -> String {
        let value = self.value * 100.0;
        self.half_width
            .map_or_else(|| format!("{value:.1}"), |half| format!("{value:.1} ± {:.1}", half * 100.0))
    }
}

/// What rounding alone may leave of a number that is 0.
const ROUNDING: f64 = 1e-12;

/// A score or forgetting quality as text: three decimals, four below 0.01, and never 0 where it isn't.
pub fn decimals(value: f64) -> String {
    let size = value.abs();
    if size < ROUNDING {
        "0".to_owned()
    } else if size >= 0.00995 {
        format!("{value:.3}")
    } else if size >= 0.00005 {
        format!("{value:.4}")
    } else {
        format!("{value:.0e}")
    }
}

impl fmt::Display for Estimate {
    /// `0.083 [0.071, 0.098]`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&decimals(self.value))?;
        match self.interval {
            Some(Interval { low, high }) => write!(formatter, " [{}, {}]", decimals(low), decimals(high)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Estimate, Interval, Mean, decimals};

    #[test]
    fn numbers_are_short_and_never_falsely_zero() {
        let texts = [
            (0.0, "0"),
            (0.1984, "0.198"),
            (0.00996, "0.010"),
            (0.0042, "0.0042"),
            (0.00003, "3e-5"),
            (-1e-16, "0"),
        ];
        for (value, text) in texts {
            assert_eq!(decimals(value), text);
        }
    }

    #[test]
    fn estimates_and_means_show_what_interval_they_have() {
        let interval = Some(Interval { low: 0.0711, high: 0.0984 });
        assert_eq!(Estimate { value: 0.083, interval }.to_string(), "0.083 [0.071, 0.098]");
        assert_eq!(Estimate { value: 0.083, interval: None }.to_string(), "0.083");
        assert_eq!(Mean { value: 0.964, half_width: Some(0.0031) }.percent(), "96.4 ± 0.3");
        assert_eq!(Mean { value: 0.964, half_width: None }.percent(), "96.4");
    }
}
