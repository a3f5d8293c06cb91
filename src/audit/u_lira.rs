use std::f64::consts::TAU;

use super::{klom::aligned, roc::Roc, unauditable::Unauditable};

/// Fewest models on each side: two to fit a spread, two to attack.
const FEWEST: usize = 4;
/// Least standard deviation of a fit: models that agree to the last digit would give infinite densities.
const NARROWEST: f64 = 1e-6;

/// A normal distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normal {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
}

impl Normal {
    /// The most likely one for some values (variance divided by their number), at least 10⁻⁶ wide.
    pub fn fit(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        Self { mean, deviation: variance.sqrt().max(NARROWEST) }
    }

    /// Logarithm of the density.
    pub fn log_density(&self, value: f64) -> f64 {
        let distance = (value - self.mean) / self.deviation;
        -0.5 * (distance * distance + TAU.ln()) - self.deviation.ln()
    }
}

/// How well the attack tells unlearned from retrained models by one forget example.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ULira {
    /// Share of models attributed to the right side, mean over the examples; 0.5 is guessing.
    pub accuracy: f64,
    /// The 95th percentile of that share over the examples: how bad it is for the worst off.
    pub accuracy_95: f64,
    /// Area under the curve over all models and examples.
    pub auc: f64,
    /// True-positive rate at 0.1 % false positives.
    pub at_one_in_1000: f64,
    /// True-positive rate at 1 % false positives.
    pub at_one_in_100: f64,
}

/// U-LiRA on one split: for every forget example, normals are fitted to the confidences of the unlearned and of the
/// retrained models, and a model is taken for unlearned where `N_u / (N_u + N_o) > ½`; \[N\]\[S\] and \[M\]\[S\]. The
/// published attack fits shadow models of many splits and attacks another; here every second model is fitted and the
/// others are attacked, then the other way round, so that no model is attacked with a fit that has seen it.
pub fn u_lira<R: AsRef<[f64]>>(unlearned: &[R], oracle: &[R]) -> Result<ULira, Unauditable> {
    let examples = aligned(unlearned, oracle)?;
    let fewest = unlearned.len().min(oracle.len());
    if fewest < FEWEST {
        return Err(Unauditable::TooFew { what: "models on each side", have: fewest, want: FEWEST });
    }
    let (mut members, mut others) = (Vec::new(), Vec::new());
    let mut accuracies = Vec::with_capacity(examples);
    for example in 0..examples {
        let column = |models: &[R]| models.iter().map(|model| model.as_ref()[example]).collect::<Vec<f64>>();
        let (ours, theirs) = attacked(&column(unlearned), &column(oracle));
        accuracies
            .push(f64::midpoint(share(&ours, |ratio| ratio > 0.0), share(&theirs, |ratio| ratio <= 0.0)));
        members.extend(ours);
        others.extend(theirs);
    }
    accuracies.sort_unstable_by(f64::total_cmp);
    let roc = Roc::of(&members, &others)?;
    Ok(ULira {
        accuracy: accuracies.iter().sum::<f64>() / examples as f64,
        accuracy_95: accuracies[(0.95 * (examples - 1) as f64).round() as usize],
        auc: roc.auc(),
        at_one_in_1000: roc.true_positives_at(0.001),
        at_one_in_100: roc.true_positives_at(0.01),
    })
}

/// Log-likelihood ratios of all models on both sides, each from fits to the other half.
fn attacked(unlearned: &[f64], oracle: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let half = |values: &[f64], parity: usize| -> Vec<f64> {
        values.iter().copied().skip(parity).step_by(2).collect()
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for parity in [0, 1] {
        let fits = [Normal::fit(&half(unlearned, parity)), Normal::fit(&half(oracle, parity))];
        let ratio = |value: f64| fits[0].log_density(value) - fits[1].log_density(value);
        ours.extend(half(unlearned, 1 - parity).into_iter().map(ratio));
        theirs.extend(half(oracle, 1 - parity).into_iter().map(ratio));
    }
    (ours, theirs)
}

fn share(values: &[f64], counts: impl Fn(f64) -> bool) -> f64 {
    values.iter().filter(|&&value| counts(value)).count() as f64 / values.len() as f64
}
