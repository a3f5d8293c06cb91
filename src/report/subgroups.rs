//! The section of the parts of the forget set: who is harmed.

use std::collections::BTreeSet;

use minijinja::{Value, context};

use super::cell::{LONGEST_TITLE, interval};
use crate::{
    frame::{Estimate, Frame, GroupedBy, SubgroupRow, decimals, shortened},
    plan::Forgotten,
};

/// q up to which a part is called different.
const LEVEL: f64 = 0.05;
/// Rows on the page for each kind of part; `groups.csv` has all.
const MOST: usize = 20;

/// The section; no kinds where no part was tested.
pub(super) fn view(frame: &Frame) -> Value {
    let kinds = GroupedBy::ALL.into_iter().filter_map(|by| {
        let rows = worst_first(frame, by);
        (!rows.is_empty()).then(|| {
            let left_out = rows.len().saturating_sub(MOST);
            let shown: Value = rows.iter().take(MOST).map(|row| view_of(frame, row)).collect();
            context! { by => by.word(), summary => summary(frame, by, &rows), rows => shown, left_out }
        })
    });
    let measured = frame.subgroups.iter().any(|row| row.accuracy.is_some());
    context! { kinds => kinds.collect::<Value>(), missing => missing(frame), measured }
}

/// The parts of one kind under the best point of each method: those told from retraining first, then by how much is left to an
/// attacker.
fn worst_first(frame: &Frame, by: GroupedBy) -> Vec<&SubgroupRow> {
    let mut labels = BTreeSet::new();
    let best: BTreeSet<usize> = frame
        .ranking()
        .into_iter()
        .filter(|(point, _)| labels.insert(point.label.as_str()))
        .map(|(point, _)| point.position)
        .collect();
    let mut rows: Vec<&SubgroupRow> =
        frame.subgroups.iter().filter(|row| row.by == by && best.contains(&row.point)).collect();
    let quality = |row: &SubgroupRow| row.quality.map_or(f64::INFINITY, |own| own.value);
    rows.sort_by(|one, other| {
        let found = is_found(other).cmp(&is_found(one));
        found.then(quality(one).total_cmp(&quality(other))).then(one.tested.p.total_cmp(&other.tested.p))
    });
    rows
}

fn is_found(row: &SubgroupRow) -> bool {
    row.tested.q.is_some_and(|q| q <= LEVEL)
}

/// `2 of 20 persons …`: how many parts of a kind are told from retraining under the best point of some method.
fn summary(frame: &Frame, by: GroupedBy, rows: &[&SubgroupRow]) -> String {
    let names = |found: &dyn Fn(&SubgroupRow) -> bool| {
        rows.iter().filter(|row| found(row)).map(|row| row.name.as_str()).collect::<BTreeSet<_>>().len()
    };
    let (found, all) = (names(&is_found), names(&|_| true));
    let kind = match by {
        GroupedBy::Class => "classes",
        GroupedBy::Person => "persons",
        GroupedBy::Difficulty => "thirds by difficulty",
    };
    if found == 0 {
        return format!("Told from retraining: none of {all} {kind} (q ≤ {LEVEL}).");
    }
    let worst = rows.first().map_or_else(String::new, |row| worst(frame, row));
    format!("Told from retraining: {found} of {all} {kind} (q ≤ {LEVEL}){worst}.")
}

fn worst(frame: &Frame, row: &SubgroupRow) -> String {
    let title = shortened(&frame.points[row.point].title, LONGEST_TITLE);
    let quality = row.quality.map_or_else(String::new, |own| format!(", cross-fitted {own}"));
    format!("; worst {} {} under {title}{quality}", row.by.word(), row.name)
}

/// Why there are parts that can't be shown.
fn missing(frame: &Frame) -> String {
    let known = frame.sweep.inputs.as_ref().map(|inputs| &inputs.forgotten);
    let reasons = [
        known.is_none().then_some("The engine has no data set, so nothing is known of classes and persons."),
        known
            .is_some_and(Forgotten::is_empty)
            .then_some("The plan says nothing of the forget set's classes and persons; run the sweep again, which adds it and repeats nothing."),
        known
            .is_some_and(|known| !known.is_empty() && known.persons.is_empty())
            .then_some("The data set names no persons."),
        (!frame.subgroups.iter().any(|row| row.by == GroupedBy::Difficulty)).then_some(
            "There is no difficulty without held-out retrained models, which say how hard an example is.",
        ),
    ];
    reasons.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn view_of(frame: &Frame, row: &SubgroupRow) -> Value {
    let cell = |estimate: Option<Estimate>| {
        context! {
            value => estimate.map_or_else(|| "–".to_owned(), |own| decimals(own.value)),
            interval => estimate.map_or_else(String::new, |own| interval(own.interval)),
        }
    };
    let percent = |share: f64| format!("{:.1}", share * 100.0);
    let point = &frame.points[row.point];
    context! {
        name => row.name.as_str(),
        title => shortened(&point.title, LONGEST_TITLE),
        marks => point.marks(),
        examples => row.examples,
        n => row.n,
        quality => cell(row.quality),
        told_apart => row.told_apart.map_or_else(|| "–".to_owned(), percent),
        shift => cell(row.shift.map(|own| own.shift)),
        p => decimals(row.tested.p),
        q => row.tested.q.map_or_else(String::new, decimals),
        found => is_found(row),
        accuracy => row.accuracy.map_or_else(String::new, |own| own.percent()),
        oracle => row.oracle_accuracy.map_or_else(String::new, percent),
    }
}

/// The same for a terminal: a line for each kind in which something is found.
pub(super) fn lines(frame: &Frame) -> Vec<String> {
    let kinds = GroupedBy::ALL.into_iter().map(|by| (by, worst_first(frame, by)));
    let found = kinds.filter(|(_, rows)| rows.first().is_some_and(|row| is_found(row)));
    found.map(|(by, rows)| format!("harmed, by {}: {}", by.word(), summary(frame, by, &rows))).collect()
}
