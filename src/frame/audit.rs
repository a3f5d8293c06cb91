//! What the audits say, as rows.

use polars::prelude::{DataFrame, PolarsResult};

use super::{
    PointRow, Sweep,
    estimate::Mean,
    null::Tested,
    table::{column, texts},
};
use crate::audit::{Audit, LOSS_BINS};

/// One number of an audit for one point, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Position of the point.
    pub point: usize,
    /// The audit.
    pub audit: Audit,
    /// Which of its numbers; empty where none of them can be had.
    pub measure: &'static str,
    /// Models that were audited, beside as many of the oracle.
    pub n: u64,
    /// The number and what it stands beside, or the reason.
    pub numbers: Result<AuditNumbers, String>,
}

/// A number of an audit and what it stands beside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AuditNumbers {
    /// The number: of single models their mean with half its 95 % interval, of a comparison one number without.
    pub value: Mean,
    /// Mean over the models of the oracle, where the number is one of single models.
    pub oracle: Option<f64>,
    /// What a comparison gives where there is no difference: its mean over namings of the models of both sides.
    pub expected: Option<f64>,
    /// The smallest difference from the oracle's mean that as many models find in 80 % of the experiments, where the number
    /// is one of single models.
    pub found: Option<f64>,
    /// The exact test of no difference; `None` where a side has a single model.
    pub tested: Option<Tested>,
}

/// The losses of one point's models on single examples.
#[derive(Debug, Clone, PartialEq)]
pub struct LossRow {
    /// Position of the point.
    pub point: usize,
    /// Shares of the forget set by loss, all models together; see [`loss_shares`](crate::audit::loss_shares).
    pub forget: [f64; LOSS_BINS + 1],
    /// Shares of the test set.
    pub test: [f64; LOSS_BINS + 1],
    /// Accuracy of the attack that tells the two apart, mean over the models.
    pub attack: f64,
}

/// Images of the forget set, each beside what is found of it in the weights of a point's first run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureRow {
    /// Position of the point.
    pub point: usize,
    /// Pixels of a side.
    pub side: usize,
    /// What was to be forgotten and what is found of it, \[3, side, side\] each, colour by colour.
    pub images: Vec<[Vec<u8>; 2]>,
}

/// The table of audits.
pub(super) fn table(rows: &[AuditRow], points: &[PointRow], sweep: &Sweep) -> PolarsResult<DataFrame> {
    let point = |row: &AuditRow| &points[row.point];
    let number = |name, pick: fn(&AuditNumbers) -> Option<f64>| {
        let values = rows.iter().map(|row| row.numbers.as_ref().ok().and_then(pick));
        column(name, values.collect::<Vec<_>>())
    };
    let columns = vec![
        texts("label", rows.iter().map(|row| Some(point(row).label.as_str()))),
        texts("title", rows.iter().map(|row| Some(point(row).title.as_str()))),
        texts("role", rows.iter().map(|row| Some(point(row).role.word()))),
        texts("audit", rows.iter().map(|row| Some(row.audit.entry().name))),
        texts("measure", rows.iter().map(|row| Some(row.measure))),
        column("n", rows.iter().map(|row| row.n).collect::<Vec<_>>()),
        number("value", |numbers| Some(numbers.value.value)),
        number("value_ci95", |numbers| numbers.value.half_width),
        number("oracle", |numbers| numbers.oracle),
        number("expected", |numbers| numbers.expected),
        number("found", |numbers| numbers.found),
        number("p", |numbers| Some(numbers.tested?.p)),
        number("q", |numbers| numbers.tested?.q),
        texts("dash_reason", rows.iter().map(|row| row.numbers.as_ref().err().map(String::as_str))),
        texts("engine", rows.iter().map(|_| Some(sweep.engine.name.as_str()))),
        texts("split", rows.iter().map(|_| sweep.split())),
    ];
    DataFrame::new(rows.len(), columns)
}
