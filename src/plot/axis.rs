//! A linear axis: from numbers to pixels, and where its ticks stand.

/// Numbers from `low` to `high` laid out from pixel `start` to pixel `end`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Axis {
    /// An axis that shows all of `low..=high`; an empty range is widened.
    pub(super) fn new((low, high): (f64, f64), (start, end): (f64, f64)) -> Self {
        let high = if high - low > 1e-9 { high } else { low + 1e-9_f64.max(low.abs() * 0.1).max(0.01) };
        Self { low, high, start, end }
    }

    /// The pixel of a number.
    pub(super) fn at(&self, value: f64) -> f64 {
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// The pixel where it ends.
    pub(super) fn end(&self) -> f64 {
        self.end
    }

    /// Pixels from start to end.
    pub(super) fn length(&self) -> f64 {
        (self.end - self.start).abs()
    }

    /// Round numbers on the axis, at most about `count` of them, as (number, text), with as many decimals as they need.
    pub(super) fn ticks(&self, count: usize) -> Vec<(f64, String)> {
        let rough = (self.high - self.low) / count.max(1) as f64;
        let magnitude = 10_f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].map(|factor| factor * magnitude).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(10.0 * magnitude);
        let decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
        let (first, last) =
            ((self.low / step - 1e-9).ceil() as i64, (self.high / step + 1e-9).floor() as i64);
        (first..=last.min(first.saturating_add(50)))
            .map(|nth| {
                let value = nth as f64 * step;
                (value, format!("{value:.decimals$}"))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Axis;

    fn texts(low: f64, high: f64, count: usize) -> Vec<String> {
        Axis::new((low, high), (0.0, 1.0)).ticks(count).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_and_no_longer_than_they_need() {
        assert_eq!(texts(0.0, 0.21, 5), ["0.00", "0.05", "0.10", "0.15", "0.20"]);
        assert_eq!(texts(78.2, 93.9, 4), ["80", "85", "90"]);
        assert_eq!(texts(0.0, 0.0042, 5), ["0.000", "0.001", "0.002", "0.003", "0.004"]);
        assert_eq!(texts(-10.0, 10.0, 4), ["-10", "-5", "0", "5", "10"]);
    }

    #[test]
    fn an_empty_range_still_has_an_axis() {
        for value in [0.0, 1.0, 1e-12, 97.3] {
            let axis = Axis::new((value, value), (0.0, 100.0));
            assert!(axis.at(value).is_finite());
            assert!(axis.ticks(5).len() < 20);
        }
    }
}
