//! Are the p-values of retraining against retraining uniform, and what does each test find, at small and middling N?
//! `cargo run --release --example simulate-nulls -- [REPEATS] [N,N,…] [SEED] [tests|audits]` prints two tables in
//! Markdown, or one of them.
//!
//! 25 forget examples. Unlearned models are retrained ones, or these shifted, narrowed, a mixture, or one network N times over, as
//! the unchanged original is. The second table is about the audits, of retrained models alone: beside the forget set each has 30
//! retain examples, of which it is sure, and 25 test examples, which look to it as the forget set does.

#![expect(clippy::print_stdout, reason = "a table is for reading")]

mod world;
mod nulls;

use std::{env, error::Error};

use nulls::{audits, uniformity, uniformity::Uniformity};
use rayon::prelude::*;
use sweep::score::{Ensemble, Nulls, Oracle, Unlearned};
use world::{Differs, SAME, World, ensemble};

const EXAMPLES: usize = 25;
/// Namings behind a p-value.
const NAMINGS: u64 = 999;

/// What the unlearned models are; shifts in standard deviations.
#[derive(Clone, Copy)]
enum Truth {
    Same,
    Shifted(f64),
    Narrowed(f64),
    Mixture { share: f64, shift: f64 },
    Identity { shift: f64 },
}

const TRUTHS: [(&str, Truth); 7] = [
    ("retrained", Truth::Same),
    ("shift 0.5 sd", Truth::Shifted(0.5)),
    ("shift 1 sd", Truth::Shifted(1.0)),
    ("shift 2 sd", Truth::Shifted(2.0)),
    ("spread × ½", Truth::Narrowed(0.5)),
    ("a fifth 6 sd off", Truth::Mixture { share: 0.2, shift: 6.0 }),
    ("identity, 1 sd off", Truth::Identity { shift: 1.0 }),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let repeats: u64 = arguments.first().map_or(Ok(500), |text| text.parse())?;
    let sizes = arguments.get(1).map_or("8,32,128", String::as_str).split(',').map(str::parse);
    let sizes: Vec<usize> = sizes.collect::<Result<_, _>>()?;
    let seed: u64 = arguments.get(2).map_or(Ok(0), |text| text.parse())?;
    let only = arguments.get(3).map(String::as_str);
    if only != Some("audits") {
        tests(repeats, &sizes, seed)?;
    }
    if only != Some("tests") {
        audits::table(repeats, &sizes, seed)?;
    }
    Ok(())
}

/// Prints a line for each truth and size.
fn tests(repeats: u64, sizes: &[usize], seed: u64) -> Result<(), Box<dyn Error>> {
    println!(
        "Of retrained models also: the largest distance of the p-values' distribution from the uniform one, and the largest on the \
         side of too small ones.\n"
    );
    println!(
        "| unlearned | N | omnibus | cross-fitted | score | found at 80 %, sd | interval of the shift holds it |"
    );
    println!("|---|---|---|---|---|---|---|");
    for &n in sizes {
        for (number, (name, truth)) in (0_u64..).zip(TRUTHS) {
            let stream = |repeat| (repeat * 16 + number) * 1024 + n as u64;
            let drawn = (0..repeats)
                .into_par_iter()
                .map(|repeat| experiment(truth, n, World::new(seed, stream(repeat))).ok_or("no score"))
                .collect::<Result<Vec<Nulls>, _>>()?;
            println!("| {name} | {n} | {}", cells(truth, &drawn));
        }
    }
    Ok(())
}

fn experiment(truth: Truth, n: usize, mut world: World) -> Option<Nulls> {
    let oracle: Oracle = ensemble(&world.draw(Truth::Same, n))?;
    let unlearned: Ensemble<Unlearned> = ensemble(&world.draw(truth, n))?;
    Nulls::of(&unlearned, &oracle, NAMINGS, 0).ok()
}

/// One line of the table: how often each test has p ≤ 0.05, under the null also how far its p-values are from uniform.
fn cells(truth: Truth, drawn: &[Nulls]) -> String {
    let column = |pick: fn(&Nulls) -> Option<f64>| {
        let p: Vec<f64> = drawn.iter().filter_map(pick).collect();
        let found = p.iter().filter(|p| **p <= uniformity::LEVEL).count();
        let share = 100.0 * found as f64 / p.len() as f64;
        match truth {
            Truth::Same => Uniformity::of(p).to_string(),
            _ => format!("{share:.1} %"),
        }
    };
    let shifts: Vec<_> = drawn.iter().filter_map(|nulls| nulls.shift).collect();
    let found = shifts.iter().map(|shift| shift.found).sum::<f64>() / shifts.len() as f64;
    let held = |true_shift: f64| {
        let inside = |ends: &&sweep::score::Interval| ends.low <= true_shift && true_shift <= ends.high;
        let all: Vec<_> = shifts.iter().filter_map(|shift| shift.interval).collect();
        format!("{:.1} %", 100.0 * all.iter().filter(inside).count() as f64 / all.len() as f64)
    };
    let held = match truth {
        Truth::Same => held(0.0),
        Truth::Shifted(shift) => held(shift),
        _ => String::new(),
    };
    let columns = [column(|own| Some(own.omnibus)), column(|own| own.quality), column(|own| own.score)];
    format!("{} | {found:.2} | {held} |", columns.join(" | "))
}

impl World {
    fn draw(&mut self, truth: Truth, n: usize) -> Vec<Vec<f64>> {
        if let Truth::Identity { shift } = truth {
            return vec![self.model(EXAMPLES, |_| Differs::by(shift)); n];
        }
        let of_model = |world: &mut Self| match truth {
            Truth::Shifted(shift) => Differs::by(shift),
            Truth::Narrowed(spread) => Differs { spread, ..SAME },
            Truth::Mixture { share, shift } if world.chance.above_zero() < share => Differs::by(shift),
            _ => SAME,
        };
        let model = |_| {
            let differs = of_model(self);
            self.model(EXAMPLES, |_| differs)
        };
        (0..n).map(model).collect()
    }
}
