//! What does the best of many points owe to luck, and does the interval of what is confirmed hold the truth?
//! `cargo run --release --example simulate-confirmation -- [REPEATS] [SEED]` prints a table in Markdown.
//!
//! 25 forget examples; confidences are normal around a mean of each example and a model's examples share a quarter of their
//! variance. In every repeat so many points are measured at N = 32 against one oracle, the best by quality × utility is
//! drawn again, 64 models against as many held-out ones. The truth of a point is the mean of such drawings over all repeats.

#![expect(clippy::print_stdout, reason = "a table is for reading")]

mod world;

use std::{env, error::Error};

use rayon::prelude::*;
use sweep::score::{Difference, Ensemble, Objective, Oracle, Unlearned};
use world::{Differs, World, ensemble};

const EXAMPLES: usize = 25;
/// Models per point of the search, and of what is confirmed.
const SEARCH: usize = 32;
const FRESH: usize = 64;

/// What each point of a search is shifted by, in standard deviations of retrained models.
type ShiftOfPoint = fn(usize) -> f64;

const TRUTHS: [(&str, usize, ShiftOfPoint); 4] = [
    ("36 equal points, 0.5", 36, |_| 0.5),
    ("36 points, all retraining", 36, |_| 0.0),
    ("16 close shifts, 0.1 to 1.6", 16, |point| 0.1 * (point + 1) as f64),
    ("one of 16 clearly best", 16, |point| if point == 0 { 0.2 } else { 1.5 }),
];

/// One search and what became of its best point.
struct SearchedOnce {
    best: usize,
    found: Difference,
    left: Difference,
    optimism: Difference,
    /// Of every point, what fresh models have: the truth is their mean.
    fresh: Vec<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let repeats: u64 = arguments.first().map_or(Ok(1000), |text| text.parse())?;
    let seed: u64 = arguments.get(1).map_or(Ok(0), |text| text.parse())?;
    println!(
        "| truth | found, less the truth | left, less the truth | interval of what is left holds it | of the optimism |"
    );
    println!("|---|---|---|---|---|");
    for (number, (name, points, truth)) in (0_u64..).zip(TRUTHS) {
        let drawn: Vec<SearchedOnce> = (0..repeats)
            .into_par_iter()
            .map(|repeat| search(points, truth, World::new(seed, repeat * 16 + number)).ok_or("no number"))
            .collect::<Result<_, _>>()?;
        println!("| {name} | {} |", row(points, &drawn));
    }
    Ok(())
}

fn search(points: usize, truth: ShiftOfPoint, mut world: World) -> Option<SearchedOnce> {
    let (oracle, held_out) = (world.retrained(SEARCH)?, world.retrained(FRESH)?);
    let found: Vec<Objective> = (0..points)
        .map(|point| Objective::of(&world.unlearned(truth(point), SEARCH)?, &oracle).ok())
        .collect::<Option<_>>()?;
    let best = (0..points).max_by(|one, other| found[*one].value().total_cmp(&found[*other].value()))?;
    let fresh: Vec<Objective> = (0..points)
        .map(|point| Objective::of(&world.unlearned(truth(point), FRESH)?, &held_out).ok())
        .collect::<Option<_>>()?;
    // The optimism is measured at equal numbers of models.
    let (again, others) = (world.unlearned(truth(best), SEARCH)?, world.retrained(SEARCH)?);
    let again = Objective::of(&again, &others).ok()?;
    Some(SearchedOnce {
        best,
        found: found[best].measured()?,
        left: fresh[best].measured()?,
        optimism: found[best].less(&again)?,
        fresh: fresh.iter().map(Objective::value).collect(),
    })
}

/// Means over the repeats, and how often intervals hold what they are about.
fn row(points: usize, drawn: &[SearchedOnce]) -> String {
    let count = drawn.len() as f64;
    let mean = |of: &dyn Fn(&SearchedOnce) -> f64| drawn.iter().map(of).sum::<f64>() / count;
    let truths: Vec<f64> = (0..points).map(|point| mean(&|own| own.fresh[point])).collect();
    let truth = |own: &SearchedOnce| truths[own.best];
    let share = |holds: &dyn Fn(&SearchedOnce) -> bool| {
        100.0 * drawn.iter().filter(|own| holds(own)).count() as f64 / count
    };
    let inside = |own: &Difference, truth: f64| own.interval.low <= truth && truth <= own.interval.high;
    let luck = mean(&|own| own.optimism.value);
    format!(
        "{:+.3} | {:+.3} | {:.1} % | {luck:+.3}, told from 0 in {:.1} %",
        mean(&|own| own.found.value - truth(own)),
        mean(&|own| own.left.value - truth(own)),
        share(&|own| inside(&own.left, truth(own))),
        share(&|own| own.optimism.interval.low > 0.0),
    )
}

impl World {
    fn retrained(&mut self, n: usize) -> Option<Oracle> {
        ensemble(&self.draw(0.0, n))
    }

    fn unlearned(&mut self, shift: f64, n: usize) -> Option<Ensemble<Unlearned>> {
        ensemble(&self.draw(shift, n))
    }

    fn draw(&mut self, shift: f64, n: usize) -> Vec<Vec<f64>> {
        (0..n).map(|_| self.model(EXAMPLES, |_| Differs::by(shift))).collect()
    }
}
