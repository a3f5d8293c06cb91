//! How much weights lean on known images.

use super::{Gram, values};

/// Changes of a sweep over all multipliers, relative to the largest of them, below which nothing is gained any more.
const SETTLED: f64 = 1e-9;

/// Sweeps at most.
const MOST: usize = 5000;

/// The multipliers λ ≥ 0 at which the gradients of known images come nearest to the weights, argmin |θ − Σ λᵢ ∇fᵢ|², by
/// coordinate descent from 0; \[m\]. The problem is convex, so there is nothing to search for.
pub fn multipliers(gram: &Gram) -> Vec<f64> {
    let (products, with_weights) = (values(&gram.products), values(&gram.with_weights));
    let size = with_weights.len();
    let mut lambda = vec![0.0; size];
    // ∂/∂λᵢ of half the distance: Σⱼ Kᵢⱼ λⱼ − bᵢ, kept up to date.
    let mut slope: Vec<f64> = with_weights.iter().map(|own| -own).collect();
    for _ in 0..MOST {
        let (mut moved, mut largest) = (0.0_f64, 0.0_f64);
        for place in 0..size {
            let row = &products[place * size..(place + 1) * size];
            // An image of no gradient has no influence.
            if row[place] > 0.0 {
                let next = f64::max(0.0, lambda[place] - slope[place] / row[place]);
                let change = next - lambda[place];
                if change.abs() > 0.0 {
                    slope.iter_mut().zip(row).for_each(|(slope, product)| *slope += change * product);
                    lambda[place] = next;
                    moved = moved.max(change.abs());
                }
            }
            largest = largest.max(lambda[place]);
        }
        if moved <= SETTLED * largest {
            break;
        }
    }
    lambda
}
