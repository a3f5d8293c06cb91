//! Do the intervals of the standard deviations between forget sets, between originals, of both together and of unlearning hold the
//! truth? `cargo run --release --example simulate-forget-sets -- [REPEATS] [K] [FORGET SETS] [N] [SEED]` prints a table in Markdown.
//!
//! A model's number is µ + forget set + original + both + unlearning, a retrained model's µ' of its forget set + its own draw; all are
//! normal numbers of known standard deviations. Each forget set has N unlearned and N retrained models.

#![expect(clippy::print_stdout, reason = "a table is for reading")]

use std::{env, error::Error};

use rayon::prelude::*;
use sweep::score::{Crossed, Crossing, Deviation};
use sweep_chance::Chance;

/// Standard deviations: between forget sets, between originals, of both, of unlearning, of retraining.
type Deviations = [f64; 5];

const TRUTHS: [Deviations; 7] = [
    [0.0, 0.0, 0.0, 1.0, 1.0],
    [1.0, 0.0, 0.0, 1.0, 1.0],
    [0.5, 0.5, 0.5, 1.0, 1.0],
    [1.0, 1.0, 0.25, 1.0, 1.0],
    [0.25, 2.0, 0.0, 1.0, 0.5],
    [2.0, 0.5, 1.0, 1.0, 2.0],
    [1.0, 1.0, 0.0, 0.0, 1.0],
];

const NAMES: [&str; 5] = ["forget set", "original", "both", "unlearning", "oracle"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1).map(|text| text.parse::<u64>());
    let mut next = |otherwise| arguments.next().unwrap_or(Ok(otherwise));
    let (repeats, originals) = (next(2000)?, next(4)? as usize);
    let (sets, n, seed) = (next(3)? as usize, next(32)? as usize, next(0)?);
    println!("| K = {originals}, {sets} forget sets, N = {n}: true parts | {} |", NAMES.join(" | "));
    println!("|---|---|---|---|---|---|");
    for (number, truth) in (0_u64..).zip(TRUTHS) {
        let drawn: Vec<Crossed> = (0..repeats)
            .into_par_iter()
            .map(|repeat| {
                let mut chance = Chance::of_seed(seed).nth(repeat * 16 + number);
                Crossed::of(&crossings(truth, (originals, sets, n), &mut chance)).ok_or("no components")
            })
            .collect::<Result<_, _>>()?;
        let parts: [fn(&Crossed) -> Option<Deviation>; 5] = [
            |own| Some(own.forget_set),
            |own| own.original,
            |own| own.both,
            |own| Some(own.unlearning),
            |own| Some(own.oracle),
        ];
        // With one original, what it makes of a forget set can't be told from what the forget set makes of it.
        let known =
            if originals == 1 { [truth[0].hypot(truth[2]), 0.0, 0.0, truth[3], truth[4]] } else { truth };
        let cells: Vec<String> =
            parts.iter().zip(known).map(|(part, truth)| held(truth, &drawn, *part)).collect();
        println!("| {} | {} |", truth.map(|part| part.to_string()).join(", "), cells.join(" | "));
    }
    Ok(())
}

/// All models of all forget sets, in turn over the originals.
fn crossings(
    [set, original, both, unlearning, retraining]: Deviations,
    (k, sets, n): (usize, usize, usize),
    chance: &mut Chance,
) -> Vec<Crossing> {
    let originals: Vec<f64> = (0..k).map(|_| original * chance.normal()).collect();
    let mut crossing = |_| {
        // How hard a forget set is moves the retrained models as well.
        let hard = 3.0 * chance.normal();
        let level = hard + set * chance.normal();
        let cells: Vec<f64> = originals.iter().map(|own| level + own + both * chance.normal()).collect();
        let mut unlearned = vec![Vec::new(); k];
        for model in 0..n {
            unlearned[model % k].push(cells[model % k] + unlearning * chance.normal());
        }
        let retrained = (0..n).map(|_| hard + retraining * chance.normal()).collect();
        Crossing { unlearned, retrained }
    };
    (0..sets).map(&mut crossing).collect()
}

/// How often the interval holds the truth, and the median interval.
fn held(truth: f64, drawn: &[Crossed], of: impl Fn(&Crossed) -> Option<Deviation>) -> String {
    let found: Vec<Deviation> = drawn.iter().filter_map(of).collect();
    if found.is_empty() {
        return "–".to_owned();
    }
    let rounding = 1e-9;
    let holds =
        |own: &&Deviation| own.interval.low <= truth + rounding && truth <= own.interval.high + rounding;
    let share = 100.0 * found.iter().filter(holds).count() as f64 / found.len() as f64;
    let median = |end: fn(&Deviation) -> f64| {
        let mut ends: Vec<f64> = found.iter().map(end).collect();
        ends.sort_by(f64::total_cmp);
        ends[ends.len() / 2]
    };
    format!("{share:.1} % ({:.2} to {:.2})", median(|own| own.interval.low), median(|own| own.interval.high))
}
