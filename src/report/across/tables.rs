//! What stands in the tables of several forget sets, cell by cell: for a terminal and for the page.

use crate::{
    frame::{Across, AcrossRow, CrossedRow, Estimate, Interval, Mean, decimals, shortened},
    report::cell::LONGEST_TITLE,
};

/// Forget sets that have columns of their own; of more, the least and the greatest score are shown.
const MOST_SETS: usize = 6;

pub(super) const SPREAD_HEADS: [&str; 7] =
    ["point", "of what", "forget set", "original", "both", "unlearning", "oracle"];

/// The heads of the table of points.
pub(super) fn heads(across: &Across) -> Vec<String> {
    let mut heads = vec!["point".to_owned(), "score, mean [95 %]".to_owned()];
    if has_each(across) {
        heads.extend(across.names.iter().map(|name| shortened(name, LONGEST_TITLE)));
    } else {
        heads.extend(["least".to_owned(), "greatest".to_owned()]);
    }
    heads.extend(["cross-fitted, mean [95 %]", "told apart", "ranks"].map(str::to_owned));
    heads
}

/// The row of one point.
pub(super) fn row(across: &Across, row: &AcrossRow) -> Vec<String> {
    let mut cells = vec![title(row), mean(row.mean(|score| Some(score.score.value)))];
    if has_each(across) {
        cells.extend(row.scores.iter().map(|score| decimals(score.score.value)));
    } else {
        let ends = row.ends(|score| Some(score.score.value));
        cells.extend(ends.map_or_else(Default::default, |(least, greatest)| [least, greatest].map(decimals)));
    }
    let ranks = row.rank_ends().map_or_else(String::new, |(best, worst)| {
        if best == worst { best.to_string() } else { format!("{best}–{worst}") }
    });
    let told = format!("{} of {}", row.told_apart(), row.scores.len());
    cells.extend([mean(row.mean(|score| Some(score.cross_fit?.quality.value))), told, ranks]);
    cells
}

fn has_each(across: &Across) -> bool {
    across.names.len() <= MOST_SETS
}

fn title(row: &AcrossRow) -> String {
    let title = match (row.point.is_ceiling(), row.point.is_floor()) {
        (true, _) => "ceiling (retrained)".to_owned(),
        (_, true) => "floor (identity)".to_owned(),
        _ => row.point.name.within(LONGEST_TITLE),
    };
    let marks = row.point.marks();
    if marks.is_empty() { title } else { format!("{title} {marks}") }
}

fn mean(mean: Option<Mean>) -> String {
    let estimate = mean.map(|mean| {
        let (low, high) = mean.ends();
        Estimate { value: mean.value, interval: Some(Interval { low, high }) }
    });
    estimate.map_or_else(|| "–".to_owned(), |estimate| estimate.to_string())
}

/// The standard deviations of one point: a row for each number that has some.
pub(super) fn spreads(row: &AcrossRow) -> Vec<[String; 7]> {
    let cells_of = |(nth, (what, parts, unit)): (usize, (&str, CrossedRow, f64))| {
        let name = if nth == 0 { title(row) } else { String::new() };
        let [set, original, both, unlearning, oracle] = cells(&parts, unit);
        [name, what.to_owned(), set, original, both, unlearning, oracle]
    };
    row.spreads.for_readers().enumerate().map(cells_of).collect()
}

fn cells(parts: &CrossedRow, unit: f64) -> [String; 5] {
    let number = |value: f64| format!("{:.2}", value * unit);
    let cell = |part: Option<Estimate>| {
        let Some(part) = part else { return "–".to_owned() };
        let (low, high) = part.ends();
        format!("{} [{}, {}]", number(part.value), number(low), number(high))
    };
    let CrossedRow { forget_set, original, both, unlearning, oracle } = *parts;
    [Some(forget_set), original, both, Some(unlearning), Some(oracle)].map(cell)
}
