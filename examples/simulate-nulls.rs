//! Are the p-values of retraining against retraining uniform, and what does each test find, at small and middling N?
//! `cargo run --release --example simulate-nulls -- [REPEATS] [N,N,…] [SEED]` prints a table in Markdown.
//!
//! 25 forget examples. Confidences of retrained models are normal around a mean of each example, with a spread of its own; a
//! model's examples share a quarter of their variance. Unlearned models are the same, shifted, narrowed, a mixture, or one
//! network N times over, as the unchanged original is.

#![expect(clippy::print_stdout, reason = "a table is for reading")]

use std::{env, error::Error};

use rayon::prelude::*;
use sweep::score::{Ensemble, Kind, Model, Nulls, Oracle, Unlearned};
use sweep_chance::Chance;

const EXAMPLES: usize = 25;
/// Namings behind a p-value.
const NAMINGS: u64 = 999;
const LEVEL: f64 = 0.05;

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
    println!(
        "| unlearned | N | omnibus | cross-fitted | score | found at 80 %, sd | interval of the shift holds it |"
    );
    println!("|---|---|---|---|---|---|---|");
    for n in sizes {
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
        let found = p.iter().filter(|p| **p <= LEVEL).count();
        let share = 100.0 * found as f64 / p.len() as f64;
        match truth {
            Truth::Same => format!("{share:.1} %, D {:.3}", kolmogorov_smirnov(p)),
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

/// The largest distance between the distribution of p-values and the uniform one.
fn kolmogorov_smirnov(mut p: Vec<f64>) -> f64 {
    p.sort_by(f64::total_cmp);
    let count = p.len() as f64;
    let distance = |(nth, p): (usize, &f64)| ((nth + 1) as f64 / count - p).max(p - nth as f64 / count);
    p.iter().enumerate().map(distance).fold(0.0, f64::max)
}

struct World(Chance);

impl World {
    fn new(seed: u64, stream: u64) -> Self {
        Self(Chance::of_seed(seed).nth(stream))
    }

    fn draw(&mut self, truth: Truth, n: usize) -> Vec<Vec<f64>> {
        if let Truth::Identity { shift } = truth {
            return vec![self.model(shift, 1.0); n];
        }
        (0..n)
            .map(|_| match truth {
                Truth::Shifted(shift) => self.model(shift, 1.0),
                Truth::Narrowed(spread) => self.model(0.0, spread),
                Truth::Mixture { share, shift } if self.0.above_zero() < share => self.model(shift, 1.0),
                _ => self.model(0.0, 1.0),
            })
            .collect()
    }

    fn model(&mut self, shift: f64, spread: f64) -> Vec<f64> {
        let shared = 0.5 * self.0.normal();
        let confidence = |example: usize, own: f64| {
            let (mean, deviation) = ((example % 5) as f64, 1.0 + (example % 3) as f64);
            mean + deviation * (shift + spread * (shared + 0.75_f64.sqrt() * own))
        };
        (0..EXAMPLES).map(|example| confidence(example, self.0.normal())).collect()
    }
}

/// Models with these confidences, all equally accurate.
fn ensemble<K: Kind>(rows: &[Vec<f64>]) -> Option<Ensemble<K>> {
    let accuracy = 0.5.try_into().ok()?;
    let model = |row: &Vec<f64>| Model {
        confidences: row.clone(),
        retain_accuracy: accuracy,
        held_out_accuracy: accuracy,
    };
    Ensemble::new(&rows.iter().map(model).collect::<Vec<_>>(), rows.len()).ok()
}
