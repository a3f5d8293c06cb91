//! What the audits say, as rows.

use polars::prelude::{DataFrame, PolarsResult};

use super::{
    PointRow, Sweep,
    estimate::Mean,
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
    /// Which of its numbers; empty where the audit has none.
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
    /// How far the number is from the oracle's, or from what models that can't be told from the oracle would have.
    pub gap: f64,
    /// The gap of the held-out group at the same N: what two groups of retrained models differ by.
    pub noise_floor: Option<f64>,
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
        number("gap", |numbers| Some(numbers.gap)),
        number("noise_floor", |numbers| numbers.noise_floor),
        texts("dash_reason", rows.iter().map(|row| row.numbers.as_ref().err().map(String::as_str))),
        texts("engine", rows.iter().map(|_| Some(sweep.engine.name.as_str()))),
        texts("split", rows.iter().map(|_| sweep.split())),
    ];
    DataFrame::new(rows.len(), columns)
}
