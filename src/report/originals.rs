//! The section of several originals: what they and unlearning have of the spread of each point.

use comfy_table::Table;
use minijinja::{Value, context};

use super::cell::LONGEST_TITLE;
use crate::frame::{Estimate, Frame, PerNumber, PointRow, SpreadRow, shortened};

/// The spread of each number of one point.
type Spreads = PerNumber<Option<SpreadRow>>;

/// Points on the page; `points.csv` has all.
const MOST: usize = 30;
/// Points in a terminal, the floor beside them.
const MOST_IN_TERMINAL: usize = 5;
const HEADS: [&str; 5] = ["point", "of what", "between originals", "within one", "oracle"];

/// The spread of one number of a point, as text.
struct Line {
    number: &'static str,
    between: String,
    within: String,
    oracle: String,
}

/// The section; no rows where there is one original.
pub(super) fn view(frame: &Frame) -> Value {
    let (points, left_out) = points(frame, MOST);
    let view = |(point, row): &(&PointRow, &Spreads)| {
        let lines = lines(row).into_iter().map(|line| {
            let Line { number, between, within, oracle } = line;
            context! { number, between, within, oracle }
        });
        context! {
            kind => if point.is_floor() { "floor" } else { "ranked" },
            title => title(point),
            marks => point.marks(),
            lines => lines.collect::<Value>(),
        }
    };
    context! {
        originals => frame.sweep.originals,
        rows => points.iter().map(view).collect::<Value>(),
        left_out,
    }
}

/// The same as a table for a terminal; nothing where there is one original.
pub(super) fn table(frame: &Frame) -> Option<Table> {
    let (points, _) = points(frame, MOST_IN_TERMINAL);
    if points.is_empty() {
        return None;
    }
    let mut table = Table::new();
    table.set_header(HEADS);
    for (point, row) in points {
        for (nth, line) in lines(row).into_iter().enumerate() {
            let title = if nth == 0 { title(point) } else { String::new() };
            table.add_row([title, line.number.to_owned(), line.between, line.within, line.oracle]);
        }
    }
    Some(table)
}

/// The best points and the floor with their components, and how many are left out.
fn points(frame: &Frame, most: usize) -> (Vec<(&PointRow, &Spreads)>, usize) {
    let ranked = frame.ranking().into_iter().map(|(point, _)| point);
    let of = |point| Some((point, components(point)?));
    let mut points: Vec<_> = ranked.filter_map(of).collect();
    let left_out = points.len().saturating_sub(most);
    points.truncate(most);
    points.extend(frame.floor().and_then(of));
    (points, left_out)
}

fn components(point: &PointRow) -> Option<&Spreads> {
    point.score.as_ref().ok()?.components.as_ref()
}

fn title(point: &PointRow) -> String {
    if point.is_floor() { "Floor: identity".to_owned() } else { shortened(&point.title, LONGEST_TITLE) }
}

fn lines(row: &Spreads) -> Vec<Line> {
    row.for_readers().map(|(number, own, unit)| line(number, own, unit)).collect()
}

fn line(number: &'static str, spread: SpreadRow, unit: f64) -> Line {
    let number_of = |value: f64| format!("{:.2}", value * unit);
    let estimate = |own: Estimate| match own.interval {
        Some(ends) => {
            format!("{} [{}, {}]", number_of(own.value), number_of(ends.low), number_of(ends.high))
        }
        None => number_of(own.value),
    };
    Line {
        number,
        between: estimate(spread.between),
        within: estimate(spread.within),
        oracle: spread.oracle.map_or_else(|| "–".to_owned(), number_of),
    }
}
