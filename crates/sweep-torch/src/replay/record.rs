//! Recorded draws in place of random ones.

use std::collections::BTreeMap;

use super::{
    golden::{Golden, GoldenError, inside},
    script::Script,
};
use crate::draws::{Draws, Pass, Purpose, Unrecorded};

/// The draws of one golden file.
pub(super) struct Record<'a> {
    golden: &'a Golden,
    /// Passes of each stream, in order.
    orders: Vec<BTreeMap<u64, Vec<i64>>>,
}

impl<'a> Record<'a> {
    pub(super) fn new(golden: &'a Golden, script: &Script) -> Result<Self, GoldenError> {
        let orders = script.lists.iter().map(|&(name, batch_size)| passes(golden, name, batch_size));
        Ok(Self { golden, orders: orders.collect::<Result<_, _>>()? })
    }

    fn values(&self, purpose: &Purpose<'_>, count: usize) -> Result<Vec<f64>, Unrecorded> {
        let name = match purpose {
            Purpose::Birth { key } => format!("rand.init.{key}"),
            Purpose::Reinit { key, .. } => format!("rand.reinit.{key}"),
            Purpose::Noise { key, .. } => format!("rand.noise.{key}"),
        };
        let values = self.golden.recorded.f32(&name).ok().filter(|values| values.len() == count);
        let values = values.ok_or_else(|| Unrecorded { wanted: format!("`{name}` of {count} values") })?;
        Ok(values.into_iter().map(f64::from).collect())
    }
}

impl Draws for Record<'_> {
    fn normal(&mut self, purpose: &Purpose<'_>, count: usize, _std: f64) -> Result<Vec<f64>, Unrecorded> {
        self.values(purpose, count)
    }

    fn uniform(&mut self, purpose: &Purpose<'_>, count: usize, _bound: f64) -> Result<Vec<f64>, Unrecorded> {
        self.values(purpose, count)
    }

    fn order(&mut self, pass: &Pass, examples: &[i64]) -> Result<Vec<i64>, Unrecorded> {
        let recorded = self.orders.get(pass.stream).and_then(|passes| passes.get(&pass.number));
        recorded.filter(|order| order.len() == examples.len()).cloned().ok_or_else(|| Unrecorded {
            wanted: format!(
                "pass {} of stream {} over {} examples",
                pass.number,
                pass.stream,
                examples.len()
            ),
        })
    }
}

/// The passes of one list. Batches must be cut as a recipe cuts them: all of one size but the last.
fn passes(golden: &Golden, name: &str, batch_size: usize) -> Result<BTreeMap<u64, Vec<i64>>, GoldenError> {
    let wrong = |problem| GoldenError::List { name: name.to_owned(), problem };
    let list = golden.lists.get(name).ok_or_else(|| wrong("is missing"))?;
    let mut passes = BTreeMap::new();
    for (epoch, batches) in list {
        let number = epoch.strip_prefix("epoch").and_then(|number| number.parse().ok());
        let number = number.ok_or_else(|| wrong("has a key that is not `epochN`"))?;
        let batches: Vec<Vec<i64>> = serde_json::from_value(batches.clone())
            .map_err(|_| wrong("is not made of batches of indices"))?;
        let (last, full) = batches.split_last().ok_or_else(|| wrong("has a pass without batches"))?;
        let fits = full.iter().all(|batch| batch.len() == batch_size) && last.len() <= batch_size + 1;
        if !fits || last.len() < 2 {
            return Err(wrong("is cut into batches otherwise than its batch size says"));
        }
        let order = batches.concat();
        inside("index", &order, golden.host.labels.len() as i64)?;
        passes.insert(number, order);
    }
    Ok(passes)
}
