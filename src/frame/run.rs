//! One run as a row.

use std::collections::BTreeMap;

use sweep_protocol::terms::{RunId, Seed, Value};

use super::{
    flag::Flag,
    text::{printable, unnamed},
};
use crate::{
    outcome::{Outcome, Status},
    plan::{Plan, Run},
};

/// How a run ended, as the store has it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEnd {
    /// Which attempt it was, counted from 1.
    pub attempt: u32,
    /// Who carried it out, or which cache it came from.
    pub source: String,
    /// The end itself.
    pub outcome: Outcome,
}

/// One run: what was asked, how it ended, what was measured. All text is printable.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// The run.
    pub id: RunId,
    /// Position of its point among the points.
    pub point: usize,
    /// Its seed.
    pub seed: Seed,
    /// How it ended.
    pub status: Status,
    /// Which attempt it was, where there was one.
    pub attempt: Option<u32>,
    /// Who carried it out, or which cache it came from.
    pub source: Option<String>,
    /// What was measured, where the run finished.
    pub measured: Option<Measured>,
    /// Why it has no measurement, in words.
    pub message: Option<String>,
    /// What is odd about it.
    pub flags: Vec<Flag>,
}

/// What a finished run measured: fractions, seconds, steps; a number that isn't finite is absent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Accuracy on the retain set.
    pub retain_acc: f64,
    /// Accuracy on the forget set.
    pub forget_acc: f64,
    /// Accuracy on the validation set.
    pub val_acc: f64,
    /// Accuracy on the test set, where there is one.
    pub test_acc: Option<f64>,
    /// Accuracy on what the forget set's images show, where their labels are wrong.
    pub truth_acc: Option<f64>,
    /// Seconds in the recipe alone.
    pub unlearn_s: Option<f64>,
    /// Seconds spent measuring.
    pub measure_s: Option<f64>,
    /// Optimiser steps taken.
    pub steps: u64,
}

impl RunRow {
    /// The row of a run; `original` is the retain accuracy of what it started from, where the run unlearns.
    pub(super) fn of(run: &Run, end: Option<&RunEnd>, original: Option<f64>) -> Self {
        let measurement = end.and_then(|end| end.outcome.measurement());
        Self {
            id: run.id.clone(),
            point: run.point,
            seed: run.seed,
            status: end.map_or(Status::Pending, |end| end.outcome.status()),
            attempt: end.map(|end| end.attempt),
            source: end.map(|end| printable(&end.source)),
            measured: end.and_then(|end| measured(&end.outcome)),
            message: end.and_then(|end| message(&end.outcome)),
            flags: measurement
                .map_or_else(Vec::new, |it| Flag::of(it.unchanged, it.accuracy.retain.get(), original)),
        }
    }
}

fn measured(outcome: &Outcome) -> Option<Measured> {
    let measurement = outcome.measurement()?;
    let accuracy = measurement.accuracy;
    Some(Measured {
        retain_acc: accuracy.retain.get(),
        forget_acc: accuracy.forget.get(),
        val_acc: accuracy.validation.get(),
        test_acc: accuracy.test.map(f64::from),
        truth_acc: accuracy.truth.map(f64::from),
        unlearn_s: Some(measurement.unlearn_s).filter(|seconds| seconds.is_finite()),
        measure_s: Some(measurement.measure_s).filter(|seconds| seconds.is_finite()),
        steps: measurement.steps,
    })
}

fn message(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Finished(_) => None,
        Outcome::Diverged { step } => Some(format!("not finite after step {step}")),
        Outcome::Failed { message, .. } => Some(printable(&unnamed(message))),
        Outcome::TimedOut { after_s } => Some(format!("stopped after {after_s} s")),
        Outcome::Cancelled => Some("stopped on request".to_owned()),
    }
}

/// The hyper-parameters of every point, with printable names and words.
pub(super) fn parameters(plan: &Plan) -> Vec<BTreeMap<String, Value>> {
    let shown = |value: &Value| match value {
        Value::Text(text) => Value::Text(printable(text)),
        Value::Float(number) if !number.is_finite() => Value::Text(number.to_string()),
        other => other.clone(),
    };
    plan.points
        .iter()
        .map(|point| point.parameters.iter().map(|(name, value)| (printable(name), shown(value))).collect())
        .collect()
}
