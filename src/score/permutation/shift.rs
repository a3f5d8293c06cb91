//! How far unlearned models lie from retrained ones, what this N could have found, and what it still allows.

use statrs::{
    distribution::{ContinuousCDF, StudentsT},
    function::gamma::ln_gamma,
};

use crate::score::{
    ensemble::{Ensemble, Unlearned},
    interval::Interval,
    oracle::Oracle,
};

/// Level of the test that is inverted.
const ALPHA: f64 = 0.05;
/// Chance with which a difference is to be found.
const POWER: f64 = 0.8;
/// Halvings in the search for an end: to 10⁻⁹ of the first bracket.
const HALVINGS: usize = 30;
/// Doublings in the search for a bracket.
const DOUBLINGS: usize = 40;

/// The common shift of the unlearned models' confidences, in standard deviations of the retrained.
///
/// Each model is taken by one number, its mean over the examples of (confidence − mean of the retrained) / their standard
/// deviation σ: a shift of all confidences by δ σ moves it by δ. The inverse of a deviation that N models show is too large on
/// average; it is multiplied by √(2 / (N − 1)) Γ((N − 1) / 2) / Γ((N − 2) / 2), which makes it right for normal confidences.
/// The unit is taken as known: the interval doesn't hold what N models leave open about σ itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// Mean of the unlearned models' numbers less that of the retrained.
    pub value: f64,
    /// All shifts that the data allow: those that the permutation test of the difference of means doesn't reject at 5 % once
    /// they are taken back. `None` where there are too few models for it to reject anything.
    pub interval: Option<Interval>,
    /// The smallest shift that as many models find in 80 % of the experiments at 5 %:
    /// (t₀.₉₇₅ + t₀.₈) s √(2 / N), t with 2N − 2 degrees of freedom, s the standard deviation of the retrained models' numbers.
    pub found: f64,
}

impl Shift {
    /// Measures the shift, with [namings](super::namings) behind the interval; `None` where the retrained models agree on
    /// every example, so that there is no unit.
    pub(super) fn of(unlearned: &Ensemble<Unlearned>, oracle: &Oracle, namings: &[Vec<u32>]) -> Option<Self> {
        let (numbers, n) = (numbers(unlearned, oracle)?, oracle.models());
        let test = Test::new(&numbers, namings);
        let value = test.observed;
        let found = smallest_found(&numbers[n..]);
        // Where all models of both sides agree, any step is as good.
        let step = found.max(value.abs() * 1e-3).max(1e-9);
        let ends = [-step, step].map(|step| test.end(value, step));
        let interval = ends[0].zip(ends[1]).map(|(low, high)| Interval { low, high });
        Some(Self { value, interval, found })
    }

    /// The largest shift that the data allow, in either direction.
    pub fn allowed(&self) -> Option<f64> {
        self.interval.map(|ends| ends.low.abs().max(ends.high.abs()))
    }
}

/// The number of each model, unlearned first; \[2N\].
fn numbers(unlearned: &Ensemble<Unlearned>, oracle: &Oracle) -> Option<Vec<f64>> {
    let n = oracle.models();
    let (mut sums, mut used) = (vec![0.0; 2 * n], 0_u32);
    for example in 0..oracle.examples() {
        let theirs = oracle.confidences().of_example(example);
        let (mean, deviation) = moments(theirs);
        if deviation > 0.0 {
            used += 1;
            let all = unlearned.confidences().of_example(example).iter().chain(theirs);
            sums.iter_mut().zip(all).for_each(|(sum, value)| *sum += (value - mean) / deviation);
        }
    }
    let scale = inverse(n) / f64::from(used);
    (used > 0).then(|| sums.iter().map(|sum| sum * scale).collect())
}

/// What the inverse of the standard deviation of n ≥ 3 normal numbers is multiplied by, so that its expectation is right.
fn inverse(n: usize) -> f64 {
    let freedom = n as f64 - 1.0;
    (2.0 / freedom).sqrt() * (ln_gamma(freedom / 2.0) - ln_gamma((freedom - 1.0) / 2.0)).exp()
}

/// Mean and standard deviation of a sample; equal values have none to the last bit.
fn moments(values: &[f64]) -> (f64, f64) {
    let (count, from) = (values.len() as f64, values[0]);
    let mean = values.iter().map(|value| value - from).sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - from - mean).powi(2)).sum();
    (from + mean, (squares / (count - 1.0)).sqrt())
}

/// The smallest difference of means that as many models as these retrained ones find in 80 % of the experiments at 5 %:
/// (t₀.₉₇₅ + t₀.₈) s √(2 / N), t with 2N − 2 degrees of freedom, s the standard deviation of these numbers, of which there are
/// at least two.
pub fn smallest_found(retrained: &[f64]) -> f64 {
    let n = retrained.len() as f64;
    let student = StudentsT::new(0.0, 1.0, 2.0 * n - 2.0).expect("at least two models per side");
    let quantiles = student.inverse_cdf(1.0 - ALPHA / 2.0) + student.inverse_cdf(POWER);
    quantiles * moments(retrained).1 * (2.0 / n).sqrt()
}

/// The p-value of the difference of two means of equally many numbers, either way, among other [namings](super::namings).
pub fn difference_p(unlearned: &[f64], retrained: &[f64], namings: &[Vec<u32>]) -> f64 {
    let numbers = [unlearned, retrained].concat();
    let total: f64 = numbers.iter().sum();
    let rounding = 1e-12 * numbers.iter().map(|number| number.abs()).sum::<f64>();
    let least = (2.0 * unlearned.iter().sum::<f64>() - total).abs() - rounding;
    let difference = |chosen: &[u32]| {
        (2.0 * chosen.iter().map(|&model| numbers[model as usize]).sum::<f64>() - total).abs()
    };
    let extreme = namings.iter().filter(|chosen| difference(chosen) >= least).count();
    (1 + extreme) as f64 / (1 + namings.len()) as f64
}

/// The permutation test of a difference of means, for any shift that is taken back before.
struct Test {
    observed: f64,
    /// For each naming its difference, and how much of a shift is left in it: shares of truly unlearned models on the one
    /// side less that on the other.
    drawn: Vec<(f64, f64)>,
}

impl Test {
    fn new(numbers: &[f64], namings: &[Vec<u32>]) -> Self {
        let n = numbers.len() / 2;
        let total: f64 = numbers.iter().sum();
        let difference = |sum: f64| (2.0 * sum - total) / n as f64;
        let naming = |chosen: &Vec<u32>| {
            let sum = chosen.iter().map(|&model| numbers[model as usize]).sum();
            let unlearned = chosen.partition_point(|&model| (model as usize) < n);
            (difference(sum), (2.0 * unlearned as f64 - n as f64) / n as f64)
        };
        let observed = difference(numbers[..n].iter().sum());
        Self { observed, drawn: namings.iter().map(naming).collect() }
    }

    /// p with a shift taken back.
    fn p(&self, shift: f64) -> f64 {
        let least = (self.observed - shift).abs() * (1.0 - 1e-9);
        let extreme = self.drawn.iter().filter(|(drawn, left)| (drawn - shift * left).abs() >= least).count();
        (1 + extreme) as f64 / (1 + self.drawn.len()) as f64
    }

    /// The last shift from `center` on in steps of this sign that is not rejected.
    fn end(&self, center: f64, mut step: f64) -> Option<f64> {
        let mut inside = center;
        for _ in 0..DOUBLINGS {
            let outside = center + step;
            if self.p(outside) <= ALPHA {
                return Some(self.halved(inside, outside));
            }
            inside = outside;
            step *= 2.0;
        }
        None
    }

    fn halved(&self, mut inside: f64, mut outside: f64) -> f64 {
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(inside, outside);
            if self.p(middle) <= ALPHA {
                outside = middle;
            } else {
                inside = middle;
            }
        }
        outside
    }
}
