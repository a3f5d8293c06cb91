//! The section of the audits: one table each, the oracle and the held-out group on top.

use std::collections::BTreeSet;

use minijinja::{Value, context};

use crate::{
    audit::Audit,
    frame::{AuditNumbers, AuditRow, Frame, PointRow, decimals, shortened},
};

/// Points on the page, per audit; `audits.csv` has all.
const MOST: usize = 100;
const LONGEST: usize = 160;

/// One table per audit; nothing for a sweep without.
pub(super) fn view(frame: &Frame) -> Value {
    let mut audits: Vec<Audit> = Vec::new();
    for row in &frame.audits {
        if !audits.contains(&row.audit) {
            audits.push(row.audit);
        }
    }
    audits.into_iter().map(|audit| view_of(frame, audit)).collect()
}

fn view_of(frame: &Frame, audit: Audit) -> Value {
    let rows: Vec<&AuditRow> = frame.audits.iter().filter(|row| row.audit == audit).collect();
    let mut measures: Vec<&'static str> = Vec::new();
    for row in rows.iter().filter(|row| row.numbers.is_ok()) {
        if !measures.contains(&row.measure) {
            measures.push(row.measure);
        }
    }
    let reasons: BTreeSet<String> = rows
        .iter()
        .filter_map(|row| {
            let reason = row.numbers.as_ref().err()?;
            let title = shortened(&frame.points[row.point].title, LONGEST);
            // A rate is refused for all points alike, a verdict is a point's own.
            Some(if row.measure.is_empty() || row.audit == Audit::Reconstruction {
                format!("{title}: {reason}")
            } else {
                format!("{}: {reason}", row.measure)
            })
        })
        .collect();
    let points =
        order(frame).into_iter().take(MOST).filter_map(|point| of_point(frame, point, &rows, &measures));
    let table: Vec<Value> = oracle(&rows, &measures).into_iter().chain(points).collect();
    let entry = audit.entry();
    context! {
        name => entry.name,
        about => entry.about,
        source => entry.source,
        measures => Value::from_iter(measures),
        rows => Value::from_iter(table),
        reasons => reasons.into_iter().take(MOST).collect::<Value>(),
    }
}

/// Held-out group and floor first, then the ranking, then the rest.
fn order(frame: &Frame) -> Vec<usize> {
    let position = |wanted: &PointRow| frame.points.iter().position(|point| std::ptr::eq(point, wanted));
    let ranked = frame.ranking().into_iter().map(|(point, _)| point);
    let dashes = frame.dashes().into_iter().map(|(point, _)| point);
    let first = frame.ceiling().into_iter().chain(frame.floor());
    first.chain(ranked).chain(dashes).filter_map(position).collect()
}

/// The oracle's own numbers, as any of the points that were compared at the largest N has them.
fn oracle(rows: &[&AuditRow], measures: &[&'static str]) -> Option<Value> {
    let most = rows.iter().filter(|row| row.numbers.is_ok()).map(|row| row.n).max()?;
    let of = |measure: &&'static str| {
        let row = rows.iter().find(|row| row.n == most && row.measure == *measure)?;
        row.numbers.as_ref().ok()?.oracle
    };
    let values: Vec<Option<f64>> = measures.iter().map(of).collect();
    values.iter().any(Option::is_some).then(|| {
        let cells = values.into_iter().map(|value| {
            context! { value => value.map_or_else(|| "–".to_owned(), decimals), test => "" }
        });
        context! { kind => "ceiling", title => "Oracle: retrained", n => most, cells => cells.collect::<Value>() }
    })
}

fn of_point(frame: &Frame, point: usize, rows: &[&AuditRow], measures: &[&'static str]) -> Option<Value> {
    let own: Vec<(&AuditRow, &AuditNumbers)> = rows
        .iter()
        .filter(|row| row.point == point)
        .filter_map(|row| row.numbers.as_ref().ok().map(|numbers| (*row, numbers)))
        .collect();
    let n = own.first()?.0.n;
    let row = &frame.points[point];
    let (kind, title) = if row.is_ceiling() {
        ("ceiling", "Retrained, held out")
    } else if row.is_floor() {
        ("floor", "Identity")
    } else {
        ("ranked", row.title.as_str())
    };
    let cells = measures.iter().map(|measure| {
        let numbers = own.iter().find(|(row, _)| row.measure == *measure).map(|(_, numbers)| *numbers);
        numbers.map_or_else(|| context! { value => "–", test => "" }, cell)
    });
    Some(context! { kind, title => shortened(title, LONGEST), n, cells => cells.collect::<Value>() })
}

/// A number, and what the exact test says of it: `p 0.001, q 0.004; 0.61 if equal`.
fn cell(numbers: &AuditNumbers) -> Value {
    let half = numbers.value.half_width.map_or_else(String::new, |half| format!(" ± {}", decimals(half)));
    let p = numbers.tested.map(|tested| format!("p {}", decimals(tested.p)));
    let q = numbers.tested.and_then(|tested| tested.q).map(|q| format!(", q {}", decimals(q)));
    let expected = numbers.expected.map(|expected| format!("; {} if equal", decimals(expected)));
    let test = [p, q, expected].into_iter().flatten().collect::<String>();
    context! { value => format!("{}{half}", decimals(numbers.value.value)), test }
}
