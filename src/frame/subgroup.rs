//! What parts of the forget set show, as rows.

use polars::prelude::{DataFrame, PolarsResult};

use super::{
    PointRow, Sweep,
    estimate::{Estimate, Mean},
    null::{ShiftRow, Tested},
    table::{column, texts},
};

/// What examples of one part have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupedBy {
    /// Their label.
    Class,
    /// Whom they show.
    Person,
    /// How sure retrained models are of them.
    Difficulty,
}

impl GroupedBy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Class, Self::Person, Self::Difficulty];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Person => "person",
            Self::Difficulty => "difficulty",
        }
    }
}

/// One part of the forget set under one point.
#[derive(Debug, Clone, PartialEq)]
pub struct SubgroupRow {
    /// Position of the point.
    pub point: usize,
    /// What its examples have in common.
    pub by: GroupedBy,
    /// Which of these parts it is: a class, a person, `hard`.
    pub name: String,
    /// How many examples it has.
    pub examples: u64,
    /// Models per side.
    pub n: u64,
    /// Cross-fitted quality of these examples alone, where N is large enough for one.
    pub quality: Option<Estimate>,
    /// Share of its examples whose ε is above 0 beyond doubt.
    pub told_apart: Option<f64>,
    /// How far their confidences lie from retrained models'.
    pub shift: Option<ShiftRow>,
    /// The exact test of these examples.
    pub tested: Tested,
    /// Share of them that the models classify as labelled, where single examples were measured.
    pub accuracy: Option<Mean>,
    /// The same of the oracle.
    pub oracle_accuracy: Option<f64>,
}

/// The table of parts of the forget set.
pub(super) fn table(rows: &[SubgroupRow], points: &[PointRow], sweep: &Sweep) -> PolarsResult<DataFrame> {
    let point = |row: &SubgroupRow| &points[row.point];
    let number =
        |name, pick: fn(&SubgroupRow) -> Option<f64>| column(name, rows.iter().map(pick).collect::<Vec<_>>());
    let columns = vec![
        texts("label", rows.iter().map(|row| Some(point(row).label.as_str()))),
        texts("title", rows.iter().map(|row| Some(point(row).title.as_str()))),
        texts("by", rows.iter().map(|row| Some(row.by.word()))),
        texts("group", rows.iter().map(|row| Some(row.name.as_str()))),
        column("examples", rows.iter().map(|row| row.examples).collect::<Vec<_>>()),
        column("n", rows.iter().map(|row| row.n).collect::<Vec<_>>()),
        number("cross_fitted", |row| row.quality.map(|own| own.value)),
        number("cross_fitted_low", |row| row.quality?.interval.map(|ends| ends.low)),
        number("cross_fitted_high", |row| row.quality?.interval.map(|ends| ends.high)),
        number("told_apart", |row| row.told_apart),
        number("shift", |row| row.shift.map(|own| own.shift.value)),
        number("shift_low", |row| row.shift?.shift.interval.map(|ends| ends.low)),
        number("shift_high", |row| row.shift?.shift.interval.map(|ends| ends.high)),
        number("p", |row| Some(row.tested.p)),
        number("q", |row| row.tested.q),
        number("accuracy", |row| row.accuracy.map(|own| own.value)),
        number("accuracy_ci95", |row| row.accuracy?.half_width),
        number("oracle_accuracy", |row| row.oracle_accuracy),
        texts("engine", rows.iter().map(|_| Some(sweep.engine.name.as_str()))),
        texts("split", rows.iter().map(|_| sweep.split())),
    ];
    DataFrame::new(rows.len(), columns)
}
