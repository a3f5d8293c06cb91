//! The ranking as text for a terminal. No colour and no control characters in it.

use std::{collections::BTreeMap, fmt::Write};

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::{
    confirmation,
    finding::{self, scored, share},
    originals,
    ranking::{Row, rows},
    subgroups,
};
use crate::frame::{Frame, ScoreRow};

/// Ranked rows that are shown; the rest stands in `points.csv`.
const MOST: usize = 30;

/// Points that are named for one reason why they have no score.
const MOST_NAMED: usize = 8;

/// Longest title that is shown in the table, in characters.
const LONGEST_TITLE: usize = 60;

/// Narrowest table that is laid out, in columns of the terminal.
pub(super) const NARROWEST: u16 = 40;

/// The columns, in order; the less a column matters, the higher its rank in leaving when there is no room.
const COLUMNS: [Column; 13] = [
    Column { head: "#", leaves: 0, text: |row, _| row.rank.clone() },
    Column { head: "point", leaves: 0, text: |row, _| row.marked() },
    Column {
        head: "score [95 %]",
        leaves: 0,
        text: |row, _| row.with_score(|score| score.score.to_string()),
    },
    Column {
        head: "p (q)",
        leaves: 1,
        text: |row, _| {
            row.with_score(|score| score.nulls.map_or_else(|| "–".to_owned(), |own| own.omnibus.to_string()))
        },
    },
    Column { head: "of ceiling", leaves: 3, text: |row, ceiling| row.share(ceiling) },
    Column {
        head: BEHIND,
        leaves: 3,
        text: |row, _| row.behind.map_or_else(String::new, |difference| difference.to_string()),
    },
    Column {
        head: "forgetting",
        leaves: 4,
        text: |row, _| row.with_score(|score| score.forgetting_quality.to_string()),
    },
    Column {
        head: "cross-fitted",
        leaves: 2,
        text: |row, _| {
            row.with_score(|score| {
                score.cross_fit.map_or_else(|| "–".to_owned(), |own| own.quality.to_string())
            })
        },
    },
    Column {
        head: "retain %",
        leaves: 5,
        text: |row, _| row.point.means.retain_acc.map_or_else(String::new, |mean| mean.percent()),
    },
    Column {
        head: "test %",
        leaves: 2,
        text: |row, _| row.point.means.held_out_acc().map_or_else(String::new, |mean| mean.percent()),
    },
    Column {
        head: TRUTH,
        leaves: 1,
        text: |row, _| row.point.means.truth_acc.map_or_else(String::new, |mean| mean.percent()),
    },
    Column { head: "N", leaves: 6, text: |row, _| row.point.models() },
    Column { head: "passes", leaves: 7, text: |row, _| format!("{:.1}", row.point.passes) },
];

struct Column {
    head: &'static str,
    leaves: u8,
    text: fn(&Row, Option<&ScoreRow>) -> String,
}

/// The column of differences to the best, with the intervals of the paired differences.
const BEHIND: &str = "less the best";

/// The column that is there where the labels of the forget set are wrong.
const TRUTH: &str = "truth %";

/// Lays the ranking out for a terminal of `width` columns (any width where there is none): a title line with N, split
/// and engine, ceiling and floor without rank, and dashes with their reasons below.
pub fn leaderboard(frame: &Frame, width: Option<u16>) -> String {
    let mut text = format!("{} · {}", frame.sweep.name, frame.sweep.caption());
    if !frame.sweep.engine.trains {
        text.push_str(" (simulated numbers)");
    }
    text.push('\n');
    let rows = rows(frame, MOST);
    if rows.is_empty() {
        text.push_str("no point to score\n");
        return text;
    }
    let ceiling = scored(frame.ceiling()).map(|(_, row)| row);
    let (table, left_out) = laid_out(&rows, ceiling, width.map(|width| width.max(NARROWEST)));
    let _ = writeln!(text, "{table}");
    if left_out > 0 {
        let columns = if left_out == 1 { "column" } else { "columns" };
        let _ = writeln!(text, "… {left_out} {columns} without room; points.csv has all");
    }
    let hidden = frame.ranking().len().saturating_sub(MOST);
    if hidden > 0 {
        let _ = writeln!(text, "… {hidden} more in points.csv");
    }
    if frame.ranks_of_all().values().any(|ranks| ranks.best < ranks.worst) {
        text.push_str("points that share a rank can't be told apart\n");
    }
    for sentence in finding::notes(frame) {
        let _ = writeln!(text, "{sentence}");
    }
    if let Some(table) = originals::table(frame) {
        let table = fitting(table, width.map(|width| width.max(NARROWEST)));
        let _ = writeln!(text, "standard deviations, {} [95 %]\n{table}", frame.sweep.given());
    }
    for line in confirmation::lines(frame) {
        let _ = writeln!(text, "{line}");
    }
    for line in subgroups::lines(frame) {
        let _ = writeln!(text, "{line}");
    }
    for (reason, titles) in reasons(&rows) {
        let more = titles.len().saturating_sub(MOST_NAMED);
        let named = titles[..titles.len() - more].join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = writeln!(text, "– {named}{more}: {reason}");
    }
    text
}

/// Titles by the reason for their dash.
fn reasons(rows: &[Row]) -> BTreeMap<String, Vec<String>> {
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        if let Err(reason) = &row.point.score {
            reasons.entry(reason.to_string()).or_default().push(row.title.clone());
        }
    }
    reasons
}

/// The table with as many columns as there is room for, the important ones first, and how many are left out.
fn laid_out(rows: &[Row], ceiling: Option<&ScoreRow>, width: Option<u16>) -> (String, usize) {
    let truth = rows.iter().any(|row| row.point.means.truth_acc.is_some());
    let compared = rows.iter().any(|row| row.behind.is_some());
    let is_there = |column: &&Column| match column.head {
        TRUTH => truth,
        BEHIND => compared,
        _ => true,
    };
    let columns: Vec<&Column> = COLUMNS.iter().filter(is_there).collect();
    let Some(room) = width else { return (fitting(table(rows, ceiling, &columns), None), 0) };
    let kept = roomy(&columns, &table(rows, ceiling, &columns), usize::from(room));
    (fitting(table(rows, ceiling, &kept), width), columns.len() - kept.len())
}

/// Those columns of a table that fit beside each other: a wide one that has no room makes way for less important ones that
/// have.
fn roomy<'c>(columns: &[&'c Column], whole: &Table, width: usize) -> Vec<&'c Column> {
    const PADDING: usize = 3;
    let widths = whole.column_max_content_widths();
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|nth| columns[*nth].leaves);
    let (mut used, mut kept) = (0, Vec::new());
    for nth in order {
        let more = usize::from(widths.get(nth).copied().unwrap_or(0)) + PADDING;
        if columns[nth].leaves == 0 || used + more <= width {
            used += more;
            kept.push(nth);
        }
    }
    kept.sort_unstable();
    kept.into_iter().map(|nth| columns[nth]).collect()
}

/// A table without frame, in no more columns of the terminal than there are.
pub(super) fn fitting(mut table: Table, width: Option<u16>) -> String {
    let rule = LineStyle::none().fill('─').junction('─');
    table.load_style(TableStyle::new().header_separator(rule));
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.trim_fmt()
}

fn table(rows: &[Row], ceiling: Option<&ScoreRow>, columns: &[&Column]) -> Table {
    let mut table = Table::new();
    table.set_header(columns.iter().map(|column| column.head));
    for row in rows {
        table.add_row(columns.iter().map(|column| (column.text)(row, ceiling)));
    }
    for (nth, column) in columns.iter().enumerate() {
        let right = matches!(column.head, "#" | "of ceiling" | "passes" | "N");
        if let (true, Some(column)) = (right, table.column_mut(nth)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

impl Row<'_> {
    /// The title, or where it is too long the name, which keeps its hyper-parameters.
    fn shown(&self) -> String {
        let fits = self.title.chars().count() <= LONGEST_TITLE;
        if fits { self.title.clone() } else { self.point.name.within(LONGEST_TITLE) }
    }

    fn marked(&self) -> String {
        let title = self.shown();
        let marks = self.point.marks();
        if marks.is_empty() { title } else { format!("{title} {marks}") }
    }

    fn with_score(&self, text: fn(&ScoreRow) -> String) -> String {
        self.point.score.as_ref().map_or_else(|_| "–".to_owned(), text)
    }

    fn share(&self, ceiling: Option<&ScoreRow>) -> String {
        self.score().zip(ceiling).and_then(|(row, ceiling)| share(row, ceiling)).unwrap_or_default()
    }
}
