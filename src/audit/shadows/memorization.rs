//! Memorisation: how much likelier an image is classified correctly by networks that have seen it.

use super::Shadow;

/// The standard normal's quantile of 97.5 %.
const QUANTILE: f64 = 1.959_963_984_540_054;

/// How many of some networks are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate {
    /// Those that are right.
    pub right: u64,
    /// All of them.
    pub of: u64,
}

impl Rate {
    /// The share; ½ of none.
    pub fn share(self) -> f64 {
        if self.of == 0 { 0.5 } else { self.right as f64 / self.of as f64 }
    }

    fn count(&mut self, right: bool) {
        self.right += u64::from(right);
        self.of += 1;
    }

    /// Wilson's 95 % interval of the share; everything where nobody was asked.
    fn ends(self) -> (f64, f64) {
        let (count, share, square) = (self.of as f64, self.share(), QUANTILE * QUANTILE);
        if self.of == 0 {
            return (0.0, 1.0);
        }
        let middle = share + square / (2.0 * count);
        let half = QUANTILE * (share * (1.0 - share) / count + square / (4.0 * count * count)).sqrt();
        let scale = 1.0 + square / count;
        (((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0))
    }
}

/// What networks with and without an image make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memorization {
    /// Networks that were trained on it.
    pub with: Rate,
    /// Networks that have never seen it.
    pub without: Rate,
}

impl Memorization {
    /// Of every training image of shadow networks: P(right | seen) − P(right | never seen) (Feldman and Zhang 2020, eq. 1).
    pub fn of(networks: &[Shadow]) -> Vec<Self> {
        let images = networks.first().map_or(0, |network| network.left_out.len());
        let mut found = vec![Self::default(); images];
        for network in networks {
            for ((own, &left_out), &right) in found.iter_mut().zip(&network.left_out).zip(&network.correct) {
                if left_out { own.without.count(right) } else { own.with.count(right) }
            }
        }
        found
    }

    /// The difference of the two shares.
    pub fn value(self) -> f64 {
        self.with.share() - self.without.share()
    }

    /// Its 95 % interval, Newcombe's hybrid of two Wilson intervals (1998, method 10): it has a width where all networks agree,
    /// too.
    pub fn interval(self) -> (f64, f64) {
        let value = self.value();
        let ((low, high), (other_low, other_high)) = (self.with.ends(), self.without.ends());
        let (with, without) = (self.with.share(), self.without.share());
        (value - (with - low).hypot(other_high - without), value + (high - with).hypot(without - other_low))
    }
}
