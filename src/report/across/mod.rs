//! Several forget sets side by side: as text for a terminal, as a page, and the files beside it.

mod page;
mod tables;

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use comfy_table::{CellAlignment, Table};

use super::{
    ReportError,
    leaderboard::{NARROWEST, fitting},
    write,
};
use crate::{
    frame::{Across, AcrossRow},
    plot::{self, Sheet},
};
use tables::SPREAD_HEADS;

/// The page, and the table with a row for each point.
const PAGE: &str = "forget-sets.html";
const FILE: &str = "forget-sets.csv";

/// Methods in the table, and among the standard deviations.
const MOST: usize = 30;
const MOST_SPREAD: usize = 5;

impl Across {
    /// Writes the page, the table as CSV and Parquet, and the figure into a folder, and returns where the page is.
    pub fn write(&self, dir: &Path) -> Result<PathBuf, ReportError> {
        write::folder(dir)?;
        let scene = plot::forget_sets(self, &Sheet::PAGE);
        let figure = plot::svg(&scene, None)?;
        write::bytes(&dir.join("forget-sets.svg"), figure.as_bytes())?;
        write::bytes(&dir.join("forget-sets.png"), &plot::png(&scene, None)?)?;
        for (name, bytes) in self.files()? {
            write::bytes(&dir.join(name), &bytes)?;
        }
        let page = dir.join(PAGE);
        write::bytes(&page, page::page(self, dir, &figure)?.as_bytes())?;
        Ok(page)
    }

    /// What all sweeps have in common, in one line.
    fn caption(&self) -> Option<String> {
        let sweep = self.sweeps.first()?;
        let (sets, n, engine) = (self.names.len(), sweep.seeds, &sweep.engine.name);
        Some(format!("over {sets} forget sets · N = {n} of each · {} · engine {engine}", sweep.given()))
    }

    /// What the intervals of the table are of.
    fn intervals(&self) -> String {
        format!(
            "means over forget sets [95 %: Student's t over {}, for other forget sets drawn likewise]; told apart: for how many \
             of them the exact test tells the point from retraining (q ≤ 0.05)",
            self.names.len()
        )
    }

    /// How many points lack a score, where some do.
    fn without_score(&self) -> Option<String> {
        (self.left_out > 0).then(|| {
            format!("left out, since some forget set has no score of them: {} points", self.left_out)
        })
    }
}

/// What the standard deviations are of.
const SPREADS: &str = "standard deviations of the distance from retraining, by what they are owed to [95 %]";

/// Lays out what points reach over the forget sets, in as many columns of a terminal as there are.
pub fn across(across: &Across, width: Option<u16>) -> String {
    let width = width.map(|width| width.max(NARROWEST));
    let Some(caption) = across.caption() else { return String::new() };
    let mut text = caption + "\n";
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
    let _ = writeln!(text, "{}", across.intervals());
    if let Some(sentence) = across.without_score() {
        let _ = writeln!(text, "{sentence}");
    }
    let spreads: Vec<[String; 7]> = across.first(MOST_SPREAD).into_iter().flat_map(tables::spreads).collect();
    if !spreads.is_empty() {
        let mut table = Table::new();
        table.set_header(SPREAD_HEADS).add_rows(spreads);
        let _ = writeln!(text, "{SPREADS}\n{}", fitting(table, width));
    }
    text
}

fn table(across: &Across, rows: &[&AcrossRow]) -> Table {
    let mut table = Table::new();
    table.set_header(tables::heads(across));
    table.add_rows(rows.iter().map(|row| tables::row(across, row)));
    let columns = table.column_count();
    for column in (2..columns - 3).chain([columns - 2, columns - 1]) {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
