//! The audits' p-values of retraining against retraining.

use std::{collections::BTreeMap, error::Error};

use rayon::prelude::*;
use sweep::{
    appraisal::beside_oracle,
    audit::{AUDITS, Audit, Behaved, Model, Needs, Sets},
};
use sweep_protocol::{behaviour::Behaviour, measurement::Accuracies, terms::UnitInterval};

use super::uniformity::Uniformity;
use crate::{
    EXAMPLES,
    world::{SAME, World},
};

const RETAIN_EXAMPLES: usize = 30;
/// Streams of these repeats begin far from those of the tests.
const STREAMS: u64 = 1 << 40;

/// p-values by audit and number.
type ByNumber = BTreeMap<(&'static str, &'static str), Vec<f64>>;

/// Prints a line for each number of each audit that needs no weights.
pub(crate) fn table(repeats: u64, sizes: &[usize], seed: u64) -> Result<(), Box<dyn Error>> {
    println!("\n| audit | number | N | p-values of retrained models |\n|---|---|---|---|");
    for &n in sizes {
        let each: Vec<ByNumber> = (0..repeats)
            .into_par_iter()
            .map(|repeat| experiment(n, World::new(seed, STREAMS + repeat * 1024 + n as u64)))
            .collect::<Result<_, _>>()?;
        let mut tested = ByNumber::new();
        for (number, p) in each.into_iter().flatten() {
            tested.entry(number).or_default().extend(p);
        }
        for ((audit, number), p) in tested {
            println!("| {audit} | {number} | {n} | {} |", Uniformity::of(p));
        }
    }
    Ok(())
}

fn experiment(n: usize, mut world: World) -> Result<ByNumber, String> {
    let mut models = || (0..n).map(|_| model(&mut world)).collect::<Option<Vec<Model>>>().ok_or("no model");
    let (unlearned, oracle) = (models()?, models()?);
    let mut tested = ByNumber::new();
    for entry in AUDITS.iter().filter(|entry| entry.needs != Needs::Weights) {
        for (number, p) in numbers(entry.audit, &unlearned, &oracle)? {
            tested.insert((entry.name, number), vec![p]);
        }
    }
    Ok(tested)
}

fn numbers(audit: Audit, unlearned: &[Model], oracle: &[Model]) -> Result<Vec<(&'static str, f64)>, String> {
    let numbers = beside_oracle(audit, unlearned, oracle)?;
    Ok(numbers.into_iter().filter_map(|(number, own)| Some((number, own.tested?.p))).collect())
}

/// A retrained model with all that audits look at.
fn model(world: &mut World) -> Option<Model> {
    let seen = world.model(2 * EXAMPLES, |_| SAME);
    let (forget, test) = seen.split_at(EXAMPLES);
    let retain: Vec<f64> = (0..RETAIN_EXAMPLES).map(|_| 5.0 + world.chance.normal()).collect();
    let mut accuracy =
        |mean: f64| UnitInterval::new((mean + 0.01 * world.chance.normal()).clamp(0.0, 1.0)).ok();
    let right = forget.iter().filter(|confidence| **confidence > 0.0).count();
    let accuracy = Accuracies {
        retain: accuracy(0.98)?,
        forget: UnitInterval::new(right as f64 / EXAMPLES as f64).ok()?,
        validation: accuracy(0.85)?,
        test: accuracy(0.85),
        truth: None,
    };
    let sets = Sets { forget: behaved(forget)?, retain: behaved(&retain)?, test: behaved(test)? };
    Some(Model { accuracy, confidences: forget.to_vec(), sets: Some(sets), images: None })
}

/// Two classes, of which the first is right: the confidence is the difference of their logits.
fn behaved(confidences: &[f64]) -> Option<Behaved> {
    let of = |&confidence: &f64| {
        let behaviour = Behaviour::of(&[confidence as f32, 0.0], 0)?;
        Some(Behaviour { confidence, ..behaviour })
    };
    confidences.iter().map(of).collect()
}
