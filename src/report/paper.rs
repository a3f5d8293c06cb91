//! The leaderboard as a table for a paper or a page of notes: LaTeX, Markdown or CSV.

use std::{collections::BTreeSet, fmt::Write};

use super::{
    confirmation,
    finding::{self, scored, share},
    ranking::{Row, rows},
};
use crate::frame::{Estimate, Frame, Mean, PointRow, ScoreRow, Tested, inert};

/// In what a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    /// A `tabular` with the rules of `booktabs`.
    Latex,
    /// A table of GitHub's Markdown.
    Markdown,
    /// Numbers in columns of their own, for programs.
    Csv,
}

/// What stands in a cell.
enum Cell {
    Text(String),
    /// With its interval.
    Estimate(Estimate),
    /// A mean of fractions, shown in percent.
    Percent(Mean),
    /// A p-value and the q-value that goes with it.
    Tested(Tested),
    Number(f64),
    Nothing,
}

/// A column: its heading, that of its numbers in CSV, and its cell.
struct Heading {
    head: &'static str,
    key: &'static str,
    kind: CellKind,
    cell: fn(&Row<'_>, Option<&ScoreRow>) -> Cell,
}

/// What a column's cells are, which decides how many columns of numbers it has in CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CellKind {
    Text,
    Estimate,
    Percent,
    Tested,
    Number,
}

const fn column(
    (head, key): (&'static str, &'static str),
    kind: CellKind,
    cell: fn(&Row<'_>, Option<&ScoreRow>) -> Cell,
) -> Heading {
    Heading { head, key, kind, cell }
}

const COLUMNS: [Heading; 11] = [
    column(("point", "point"), CellKind::Text, |row, _| Cell::Text(row.title.clone())),
    column(("rank", "rank"), CellKind::Text, |row, _| Cell::Text(row.rank.clone())),
    column(("score", "score"), CellKind::Estimate, |row, _| row.estimate(|score| Some(score.score))),
    column(("p (q)", "p"), CellKind::Tested, |row, _| {
        let tested = row.score().and_then(|score| score.nulls).map(|nulls| nulls.omnibus);
        tested.map_or(Cell::Nothing, Cell::Tested)
    }),
    column(("of ceiling", "of_ceiling"), CellKind::Text, |row, ceiling| {
        let of_it = row.score().zip(ceiling).and_then(|(own, top)| share(own, top));
        of_it.map_or(Cell::Nothing, Cell::Text)
    }),
    column(("forgetting quality", "forgetting_quality"), CellKind::Estimate, |row, _| {
        row.estimate(|score| Some(score.forgetting_quality))
    }),
    column(("cross-fitted", "cross_fitted"), CellKind::Estimate, |row, _| {
        row.estimate(|score| score.cross_fit.map(|own| own.quality))
    }),
    column(("retain %", "retain_acc"), CellKind::Percent, |row, _| percent(row.point.means.retain_acc)),
    column(("forget %", "forget_acc"), CellKind::Percent, |row, _| percent(row.point.means.forget_acc)),
    column(("test %", "test_acc"), CellKind::Percent, |row, _| percent(row.point.means.held_out_acc())),
    column(("passes", "passes"), CellKind::Number, |row, _| Cell::Number(row.point.passes)),
];

/// Where the labels of the forget set are wrong.
const TRUTH: Heading =
    column(("truth %", "truth_acc"), CellKind::Percent, |row, _| percent(row.point.means.truth_acc));

impl Row<'_> {
    fn estimate(&self, pick: fn(&ScoreRow) -> Option<Estimate>) -> Cell {
        self.score().and_then(pick).map_or(Cell::Nothing, Cell::Estimate)
    }
}

fn percent(mean: Option<Mean>) -> Cell {
    mean.map_or(Cell::Nothing, Cell::Percent)
}

/// Columns that can be asked for by name; the point's own is always there.
pub const PAPER_COLUMNS: [&str; 11] = [
    "rank",
    "score",
    "p",
    "of_ceiling",
    "forgetting_quality",
    "cross_fitted",
    "retain_acc",
    "forget_acc",
    "test_acc",
    "truth_acc",
    "passes",
];

/// Columns that LaTeX leaves out unless they are asked for: a page is not wide enough for all, and both follow from the score,
/// the ceiling and the accuracies.
const TOO_WIDE: [&str; 2] = ["of_ceiling", "forgetting_quality"];

/// The whole ranking between ceiling and floor, or of each label its best point alone, with these `columns` of
/// [`PAPER_COLUMNS`], or those of the markup where none is named. What stands below a table says what it is of, and what its
/// marks mean.
pub fn paper(frame: &Frame, markup: Markup, best_per_method: bool, columns: &[String]) -> String {
    let mut rows = rows(frame, usize::MAX);
    if best_per_method {
        let mut labels = BTreeSet::new();
        // Rows come best first.
        rows.retain(|row| !row.point.is_ranked() || labels.insert(row.point.label.clone()));
    }
    let ceiling = scored(frame.ceiling()).map(|(_, row)| row);
    let columns = chosen(columns, markup, rows.iter().any(|row| row.point.means.truth_acc.is_some()));
    match markup {
        Markup::Latex => latex(frame, &rows, &columns, ceiling),
        Markup::Markdown => markdown(frame, &rows, &columns, ceiling),
        Markup::Csv => csv(&rows, &columns, ceiling),
    }
}

/// The columns of a table: those that are named, in the order of all, or those that its markup has room for.
fn chosen(named: &[String], markup: Markup, has_truth: bool) -> Vec<&'static Heading> {
    let (last, first) = COLUMNS.split_last().expect("there are columns");
    let all = first.iter().chain([&TRUTH, last]);
    let is_shown = |column: &&Heading| match column.key {
        "point" => true,
        key if !named.is_empty() => named.iter().any(|name| name == key),
        "truth_acc" => has_truth,
        key => markup != Markup::Latex || !TOO_WIDE.contains(&key),
    };
    all.filter(is_shown).collect()
}

/// What a reader must know of the table.
fn remarks(frame: &Frame) -> Vec<String> {
    let mut remarks = vec![format!(
        "{} · {}; score, forgetting quality and cross-fitted quality with 95 % intervals, accuracies as mean ± half a 95 % \
         interval; p against retraining (q after Benjamini–Hochberg); passes over the retain set",
        frame.sweep.name,
        frame.sweep.caption()
    )];
    if !frame.sweep.engine.trains {
        remarks.push("simulated numbers: they say nothing about any unlearning method".to_owned());
    }
    remarks.extend(finding::notes(frame));
    remarks.extend(confirmation::lines(frame));
    remarks
}

/// Whether a point is ahead of every other beyond doubt: what bold type says.
fn is_alone_ahead(frame: &Frame, point: &PointRow) -> bool {
    frame.ranks(point).is_some_and(|ranks| ranks.worst == 1)
}

fn latex(frame: &Frame, rows: &[Row<'_>], columns: &[&Heading], ceiling: Option<&ScoreRow>) -> String {
    let aligned = columns.iter().map(|column| if column.kind == CellKind::Text { 'l' } else { 'r' });
    let mut text = String::new();
    for remark in remarks(frame) {
        let _ = writeln!(text, "% {remark}");
    }
    text.push_str(
        "% bold: ahead of every other point; needs \\usepackage{booktabs}; fits between margins of 2 cm on A4 in \\scriptsize with \
         \\setlength{\\tabcolsep}{2pt}\n",
    );
    let _ = writeln!(text, "\\begin{{tabular}}{{{}}}\n\\toprule", aligned.collect::<String>());
    let heads: Vec<String> = columns.iter().map(|column| escaped(column.head)).collect();
    let _ = writeln!(text, "{} \\\\\n\\midrule", heads.join(" & "));
    for row in rows {
        let cells: Vec<String> = columns
            .iter()
            .map(|column| {
                let cell = in_latex(&(column.cell)(row, ceiling));
                let marks = row.point.marks().replace('†', "$^\\dagger$").replace('‡', "$^\\ddagger$");
                match column.key {
                    "point" => cell + &marks,
                    "score" if is_alone_ahead(frame, row.point) => format!("\\textbf{{{cell}}}"),
                    _ => cell,
                }
            })
            .collect();
        let _ = writeln!(text, "{} \\\\", cells.join(" & "));
    }
    text.push_str("\\bottomrule\n\\end{tabular}\n");
    text
}

fn in_latex(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => escaped(text),
        other => escaped(&plain(other)).replace('±', "$\\pm$"),
    }
}

/// Text that LaTeX takes for nothing but text.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '–' => escaped.push_str("--"),
            '<' | '>' | '|' | '"' => {
                let _ = write!(escaped, "\\char`\\{character}{{}}");
            }
            '{' | '}' | '_' | '&' | '%' | '#' | '$' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

fn markdown(frame: &Frame, rows: &[Row<'_>], columns: &[&Heading], ceiling: Option<&ScoreRow>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(columns.iter().map(|column| column.head.to_owned()).collect());
    let rule = |column: &&Heading| if column.kind == CellKind::Text { "---" } else { "--:" }.to_owned();
    text.push_str(&line(columns.iter().map(rule).collect()));
    for row in rows {
        let cell = |column: &&Heading| {
            let cell = plain(&(column.cell)(row, ceiling)).replace('\\', "\\\\").replace('|', "\\|");
            match column.key {
                "point" => format!("{cell} {}", row.point.marks()).trim_end().to_owned(),
                "score" if is_alone_ahead(frame, row.point) => format!("**{cell}**"),
                _ => cell,
            }
        };
        text.push_str(&line(columns.iter().map(cell).collect()));
    }
    text.push('\n');
    for remark in remarks(frame) {
        let _ = writeln!(text, "{remark}  ");
    }
    text
}

fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Estimate(estimate) => estimate.to_string(),
        Cell::Percent(mean) => mean.percent(),
        Cell::Tested(tested) => tested.to_string(),
        Cell::Number(number) => format!("{number:.1}"),
        Cell::Nothing => "–".to_owned(),
    }
}

/// Every number in a column of its own, unrounded; accuracies as fractions.
fn csv(rows: &[Row<'_>], columns: &[&Heading], ceiling: Option<&ScoreRow>) -> String {
    let ends = |kind: CellKind| -> &[&str] {
        match kind {
            CellKind::Text | CellKind::Number => &[""],
            CellKind::Estimate => &["", "_low", "_high"],
            CellKind::Percent => &["", "_ci95"],
            CellKind::Tested => &["", "_q"],
        }
    };
    let heads: Vec<String> = columns
        .iter()
        .flat_map(|column| ends(column.kind).iter().map(|end| format!("{}{end}", column.key)))
        .collect();
    let mut text = heads.join(",") + "\n";
    for row in rows {
        let cells = columns.iter().flat_map(|column| {
            let mut cells = numbers(&(column.cell)(row, ceiling));
            cells.resize(ends(column.kind).len(), String::new());
            cells
        });
        text += &(cells.collect::<Vec<_>>().join(",") + "\n");
    }
    text
}

fn numbers(cell: &Cell) -> Vec<String> {
    let some = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    match cell {
        Cell::Text(text) => vec![quoted(text)],
        Cell::Estimate(estimate) => {
            let low = estimate.interval.map(|ends| ends.low);
            let high = estimate.interval.map(|ends| ends.high);
            vec![estimate.value.to_string(), some(low), some(high)]
        }
        Cell::Percent(mean) => vec![mean.value.to_string(), some(mean.half_width)],
        Cell::Tested(tested) => vec![tested.p.to_string(), some(tested.q)],
        Cell::Number(number) => vec![number.to_string()],
        Cell::Nothing => Vec::new(),
    }
}

/// A cell of text (RFC 4180), which no spreadsheet takes for a formula.
fn quoted(text: &str) -> String {
    let text = inert(text);
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
