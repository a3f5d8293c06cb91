//! Do the intervals of the two standard deviations, between originals and of unlearning within one, hold the truth?
//! `cargo run --release --example simulate-originals -- [REPEATS] [K] [N] [SEED]` prints a table in Markdown.
//!
//! A model's number is µ + original + unlearning. The first rows draw both as normal numbers of known standard deviations; the
//! others are what a report has: accuracies on 50 forget examples, whose models' common shift is such a sum. Their truth is
//! the mean over drawings of many models.

#![expect(clippy::print_stdout, reason = "a table is for reading")]

use std::{env, error::Error};

use rayon::prelude::*;
use sweep::score::{Components, Deviation};
use sweep_chance::Chance;

const EXAMPLES: usize = 50;
/// Originals behind the truth of an accuracy, and models of each.
const TRUTH: (usize, usize) = (2_000, 200);

/// What a number is made of: standard deviations between originals and of unlearning.
#[derive(Clone, Copy)]
enum Made {
    /// A normal number.
    Normal(f64, f64),
    /// An accuracy on examples, so many of which the mean model has right.
    Accuracy(f64, f64),
}

const TRUTHS: [(&str, Made); 8] = [
    ("normal, 0 between, 1 within", Made::Normal(0.0, 1.0)),
    ("normal, 0.25 between, 1 within", Made::Normal(0.25, 1.0)),
    ("normal, 0.5 between, 1 within", Made::Normal(0.5, 1.0)),
    ("normal, 1 between, 1 within", Made::Normal(1.0, 1.0)),
    ("normal, 4 between, 1 within", Made::Normal(4.0, 1.0)),
    ("normal, 1 between, 0 within", Made::Normal(1.0, 0.0)),
    ("accuracy of 50, 0.5 between, 0.5 within", Made::Accuracy(0.5, 0.5)),
    ("accuracy of 50, 0.25 between, 0.25 within", Made::Accuracy(0.25, 0.25)),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1).map(|text| text.parse::<u64>());
    let mut next = |otherwise| arguments.next().unwrap_or(Ok(otherwise));
    let (repeats, originals, n, seed) = (next(2000)?, next(4)? as usize, next(32)? as usize, next(0)?);
    println!(
        "| K = {originals}, N = {n} | between: truth | root mean square | interval holds it | median interval | within: truth | root \
         mean square | interval holds it |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (number, (name, made)) in (0_u64..).zip(TRUTHS) {
        let stream = |repeat: u64| Chance::of_seed(seed).nth(repeat * 16 + number);
        let (between, within) = truth(made, &mut stream(repeats));
        let drawn: Vec<Components> = (0..repeats)
            .into_par_iter()
            .map(|repeat| {
                Components::of(&groups(made, (originals, n), &mut stream(repeat))).ok_or("no components")
            })
            .collect::<Result<_, _>>()?;
        let parts =
            [part(between, &drawn, |own| own.between, true), part(within, &drawn, |own| own.within, false)];
        println!("| {name} | {} | {} |", parts[0], parts[1]);
    }
    Ok(())
}

/// N models in turn over K originals.
fn groups(made: Made, (originals, n): (usize, usize), chance: &mut Chance) -> Vec<Vec<f64>> {
    let (between, _) = made.parts();
    let of: Vec<f64> = (0..originals).map(|_| between * chance.normal()).collect();
    let mut groups = vec![Vec::new(); originals];
    for model in 0..n {
        groups[model % originals].push(made.model(of[model % originals], chance));
    }
    groups
}

impl Made {
    fn parts(self) -> (f64, f64) {
        match self {
            Self::Normal(between, within) | Self::Accuracy(between, within) => (between, within),
        }
    }

    fn model(self, original: f64, chance: &mut Chance) -> f64 {
        let shift = original + self.parts().1 * chance.normal();
        match self {
            Self::Normal(..) => shift,
            Self::Accuracy(..) => {
                let right = (0..EXAMPLES).filter(|_| 1.0 + shift + chance.normal() > 0.0).count();
                right as f64 / EXAMPLES as f64
            }
        }
    }
}

/// Both standard deviations of what is drawn.
fn truth(made: Made, chance: &mut Chance) -> (f64, f64) {
    let Made::Accuracy(..) = made else { return made.parts() };
    let (originals, models) = TRUTH;
    let groups = groups(made, (originals, originals * models), chance);
    let known = Components::of(&groups);
    known.map_or((f64::NAN, f64::NAN), |known| (known.between.value, known.within.value))
}

/// The truth, the root of the mean square of what was found, how often its interval holds the truth, and the median interval.
fn part(truth: f64, drawn: &[Components], of: fn(&Components) -> Deviation, with_median: bool) -> String {
    let count = drawn.len() as f64;
    let mean = (drawn.iter().map(|own| of(own).value.powi(2)).sum::<f64>() / count).sqrt();
    let holds = |own: &Deviation| own.interval.low <= truth && truth <= own.interval.high;
    let held = 100.0 * drawn.iter().map(of).filter(holds).count() as f64 / count;
    let median = |end: fn(&Deviation) -> f64| {
        let mut ends: Vec<f64> = drawn.iter().map(|own| end(&of(own))).collect();
        ends.sort_by(f64::total_cmp);
        ends[ends.len() / 2]
    };
    let found = format!("{truth:.3} | {mean:.3} | {held:.1} %");
    if with_median {
        format!("{found} | {:.2} to {:.2}", median(|own| own.interval.low), median(|own| own.interval.high))
    } else {
        found
    }
}
