//! Groups of models that were measured on the same forget set.

use std::{fmt, marker::PhantomData};

use serde::Serialize;
use sweep_protocol::terms::UnitInterval;

use super::incomparable::Incomparable;

/// Largest magnitude of a confidence. Logit-scaled ones stay within ±103.62; up to here the index of a
/// threshold (100 per unit) is exact in single precision, in which the reference computes it.
pub const MAX_CONFIDENCE: f64 = 80_000.0;

/// Models unlearned from the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlearned {}

/// Models trained from scratch on the retain set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retrained {}

/// Which of the two groups something is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The models under test.
    Unlearned,
    /// The oracle.
    Retrained,
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Unlearned => "unlearned",
            Self::Retrained => "retrained",
        })
    }
}

/// What a group stands for in a comparison: [`Unlearned`] or [`Retrained`].
pub trait Kind: fmt::Debug + Clone + Send + Sync + 'static {
    /// The group's name in messages.
    const SIDE: Side;
}

impl Kind for Unlearned {
    const SIDE: Side = Side::Unlearned;
}

impl Kind for Retrained {
    const SIDE: Side = Side::Retrained;
}

/// What the score needs of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Logit-scaled confidence on each forget example; \[S\].
    pub confidences: Vec<f64>,
    /// Share of the retain set that is classified correctly.
    pub retain_accuracy: UnitInterval,
    /// Share of the test set (or of the validation set, where there is none) that is classified correctly.
    pub held_out_accuracy: UnitInterval,
}

/// Confidences of N models on S forget examples: finite, at most [`MAX_CONFIDENCE`], N ≥ 1 and S ≥ 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Confidences<K> {
    models: usize,
    examples: usize,
    /// Example by example, because examples are compared one by one; \[S, N\].
    by_example: Vec<f64>,
    kind: PhantomData<K>,
}

impl<K: Kind> Confidences<K> {
    /// Checks rows of confidences, one per model; \[N\]\[S\].
    pub fn new<R: AsRef<[f64]>>(rows: &[R]) -> Result<Self, Incomparable> {
        let side = K::SIDE;
        let examples = rows.first().map_or(0, |row| row.as_ref().len());
        if rows.is_empty() {
            return Err(Incomparable::TooFewModels { have: 0 });
        }
        if examples == 0 {
            return Err(Incomparable::NoExamples { side });
        }
        for (model, row) in rows.iter().map(AsRef::as_ref).enumerate() {
            if row.len() != examples {
                return Err(Incomparable::Ragged { side, model, have: row.len(), want: examples });
            }
            check_row(side, model, row)?;
        }
        let by_example =
            (0..examples).flat_map(|example| rows.iter().map(move |row| row.as_ref()[example])).collect();
        Ok(Self { models: rows.len(), examples, by_example, kind: PhantomData })
    }

    /// Number of models (N).
    pub fn models(&self) -> usize {
        self.models
    }

    /// Number of forget examples (S).
    pub fn examples(&self) -> usize {
        self.examples
    }

    /// The same models on some of the examples, which are there, in this order.
    fn among(&self, examples: &[usize]) -> Self {
        let columns = examples.iter().flat_map(|&example| self.of_example(example)).copied();
        Self {
            models: self.models,
            examples: examples.len(),
            by_example: columns.collect(),
            kind: PhantomData,
        }
    }

    /// Confidences of all models on one example; \[N\].
    pub fn of_example(&self, example: usize) -> &[f64] {
        &self.by_example[example * self.models..][..self.models]
    }
}

fn check_row(side: Side, model: usize, row: &[f64]) -> Result<(), Incomparable> {
    let limit = MAX_CONFIDENCE;
    for (example, &value) in row.iter().enumerate() {
        if !value.is_finite() {
            return Err(Incomparable::NotFinite { side, model, example, value });
        }
        if value.abs() > limit {
            return Err(Incomparable::OutOfRange { side, model, example, value, limit });
        }
    }
    Ok(())
}

/// The finished models of one point: their confidences and accuracies.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensemble<K> {
    confidences: Confidences<K>,
    retain_accuracies: Vec<f64>,
    held_out_accuracies: Vec<f64>,
}

impl<K: Kind> Ensemble<K> {
    /// Gathers the finished models of a point of which `want` were asked for.
    pub fn new(models: &[Model], want: usize) -> Result<Self, Incomparable> {
        if models.len() < want || models.is_empty() {
            return Err(Incomparable::Incomplete { side: K::SIDE, have: models.len(), want: want.max(1) });
        }
        let rows: Vec<&[f64]> = models.iter().map(|model| model.confidences.as_slice()).collect();
        Ok(Self {
            confidences: Confidences::new(&rows)?,
            retain_accuracies: models.iter().map(|model| model.retain_accuracy.get()).collect(),
            held_out_accuracies: models.iter().map(|model| model.held_out_accuracy.get()).collect(),
        })
    }

    /// These models and then those of another group on the same forget set, as one group.
    pub(super) fn joined<L: Kind, A: Kind>(&self, other: &Ensemble<L>) -> Ensemble<A> {
        let examples = self.examples();
        let columns = (0..examples).flat_map(|example| {
            [self.confidences.of_example(example), other.confidences.of_example(example)].concat()
        });
        let both = |one: &[f64], other: &[f64]| [one, other].concat();
        Ensemble {
            confidences: Confidences {
                models: self.models() + other.models(),
                examples,
                by_example: columns.collect(),
                kind: PhantomData,
            },
            retain_accuracies: both(&self.retain_accuracies, &other.retain_accuracies),
            held_out_accuracies: both(&self.held_out_accuracies, &other.held_out_accuracies),
        }
    }

    /// The same models on some of the forget examples, which are there, in this order.
    pub(super) fn among(&self, examples: &[usize]) -> Self {
        Self { confidences: self.confidences.among(examples), ..self.clone() }
    }

    /// Number of models (N).
    pub fn models(&self) -> usize {
        self.confidences.models()
    }

    /// Number of forget examples (S).
    pub fn examples(&self) -> usize {
        self.confidences.examples()
    }

    /// Their confidences.
    pub fn confidences(&self) -> &Confidences<K> {
        &self.confidences
    }

    /// Accuracy of each model on the retain set, as fractions; \[N\].
    pub fn retain_accuracies(&self) -> &[f64] {
        &self.retain_accuracies
    }

    /// Accuracy of each model on the held-out set, as fractions; \[N\].
    pub fn held_out_accuracies(&self) -> &[f64] {
        &self.held_out_accuracies
    }
}
