//! Times forgetting quality and exact tests on simulated confidences: `cargo run --example bench-score [N] [S] [REPLICATES]`
//! (512 models per side, 500 forget examples and 1,000 replicates unless told).

#![expect(clippy::print_stdout, reason = "a measurement is for reading")]

use std::{error::Error, time::Instant};

use sweep::score::{
    Confidences, CrossFit, Ensemble, Kind, Model, Nulls, PERMUTATION_SEED, Part, Resampled, Retrained,
    Unlearned, energy_p, epsilons, namings,
};
use sweep_chance::Chance;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<usize> =
        std::env::args().skip(1).map(|argument| argument.parse()).collect::<Result<_, _>>()?;
    let models = arguments.first().copied().unwrap_or(512);
    let examples = arguments.get(1).copied().unwrap_or(500);

    let mut chance = Chance::of_seed(0);
    let rows = (gaussian(models, examples, &mut chance), gaussian(models, examples, &mut chance));
    let unlearned = Confidences::<Unlearned>::new(&rows.0)?;
    let retrained = Confidences::<Retrained>::new(&rows.1)?;
    let start = Instant::now();
    let epsilons = epsilons(&unlearned, &retrained)?;
    let seconds = start.elapsed().as_secs_f64();
    let mean = epsilons.iter().map(|epsilon| epsilon.value()).sum::<f64>() / examples as f64;
    println!("N = {models}, S = {examples}: {seconds:.3} s (mean ε {mean:.3})");

    let start = Instant::now();
    let own = CrossFit::of(&unlearned, &retrained)?;
    println!("cross-fitted: {:.3} s (Q {:.3})", start.elapsed().as_secs_f64(), own.quality);

    let replicates = arguments.get(2).copied().unwrap_or(1000);
    let (unlearned, oracle) = (ensemble(&rows.0)?, ensemble(&rows.1)?);
    let start = Instant::now();
    let interval = Resampled::of(&unlearned, &oracle, replicates, 0)?.interval(Part::Value);
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{replicates} bootstrap replicates: {seconds:.1} s ({:.3} to {:.3})",
        interval.low, interval.high
    );

    let start = Instant::now();
    let drawn = namings(models, 1000, PERMUTATION_SEED);
    let p = energy_p(&rows.0, &rows.1, &drawn);
    println!("omnibus test, 1000 namings: {:.2} s (p {p:.3})", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let nulls = Nulls::of(&unlearned, &oracle, 999, PERMUTATION_SEED)?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "all tests of a point: {seconds:.2} s (p of Q {:?}, of the score {:?})",
        nulls.quality, nulls.score
    );
    Ok(())
}

/// Models with these confidences, all equally accurate.
fn ensemble<K: Kind>(rows: &[Vec<f64>]) -> Result<Ensemble<K>, Box<dyn Error>> {
    let accuracy = 0.5.try_into()?;
    let model = |row: &Vec<f64>| Model {
        confidences: row.clone(),
        retain_accuracy: accuracy,
        held_out_accuracy: accuracy,
    };
    Ok(Ensemble::new(&rows.iter().map(model).collect::<Vec<_>>(), rows.len())?)
}

/// Normal with standard deviation 2; \[models\]\[examples\].
fn gaussian(models: usize, examples: usize, chance: &mut Chance) -> Vec<Vec<f64>> {
    (0..models).map(|_| (0..examples).map(|_| chance.normal_pair(2.0).0).collect()).collect()
}
