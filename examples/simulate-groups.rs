//! Of the persons that are called harmed, how many are not, and how many of the harmed are found?
//! `cargo run --release --example simulate-groups -- [REPEATS] [N,N,…] [SEED]` prints a table in Markdown.
//!
//! 20 persons with 4 forget examples each, three points that share an oracle. All 60 parts are one family, at q ≤ 0.05 after Benjamini
//! and Hochberg, as in a report.

#![expect(clippy::print_stdout, reason = "a table is for reading")]

mod world;

use std::{env, error::Error};

use rayon::prelude::*;
use sweep::score::{Oracle, Subgroup, benjamini_hochberg};
use world::{Differs, SAME, World, ensemble};

const PERSONS: usize = 20;
/// Examples of a person.
const EACH: usize = 4;
const POINTS: usize = 3;
const LEVEL: f64 = 0.05;

/// By how many standard deviations a point's models are off for a person.
type Harm = fn(usize, usize) -> f64;

const TRUTHS: [(&str, Harm); 5] = [
    ("nobody", |_, _| 0.0),
    ("2 persons under every point, 1.5 sd", |_, person| if person < 2 { 1.5 } else { 0.0 }),
    ("5 persons under every point, 1 sd", |_, person| if person < 5 { 1.0 } else { 0.0 }),
    ("2 persons under one point, 3 sd", |point, person| if point == 0 && person < 2 { 3.0 } else { 0.0 }),
    ("everybody under one point, 1 sd", |point, _| if point == 0 { 1.0 } else { 0.0 }),
];

/// What one repeat has found.
struct Discovered {
    truly: usize,
    falsely: usize,
    /// Parts that are truly harmed.
    harmed: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let repeats: u64 = arguments.first().map_or(Ok(500), |text| text.parse())?;
    let sizes = arguments.get(1).map_or("8,32", String::as_str).split(',').map(str::parse);
    let sizes: Vec<usize> = sizes.collect::<Result<_, _>>()?;
    let seed: u64 = arguments.get(2).map_or(Ok(0), |text| text.parse())?;
    println!("| harmed | N | false among the found | repeats with a false one | harmed that are found |");
    println!("|---|---|---|---|---|");
    for n in sizes {
        for (number, (name, harm)) in (0_u64..).zip(TRUTHS) {
            let stream = |repeat| (repeat * 16 + number) * 1024 + n as u64;
            let found = (0..repeats)
                .into_par_iter()
                .map(|repeat| {
                    experiment(harm, n, World::new(seed, stream(repeat)), repeat).ok_or("no number")
                })
                .collect::<Result<Vec<Discovered>, _>>()?;
            println!("| {name} | {n} | {} |", cells(&found));
        }
    }
    Ok(())
}

fn experiment(harm: Harm, n: usize, mut world: World, repeat: u64) -> Option<Discovered> {
    let persons: Vec<Vec<usize>> =
        (0..PERSONS).map(|person| (person * EACH..(person + 1) * EACH).collect()).collect();
    let mut drawn = |point: Option<usize>| -> Vec<Vec<f64>> {
        let differs = |example: usize| point.map_or(SAME, |point| Differs::by(harm(point, example / EACH)));
        (0..n).map(|_| world.model(PERSONS * EACH, differs)).collect()
    };
    let oracle: Oracle = ensemble(&drawn(None))?;
    let mut p = Vec::new();
    for point in 0..POINTS {
        let tested = Subgroup::of_each(&ensemble(&drawn(Some(point)))?, &oracle, &persons, repeat).ok()?;
        p.extend(tested.iter().map(|own| own.p));
    }
    let mut found = Discovered { truly: 0, falsely: 0, harmed: 0 };
    for (part, q) in benjamini_hochberg(&p).into_iter().enumerate() {
        let is_harmed = harm(part / PERSONS, part % PERSONS) > 0.0;
        found.harmed += usize::from(is_harmed);
        if q <= LEVEL {
            *if is_harmed { &mut found.truly } else { &mut found.falsely } += 1;
        }
    }
    Some(found)
}

fn cells(found: &[Discovered]) -> String {
    let count = found.len() as f64;
    let mean = |of: &dyn Fn(&Discovered) -> f64| 100.0 * found.iter().map(of).sum::<f64>() / count;
    let share = |own: &Discovered| own.falsely as f64 / (own.falsely + own.truly).max(1) as f64;
    let harmed: usize = found.iter().map(|own| own.harmed).sum();
    let truly: usize = found.iter().map(|own| own.truly).sum();
    let power =
        if harmed == 0 { "–".to_owned() } else { format!("{:.1} %", 100.0 * truly as f64 / harmed as f64) };
    format!("{:.1} % | {:.1} % | {power}", mean(&share), mean(&|own| f64::from(u8::from(own.falsely > 0))))
}
