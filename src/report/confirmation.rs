//! The section of the points that were carried out once more: what is left of what a search has found.

use minijinja::{Value, context};

use super::{
    cell::{LONGEST_TITLE, interval},
    nulls,
};
use crate::frame::{ConfirmationRow, Estimate, Frame, PointRow, ScoreRow, decimals, shortened};

/// The headline of a sweep that confirms what it finds: nothing else stands in it.
pub(super) fn headline(frame: &Frame) -> Option<String> {
    let confirm = frame.sweep.confirm?;
    let confirmed = frame.confirmed();
    let Some((row, point)) = confirmed.first() else {
        return Some(format!(
            "Nothing is confirmed yet: the best points are carried out on {} fresh seeds once all points are measured.",
            confirm.seeds
        ));
    };
    let score = point.score.as_ref().ok()?;
    let left = row.confirmed?;
    let tested = nulls::sentence(point).map_or_else(String::new, |sentence| format!(" {sentence}"));
    Some(format!(
        "On {} fresh seeds, against retrained models that had no say, {} is best: quality × utility {left}, score {}.{tested} {}",
        score.n,
        point.title,
        score.score,
        luck(frame, row)
    ))
}

/// What the choice among so many points was worth.
fn luck(frame: &Frame, row: &ConfirmationRow) -> String {
    let tried = tried(frame);
    row.optimism.map_or_else(String::new, |optimism| {
        let clear = optimism.interval.is_some_and(|ends| ends.low > 0.0);
        let so = if clear { "" } else { "; chance explains that" };
        format!("The search, of {tried} points, had promised {optimism} more{so}.")
    })
}

/// Points that were measured.
fn tried(frame: &Frame) -> usize {
    frame.ranking().len()
}

/// The section; no rows for a sweep that confirms nothing, or not yet.
pub(super) fn view(frame: &Frame) -> Value {
    let rows = frame.confirmations.iter().map(|row| view_of(row, &frame.points[row.fresh]));
    let n = frame.confirmations.first().map_or(0, |row| row.n);
    let seeds = frame.sweep.confirm.map_or(0, |confirm| confirm.seeds);
    context! { rows => rows.collect::<Value>(), n, seeds, tried => tried(frame) }
}

fn view_of(row: &ConfirmationRow, point: &PointRow) -> Value {
    let cell = |estimate: Option<Estimate>| {
        context! {
            value => estimate.map_or_else(|| "–".to_owned(), |own| decimals(own.value)),
            interval => estimate.map_or_else(String::new, |own| interval(own.interval)),
        }
    };
    let score = point.score.as_ref().ok();
    let test = score.and_then(|score| score.nulls).map(|nulls| nulls.omnibus);
    context! {
        title => shortened(&point.title, LONGEST_TITLE),
        marks => point.marks(),
        searched => cell(row.searched),
        confirmed => cell(row.confirmed),
        optimism => cell(row.optimism),
        score => cell(score.map(|score| score.score)),
        p => test.map_or_else(|| "–".to_owned(), |test| decimals(test.p)),
        q => test.and_then(|test| test.q).map_or_else(String::new, decimals),
        reason => point.score.as_ref().err().map(ToString::to_string),
    }
}

/// The same for a terminal, one line each.
pub(super) fn lines(frame: &Frame) -> Vec<String> {
    let line = |row: &ConfirmationRow| {
        let point = &frame.points[row.fresh];
        let optimism = row.optimism.map_or_else(String::new, |own| format!(", optimism {own}"));
        let score = |score: &ScoreRow| {
            let p = score.nulls.map_or_else(String::new, |own| format!(", p {}", own.omnibus));
            format!("score {} at N = {}{p}", score.score, score.n)
        };
        match (&point.score, row.confirmed) {
            (Ok(own), Some(left)) => {
                format!("confirmed: {}: quality × utility {left}{optimism}; {}", point.title, score(own))
            }
            (Err(reason), _) => format!("not confirmed: {}: {reason}", point.title),
            (Ok(_), None) => format!("not confirmed: {}: its search has no number", point.title),
        }
    };
    frame.confirmations.iter().map(line).collect()
}
