//! Times forgetting quality on simulated confidences: `cargo run --example bench-score [N] [S]` (512 models
//! per side and 500 forget examples unless told).

#![expect(clippy::print_stdout, reason = "a measurement is for reading")]

use std::{error::Error, time::Instant};

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use sweep::score::{Confidences, Retrained, Unlearned, epsilons};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<usize> =
        std::env::args().skip(1).map(|argument| argument.parse()).collect::<Result<_, _>>()?;
    let models = arguments.first().copied().unwrap_or(512);
    let examples = arguments.get(1).copied().unwrap_or(500);

    let mut random = ChaCha8Rng::seed_from_u64(0);
    let unlearned = Confidences::<Unlearned>::new(&gaussian(models, examples, &mut random))?;
    let retrained = Confidences::<Retrained>::new(&gaussian(models, examples, &mut random))?;
    let start = Instant::now();
    let epsilons = epsilons(&unlearned, &retrained)?;
    let seconds = start.elapsed().as_secs_f64();
    let mean = epsilons.iter().map(|epsilon| epsilon.value()).sum::<f64>() / examples as f64;
    println!("N = {models}, S = {examples}: {seconds:.3} s (mean ε {mean:.3})");
    Ok(())
}

/// Standard deviation 2, by Box and Muller; \[models\]\[examples\].
fn gaussian(models: usize, examples: usize, random: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
    let mut uniform = || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let mut normal = || (-2.0 * (1.0 - uniform()).ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
    (0..models).map(|_| (0..examples).map(|_| 2.0 * normal()).collect()).collect()
}
