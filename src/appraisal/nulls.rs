//! Exact tests of all points, as rows: p-values by point, q-values over those that are compared.

use std::collections::BTreeMap;

use super::estimate;
use crate::{
    audit::Audit,
    frame::{AuditRow, NullRow, PointScore, ShiftRow, Tested},
    plan::{Plan, Role},
    score::{Nulls, Shift, benjamini_hochberg},
};

/// Namings of the models behind a p-value.
pub(super) const PERMUTATIONS: u64 = 999;

/// The row of one point, still without q-values.
pub(super) fn row(nulls: Nulls) -> NullRow {
    let tested = |p| Tested { p, q: None };
    NullRow {
        omnibus: tested(nulls.omnibus),
        quality: nulls.quality.map(tested),
        score: nulls.score.map(tested),
        shift: nulls.shift.map(shift),
    }
}

pub(super) fn shift(shift: Shift) -> ShiftRow {
    ShiftRow { shift: estimate(shift.value, shift.interval), found: shift.found }
}

/// Adds the q-values: each kind of test is a family of its own, over the methods' points, and again over those that are
/// confirmed. Floor and ceiling are no discoveries, so they take no part.
pub(super) fn correct(plan: &Plan, rows: &mut BTreeMap<usize, PointScore>) {
    correct_family(rows, |position| takes_part(plan, position));
    correct_family(rows, |position| plan.points[position].role == Role::Confirm);
}

fn correct_family(rows: &mut BTreeMap<usize, PointScore>, belongs: impl Fn(usize) -> bool) {
    let mut family: Vec<&mut NullRow> = rows
        .iter_mut()
        .filter(|(position, _)| belongs(**position))
        .filter_map(|(_, row)| row.as_mut().ok()?.nulls.as_mut())
        .collect();
    for kind in 0..NullRow::TESTS {
        let mut tests: Vec<&mut Tested> =
            family.iter_mut().filter_map(|row| row.tests_mut().into_iter().nth(kind).flatten()).collect();
        adjust(&mut tests);
    }
}

/// The same for audits, each of whose numbers is a family of its own.
pub(super) fn correct_audits(plan: &Plan, rows: &mut [AuditRow]) {
    let mut families: BTreeMap<(Audit, &str), Vec<&mut Tested>> = BTreeMap::new();
    for row in rows.iter_mut().filter(|row| takes_part(plan, row.point)) {
        if let Some(test) = row.numbers.as_mut().ok().and_then(|numbers| numbers.tested.as_mut()) {
            families.entry((row.audit, row.measure)).or_default().push(test);
        }
    }
    for tests in families.values_mut() {
        adjust(tests);
    }
}

/// Whether a point may be a discovery: a method's, not the floor.
pub(super) fn takes_part(plan: &Plan, position: usize) -> bool {
    let point = &plan.points[position];
    point.role == Role::Unlearn && !point.is_floor()
}

/// Adds the q-values of one family.
pub(super) fn adjust(tests: &mut [&mut Tested]) {
    let q = benjamini_hochberg(&tests.iter().map(|test| test.p).collect::<Vec<_>>());
    tests.iter_mut().zip(q).for_each(|(test, q)| test.q = Some(q));
}
