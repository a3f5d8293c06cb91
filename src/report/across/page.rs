//! The page of several forget sets: the tables of the terminal, the figure, and the way to the report of each.

use std::path::Path;

use minijinja::{Value, context};

use super::{FILE, MOST, MOST_SPREAD, PAGE, SPREADS, tables};
use crate::{
    frame::{Across, printable},
    report::{ReportError, html},
};

const TEMPLATE: &str = include_str!("../../../assets/forget-sets.html");

/// Fills the template. `figure` is an SVG, `dir` where the page will lie: reports of the forget sets below it are linked.
pub(super) fn page(across: &Across, dir: &Path, figure: &str) -> Result<String, ReportError> {
    let rows = across.first(MOST);
    let spreads = across.first(MOST_SPREAD).into_iter().flat_map(tables::spreads);
    let set = |name: &String| {
        let report = format!("{name}/report.html");
        let link = dir.join(&report).is_file().then_some(report);
        context! { name => printable(name), link }
    };
    let values = context! {
        style => html::style(),
        name => dir.file_name().map(|name| printable(&name.to_string_lossy())),
        caption => across.caption(),
        sets => across.names.iter().map(set).collect::<Value>(),
        heads => tables::heads(across),
        hidden => across.rows.len() - rows.len(),
        rows => rows.into_iter().map(|row| tables::row(across, row)).collect::<Vec<_>>(),
        file => FILE,
        intervals => across.intervals(),
        without_score => across.without_score(),
        figure => html::data_uri(figure),
        spreads_are => SPREADS,
        spread_heads => tables::SPREAD_HEADS,
        spreads => spreads.collect::<Vec<_>>(),
    };
    html::plain_page(PAGE, TEMPLATE, values)
}
