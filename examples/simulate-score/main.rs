//! What the competition's score and the cross-fitted estimator report when the truth is known, at growing N:
//! `cargo run --release --example simulate-score -- [FOLDER] [REPEATS] [SEED] [N,N,…]` writes `score-simulation.csv` and
//! `score-simulation.png`, and prints a table in Markdown.
//!
//! Confidences of retrained models are standard normal around a mean of each example; a model's examples share a quarter
//! of their variance. Unlearned models are the same, shifted, narrowed, or a mixture.

#![expect(clippy::print_stdout, reason = "a table is for reading")]

mod world;
mod summary;
mod figure;

use std::{env, error::Error, fs, path::PathBuf};

use rayon::prelude::*;
use summary::{Drawn, Repeat, Summary};
use sweep::score::{Construction, CrossFit, Ensemble, Oracle, Part, Resampled, Score, Unlearned};
use sweep_chance::Chance;
use world::{SETTINGS, Setting, World, ensemble};

/// Models per side, unless told.
const SIZES: &str = "16,32,64,128,256,512";
/// Forget examples.
const EXAMPLES: usize = 40;
/// Replicates behind each interval of the competition's score.
const REPLICATES: usize = 100;
/// Where the competition's score is bootstrapped, and in how many of the repeats: it costs a hundred times the rest.
const BOOTSTRAPPED: ([usize; 2], usize) = ([16, 64], 100);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let folder = PathBuf::from(arguments.first().map_or(".", String::as_str));
    let repeats = arguments.get(1).map_or(Ok(400), |text| text.parse())?;
    let seed = arguments.get(2).map_or(Ok(0), |text| text.parse())?;
    let sizes = arguments.get(3).map_or(SIZES, String::as_str).split(',').map(str::parse);
    let sizes: Vec<usize> = sizes.collect::<Result<_, _>>()?;
    let mut summaries = Vec::new();
    println!("{}", Summary::MARKDOWN_HEAD);
    for n in sizes {
        for setting in &SETTINGS {
            let drawn = (0..repeats)
                .into_par_iter()
                .map(|repeat| repetition(setting, n, seed, repeat).ok_or(repeat))
                .collect::<Result<Vec<Repeat>, usize>>()
                .map_err(|repeat| format!("{} at N = {n}: repeat {repeat} has no score", setting.name))?;
            let summary = Summary::of(setting, n, &drawn);
            println!("{}", summary.markdown());
            summaries.push(summary);
        }
    }
    let rows: Vec<String> = summaries.iter().map(Summary::csv).collect();
    fs::write(folder.join("score-simulation.csv"), format!("{}\n{}\n", Summary::HEAD, rows.join("\n")))?;
    figure::draw(&summaries, &folder.join("score-simulation.png"))?;
    Ok(())
}

/// One experiment: draws both groups (and a second unlearned one, to be compared with the first), and scores them.
fn repetition(setting: &Setting, n: usize, seed: u64, repeat: usize) -> Option<Repeat> {
    let mut chance = Chance::of_seed(seed).nth((repeat * 64 + setting.number()) as u64 * 1024 + n as u64);
    let world = World::new(EXAMPLES, seed);
    let rows = world.draw(setting, n, &mut chance);
    let twin: Ensemble<Unlearned> = ensemble(&world.draw(setting, n, &mut chance))?;
    let retrained = world.draw(&SETTINGS[0], n, &mut chance);
    let (unlearned, oracle): (Ensemble<Unlearned>, Oracle) = (ensemble(&rows)?, ensemble(&retrained)?);
    let own = CrossFit::of(unlearned.confidences(), oracle.confidences()).ok()?;
    let bootstrapped = BOOTSTRAPPED.0.contains(&n) && repeat < BOOTSTRAPPED.1;
    let drawn = bootstrapped.then(|| drawn([&unlearned, &twin], &oracle));
    Some(Repeat {
        forgetting_quality: Score::of(&unlearned, &oracle).ok()?.forgetting_quality.value(),
        drawn: match drawn {
            Some(drawn) => Some(drawn?),
            None => None,
        },
        truth: 1.0 - world.advantage(setting, &own),
        own,
    })
}

/// Intervals of the first group's forgetting quality, and whether the second, which is as good, is told from it.
fn drawn([first, twin]: [&Ensemble<Unlearned>; 2], oracle: &Oracle) -> Option<Drawn> {
    let resampled = Resampled::of(first, oracle, REPLICATES, 0).ok()?;
    let compared = resampled.minus(&Resampled::of(twin, oracle, REPLICATES, 0).ok()?)?;
    let constructions =
        [Construction::Percentile, Construction::Recentred, Construction::Bca, Construction::Rescaled];
    let interval = |by| resampled.interval_by(by, Part::ForgettingQuality, (first, oracle));
    Some(Drawn { intervals: constructions.map(interval), falsely_ranked: compared.difference.is_clear() })
}
