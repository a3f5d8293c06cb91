//! Which images are learned from and which are held out, by label.

use serde::Serialize;
use sweep_chance::{Chance, torch};

use crate::error::ImportError;

/// Where validation and test set come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldOut {
    /// Halves of the test images, by class; where there are none, a tenth of all images each, by class.
    ByClass,
    /// Halves of CIFAR-10's test images as the starting kit of the challenge draws them, with `PyTorch`'s generator.
    StartingKit,
}

/// Test images of CIFAR-10.
const KIT_TESTS: usize = 10_000;

/// The seed of the starting kit's split.
const KIT_SEED: u64 = 42;

/// Rows of the sets; the forget set is among the training rows still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) train: Vec<usize>,
    pub(crate) validation: Vec<usize>,
    pub(crate) test: Vec<usize>,
}

impl HeldOut {
    /// Divides rows with these labels, of which those from `tests` on are test images, where there are any.
    pub(crate) fn divide(self, labels: &[u32], tests: usize, seed: u64) -> Result<Parts, ImportError> {
        let mut parts = match self {
            Self::StartingKit => kit(labels.len(), tests)?,
            Self::ByClass if tests < labels.len() => halves(labels, tests, seed),
            Self::ByClass => tenths(labels, seed),
        };
        for rows in [&mut parts.train, &mut parts.validation, &mut parts.test] {
            rows.sort_unstable();
        }
        if parts.train.len() < 2 || parts.validation.is_empty() || parts.test.is_empty() {
            return Err(ImportError::TooFew { images: labels.len() });
        }
        refuse_missing_classes(labels, &parts.train)?;
        Ok(parts)
    }
}

fn kit(images: usize, tests: usize) -> Result<Parts, ImportError> {
    if images - tests != KIT_TESTS {
        return Err(ImportError::NotTheKits { tests: images - tests });
    }
    let order = torch::randperm(KIT_TESTS, KIT_SEED);
    let (test, validation) = order.split_at(KIT_TESTS / 2);
    let rows = |positions: &[usize]| positions.iter().map(|position| tests + position).collect();
    Ok(Parts { train: (0..tests).collect(), validation: rows(validation), test: rows(test) })
}

fn halves(labels: &[u32], tests: usize, seed: u64) -> Parts {
    let mut parts = Parts { train: (0..tests).collect(), validation: Vec::new(), test: Vec::new() };
    // The odd image goes to the set that is the smaller one so far.
    for rows in by_class(labels, tests..labels.len(), seed) {
        let more_to_test = parts.test.len() <= parts.validation.len();
        let half = if more_to_test { rows.len().div_ceil(2) } else { rows.len() / 2 };
        parts.test.extend_from_slice(&rows[..half]);
        parts.validation.extend_from_slice(&rows[half..]);
    }
    parts
}

fn tenths(labels: &[u32], seed: u64) -> Parts {
    let mut parts = Parts { train: Vec::new(), validation: Vec::new(), test: Vec::new() };
    for rows in by_class(labels, 0..labels.len(), seed) {
        let tenth = rows.len().div_ceil(10).min(rows.len() / 3);
        parts.test.extend_from_slice(&rows[..tenth]);
        parts.validation.extend_from_slice(&rows[tenth..2 * tenth]);
        parts.train.extend_from_slice(&rows[2 * tenth..]);
    }
    parts
}

/// Rows of each class in a random order.
fn by_class(labels: &[u32], rows: std::ops::Range<usize>, seed: u64) -> Vec<Vec<usize>> {
    let classes = labels[rows.clone()].iter().max().map_or(0, |last| *last as usize + 1);
    let mut of_class = vec![Vec::new(); classes];
    for row in rows {
        of_class[labels[row] as usize].push(row);
    }
    let mut chance = Chance::of_purpose("sweep 2026-11 import: validation and test", &[&seed.to_le_bytes()]);
    for rows in &mut of_class {
        chance.shuffle(rows);
    }
    of_class
}

fn refuse_missing_classes(labels: &[u32], train: &[usize]) -> Result<(), ImportError> {
    let last = labels.iter().copied().max().unwrap_or(0);
    let mut there = vec![false; last as usize + 1];
    for row in train {
        there[labels[*row] as usize] = true;
    }
    match there.iter().position(|there| !there) {
        Some(class) => Err(ImportError::MissingClass { class: class as u32, last }),
        None => Ok(()),
    }
}
