//! Recorded draws in place of random ones.

use std::{collections::BTreeMap, num::NonZeroU32};

use serde_json::Value;
use sweep_inputs::dataset::Persons;
use sweep_protocol::recipe::Replacement;

use super::{
    golden::{Golden, GoldenError, inside},
    recordings::Drawn,
    script::{List, Script},
};
use crate::draws::{BatchOf, Draws, PartOf, Pass, Purpose, Unrecorded};

/// Where recorded choices of tensors stand: the words before the number of a draw, the list, and the word before the
/// same number in it.
const CHOICES: [(&str, &str, &str); 3] =
    [("layers", "trainable", "epoch"), ("noisy", "noised", "epoch"), ("cycle", "reinit", "cycle")];

/// The list of recorded labels.
const LABELS: &str = "forget_labels";

/// What recorded noise on pixels is divided by: it is kept in bytes.
const BYTE_NOISE: f64 = 32.0;

/// The draws of one golden file.
pub(super) struct Record<'a> {
    golden: &'a Golden,
    script: &'a Script,
    /// Passes of each stream, by phase and stream, in order.
    orders: BTreeMap<(usize, usize), Passes>,
    /// Batches of noisy pixels so far.
    noisy: u64,
    /// Batches of images that were cut out anew so far.
    augmented: u64,
}

/// Orders by epoch.
type Passes = BTreeMap<u64, Vec<i64>>;

impl<'a> Record<'a> {
    pub(super) fn new(golden: &'a Golden, script: &'a Script) -> Result<Self, GoldenError> {
        let orders = script.streams.iter().map(|(&place, list)| Ok((place, passes(golden, list)?)));
        Ok(Self {
            golden,
            script,
            orders: orders.collect::<Result<_, GoldenError>>()?,
            noisy: 0,
            augmented: 0,
        })
    }

    fn values(&mut self, purpose: &Purpose<'_>, count: usize, std: f64) -> Result<Vec<f64>, Unrecorded> {
        let named = |phase: usize, drawn: Drawn, usual: &str, key: &str| {
            let unusual = self.script.recording.tensors.iter().find(|(place, _)| *place == (phase, drawn));
            unusual.map_or(usual, |(_, name)| *name).replace("{key}", key)
        };
        let (name, scale) = match purpose {
            Purpose::Birth { key } => (format!("rand.init.{key}"), 1.0),
            Purpose::Teacher { key } => (format!("rand.teacher.{key}"), 1.0),
            Purpose::Reinit { phase, key } => (named(*phase, Drawn::Reinit, "rand.reinit.{key}", key), 1.0),
            Purpose::Noise { phase, key } => (named(*phase, Drawn::Noise, "rand.noise.{key}", key), std),
            Purpose::LateNoise { phase, key, .. } => {
                (named(*phase, Drawn::LateNoise, "rand.noise.{key}", key), std)
            }
            Purpose::Score { key, .. } => (format!("rand.keep.{key}"), 1.0),
            Purpose::Candidates { restart } => (format!("rand.candidates.{restart}"), 1.0),
            Purpose::Multipliers { restart } => (format!("rand.multipliers.{restart}"), 1.0),
            Purpose::Course { number } => (format!("rand.course.{number}"), 1.0),
            Purpose::Function { phase } => (format!("rand.function.{phase}"), 1.0),
            Purpose::Pixels(_) => {
                let step = self.noisy;
                self.noisy += 1;
                (format!("rand.image_noise.step{step}"), std / BYTE_NOISE)
            }
            Purpose::Augment(_) => {
                let step = self.augmented;
                self.augmented += 1;
                (format!("rand.augment.step{step}"), 1.0)
            }
            Purpose::Copies(BatchOf { number, .. }) => {
                (format!("rand.noise.batch{number}"), std / BYTE_NOISE)
            }
        };
        let values = self.tensor(&name).filter(|values| values.len() == count);
        let values = values.ok_or_else(|| Unrecorded { wanted: format!("`{name}` of {count} values") })?;
        Ok(values.into_iter().map(|value| value * scale).collect())
    }

    /// The values of a tensor; of a mask of what is kept, scores that are high where it is not.
    fn tensor(&self, name: &str) -> Option<Vec<f64>> {
        let recorded = &self.golden.recorded;
        if let Ok(values) = recorded.f32(name) {
            return Some(values.into_iter().map(f64::from).collect());
        }
        if let Ok(values) = recorded.i8(name) {
            return Some(values.into_iter().map(f64::from).collect());
        }
        let kept = recorded.u8(name).ok()?;
        Some(kept.into_iter().map(|kept| if kept == 0 { 1.0 } else { -1.0 }).collect())
    }

    /// An entry of a list, by the keys on the way.
    fn entry(&self, list: &str, keys: &[&str]) -> Option<&Value> {
        let list = self.golden.lists.get(list)?;
        keys.iter().try_fold(list, |value, key| value.get(key))
    }

    fn recorded_labels(&self, pass: &Pass, examples: &[i64]) -> Option<Vec<i64>> {
        let epoch = format!("epoch{}", pass.number);
        let recorded = self.entry(LABELS, &[&epoch])?;
        let Some(batches) = recorded.as_object() else {
            return serde_json::from_value(recorded.clone()).ok();
        };
        let mut in_order = Vec::new();
        for batch in 0..batches.len() {
            let batch = batches.get(&format!("batch{batch}"))?;
            in_order.extend(serde_json::from_value::<Vec<i64>>(batch.clone()).ok()?);
        }
        let order = self.orders.get(&(pass.phase, pass.stream))?.get(&pass.number)?;
        let of: BTreeMap<i64, i64> = order.iter().copied().zip(in_order).collect();
        examples.iter().map(|example| of.get(example).copied()).collect()
    }
}

impl Draws for Record<'_> {
    fn normal(&mut self, purpose: &Purpose<'_>, count: usize, std: f64) -> Result<Vec<f64>, Unrecorded> {
        self.values(purpose, count, std)
    }

    fn uniform(&mut self, purpose: &Purpose<'_>, count: usize, bound: f64) -> Result<Vec<f64>, Unrecorded> {
        self.values(purpose, count, bound)
    }

    fn order(&mut self, pass: &Pass, examples: &[i64]) -> Result<Vec<i64>, Unrecorded> {
        let recorded = self.orders.get(&(pass.phase, pass.stream));
        let order = recorded.and_then(|passes| {
            let first =
                self.script.streams.get(&(pass.phase, pass.stream)).map_or(0, |list| list.first_epoch);
            passes.get(&(first + pass.number))
        });
        order.filter(|order| same(order, examples)).cloned().ok_or_else(|| Unrecorded {
            wanted: format!(
                "pass {} of stream {} in phase {} over its {} examples",
                pass.number,
                pass.stream,
                pass.phase,
                examples.len()
            ),
        })
    }

    fn settled_order(&mut self, pass: &Pass, examples: &[i64]) -> Result<Vec<i64>, Unrecorded> {
        self.order(pass, examples)
    }

    fn sample(&mut self, _part: &PartOf, _examples: &[i64], count: usize) -> Result<Vec<i64>, Unrecorded> {
        let recorded = self.golden.lists.get(self.script.recording.sample);
        let sample = recorded.and_then(|list| serde_json::from_value::<Vec<i64>>(list.clone()).ok());
        let end = self.golden.host.labels.len() as i64;
        sample
            .filter(|sample| sample.len() == count && inside("index", sample, end).is_ok())
            .ok_or_else(|| Unrecorded { wanted: format!("sample of {count} examples") })
    }

    fn labels(
        &mut self,
        _part: &PartOf,
        pass: &Pass,
        examples: &[i64],
        classes: i64,
    ) -> Result<Vec<i64>, Unrecorded> {
        let labels = self.recorded_labels(pass, examples);
        labels
            .filter(|labels| labels.len() == examples.len() && inside("label", labels, classes).is_ok())
            .ok_or_else(|| Unrecorded { wanted: format!("labels of pass {}", pass.number) })
    }

    fn left_out(&mut self, _persons: &Persons, _folds: NonZeroU32) -> Result<Vec<bool>, Unrecorded> {
        Err(Unrecorded { wanted: "persons who are left out".to_owned() })
    }

    fn choose(
        &mut self,
        draw: &str,
        among: &[&str],
        _count: usize,
        _replacement: Replacement,
    ) -> Result<Vec<usize>, Unrecorded> {
        let missing = || Unrecorded { wanted: format!("choice `{draw}` among the tensors that are there") };
        let (words, number) = draw.split_once(' ').ok_or_else(missing)?;
        let (_, list, key) = CHOICES.iter().find(|(choice, ..)| *choice == words).ok_or_else(missing)?;
        let names = self.entry(list, &[&format!("{key}{number}")]).ok_or_else(missing)?;
        let names: Vec<String> = serde_json::from_value(names.clone()).map_err(|_| missing())?;
        let place = |name: &String| among.iter().position(|key| key == name).ok_or_else(missing);
        names.iter().map(place).collect()
    }
}

/// Whether both hold the same examples.
fn same(order: &[i64], examples: &[i64]) -> bool {
    let sorted = |positions: &[i64]| {
        let mut positions = positions.to_vec();
        positions.sort_unstable();
        positions
    };
    sorted(order) == sorted(examples)
}

/// The passes of one list. Batches must be cut as a recipe cuts them: all of one size but the last.
fn passes(golden: &Golden, list: &List) -> Result<Passes, GoldenError> {
    let wrong = |problem| GoldenError::List { name: list.name.to_owned(), problem };
    let epochs = golden.lists.get(list.name).and_then(Value::as_object).ok_or_else(|| wrong("is missing"))?;
    let mut passes = BTreeMap::new();
    for (epoch, batches) in epochs {
        let number = epoch.strip_prefix("epoch").and_then(|number| number.parse().ok());
        let number = number.ok_or_else(|| wrong("has a key that is not `epochN`"))?;
        let batches: Vec<Vec<i64>> = serde_json::from_value(batches.clone())
            .map_err(|_| wrong("is not made of batches of indices"))?;
        let (last, full) = batches.split_last().ok_or_else(|| wrong("has a pass without batches"))?;
        let size = list.batch_size.get() as usize;
        let fits = full.iter().all(|batch| batch.len() == size) && last.len() <= size + 1;
        if !fits || last.is_empty() {
            return Err(wrong("is cut into batches otherwise than its batch size says"));
        }
        let order = batches.concat();
        inside("index", &order, golden.host.labels.len() as i64)?;
        passes.insert(number, order);
    }
    Ok(passes)
}
