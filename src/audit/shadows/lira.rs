//! The likelihood-ratio attack, online: normals of the confidence with and without an image (Carlini et al. 2022, algorithm 1).

use std::f64::consts::TAU;

use super::Shadow;

/// From so many networks on either side each image gets a spread of its own; below, all images share one, as published for small
/// numbers.
const OWN_SPREAD: usize = 32;
/// Least variance of a fit: networks that agree to the last digit would give infinite densities.
const NARROWEST: f64 = 1e-12;

/// Normals of the confidence in every training image, fitted to the networks that have seen it and to those that have not.
#[derive(Debug, Clone, PartialEq)]
pub struct Likelihoods {
    with: Vec<Fit>,
    without: Vec<Fit>,
}

/// Count, mean, and sum of squared distances from it; then the variance that is used.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Fit {
    count: f64,
    mean: f64,
    squares: f64,
    variance: f64,
}

impl Fit {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }

    fn log_density(&self, value: f64) -> f64 {
        let distance = value - self.mean;
        -0.5 * (distance * distance / self.variance + (TAU * self.variance).ln())
    }
}

impl Likelihoods {
    /// Fits to the networks, without the network at one position if it is the target.
    pub fn of(networks: &[Shadow], target: Option<usize>) -> Self {
        let images = networks.first().map_or(0, |network| network.left_out.len());
        let mut fits = [vec![Fit::default(); images], vec![Fit::default(); images]];
        for (_, network) in networks.iter().enumerate().filter(|(position, _)| Some(*position) != target) {
            for (image, (&left_out, &value)) in network.left_out.iter().zip(&network.confidences).enumerate()
            {
                fits[usize::from(left_out)][image].add(value);
            }
        }
        let fewest = fits.iter().flatten().map(|fit| fit.count).fold(f64::INFINITY, f64::min);
        let own = fewest >= OWN_SPREAD as f64;
        for side in &mut fits {
            let free: f64 = side.iter().map(|fit| (fit.count - 1.0).max(0.0)).sum();
            let shared = side.iter().map(|fit| fit.squares).sum::<f64>() / free.max(1.0);
            for fit in side {
                let variance = if own { fit.squares / fit.count } else { shared };
                fit.variance = variance.max(NARROWEST);
            }
        }
        let [with, without] = fits;
        Self { with, without }
    }

    /// Logarithm of the likelihood ratio of "seen" to "never seen" for a network that has this confidence in an image.
    pub fn log_ratio(&self, image: usize, confidence: f64) -> f64 {
        self.with[image].log_density(confidence) - self.without[image].log_density(confidence)
    }
}
