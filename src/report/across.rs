//! Several forget sets side by side as text for a terminal, and the file beside it.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use comfy_table::{CellAlignment, Table};

use super::{
    ReportError,
    cell::LONGEST_TITLE,
    leaderboard::{NARROWEST, fitting},
    write,
};
use crate::{
    frame::{Across, AcrossRow, CrossedRow, Estimate, Interval, Mean, decimals, shortened},
    plot::{self, Sheet},
};

/// The table with a row for each point.
const FILE: &str = "forget-sets.csv";

/// Forget sets that have columns of their own; of more, the least and the greatest score are shown.
const MOST_SETS: usize = 6;

/// Methods in the table, and among the standard deviations.
const MOST: usize = 30;
const MOST_SPREAD: usize = 5;

const SPREAD_HEADS: [&str; 7] =
    ["point", "of what", "forget set", "original", "both", "unlearning", "oracle"];

impl Across {
    /// Writes the table, as CSV and Parquet, and the figure into a folder, and returns where the CSV is.
    pub fn write(&self, dir: &Path) -> Result<PathBuf, ReportError> {
        write::folder(dir)?;
        let scene = plot::forget_sets(self, &Sheet::PAGE);
        write::bytes(&dir.join("forget-sets.svg"), plot::svg(&scene, None)?.as_bytes())?;
        write::bytes(&dir.join("forget-sets.png"), &plot::png(&scene, None)?)?;
        for (name, bytes) in self.files()? {
            write::bytes(&dir.join(name), &bytes)?;
        }
        Ok(dir.join(FILE))
    }
}

/// Lays out what points reach over the forget sets, in as many columns of a terminal as there are.
pub fn across(across: &Across, width: Option<u16>) -> String {
    let width = width.map(|width| width.max(NARROWEST));
    let Some(sweep) = across.sweeps.first() else { return String::new() };
    let sets = across.names.len();
    let mut text = format!(
        "over {sets} forget sets · N = {} of each · {} · engine {}\n",
        sweep.seeds,
        sweep.given(),
        sweep.engine.name
    );
    if across.rows.is_empty() {
        text.push_str("no point has a score for all of them\n");
        return text;
    }
    let rows: Vec<&AcrossRow> = across.first(MOST);
    let _ = writeln!(text, "{}", fitting(table(across, &rows), width));
    let hidden = across.rows.len() - rows.len();
    if hidden > 0 {
        let _ = writeln!(text, "… {hidden} more in {FILE}");
    }
    let _ = writeln!(
        text,
        "means over forget sets [95 %: Student's t over {sets}, for other forget sets drawn likewise]; told apart: for how many \
         of them the exact test tells the point from retraining (q ≤ 0.05)"
    );
    if across.left_out > 0 {
        let _ = writeln!(
            text,
            "left out, since some forget set has no score of them: {} points",
            across.left_out
        );
    }
    let spread = spread_table(&across.first(MOST_SPREAD));
    if !spread.is_empty() {
        let _ = writeln!(
            text,
            "standard deviations of the distance from retraining, by what they are owed to [95 %]\n{}",
            fitting(spread, width)
        );
    }
    text
}

fn table(across: &Across, rows: &[&AcrossRow]) -> Table {
    let each = across.names.len() <= MOST_SETS;
    let mut heads = vec!["point".to_owned(), "score, mean [95 %]".to_owned()];
    if each {
        heads.extend(across.names.iter().map(|name| shortened(name, LONGEST_TITLE)));
    } else {
        heads.extend(["least".to_owned(), "greatest".to_owned()]);
    }
    heads.extend(["cross-fitted, mean [95 %]", "told apart", "ranks"].map(str::to_owned));
    let mut table = Table::new();
    table.set_header(heads);
    for row in rows {
        let mut cells = vec![title(row), mean(row.mean(|score| Some(score.score.value)))];
        if each {
            cells.extend(row.scores.iter().map(|score| decimals(score.score.value)));
        } else {
            let ends = row.ends(|score| Some(score.score.value));
            cells.extend(
                ends.map_or_else(Default::default, |(least, greatest)| [least, greatest].map(decimals)),
            );
        }
        let ranks = row.rank_ends().map_or_else(String::new, |(best, worst)| {
            if best == worst { best.to_string() } else { format!("{best}–{worst}") }
        });
        let told = format!("{} of {}", row.told_apart(), row.scores.len());
        cells.extend([mean(row.mean(|score| Some(score.cross_fit?.quality.value))), told, ranks]);
        table.add_row(cells);
    }
    let columns = table.column_count();
    for column in (2..columns - 3).chain([columns - 2, columns - 1]) {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
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

fn spread_table(rows: &[&AcrossRow]) -> Table {
    let mut table = Table::new();
    table.set_header(SPREAD_HEADS);
    for row in rows {
        let own = &row.spreads;
        let held_out = own.test_acc.map_or(("validation, %", own.val_acc), |test| ("test, %", Some(test)));
        let numbers = [
            ("retain, %", own.retain_acc, 100.0),
            ("forget, %", own.forget_acc, 100.0),
            (held_out.0, held_out.1, 100.0),
            ("mean confidence, nats", own.confidence, 1.0),
        ];
        let found = numbers.into_iter().filter_map(|(what, parts, unit)| Some((what, parts?, unit)));
        for (nth, (what, parts, unit)) in found.enumerate() {
            let name = if nth == 0 { title(row) } else { String::new() };
            let [set, original, both, unlearning, oracle] = cells(&parts, unit);
            table.add_row([name, what.to_owned(), set, original, both, unlearning, oracle]);
        }
    }
    table
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
