//! `sweep report`: tables, figures and report.html again, from a results folder alone.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, builder::PossibleValuesParser};
use serde_json::{Value, json};

use super::{CommandError, Exit, status, terminal};
use crate::{
    appraisal::appraise,
    frame::{Estimate, Frame, NullRow, PointRow, Tested},
    report::{Markup, PAPER_COLUMNS, Report, Written, leaderboard, paper},
    store::Folder,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep
    dir: PathBuf,
    #[command(flatten)]
    shown: Shown,
}

/// How a report is made and shown.
#[derive(Debug, Args)]
pub(super) struct Shown {
    /// Bootstrap replicates behind every interval of a score; 0 for none
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub(super) replicates: u32,
    /// How to show the leaderboard
    #[arg(long, value_enum, default_value = "human")]
    format: TableFormat,
    /// Show of each label its best point alone; with latex, markdown and csv
    #[arg(long)]
    best_per_method: bool,
    /// Which columns to show beside the point; with latex (which otherwise leaves two out for want of room), markdown and csv
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', value_parser = PossibleValuesParser::new(PAPER_COLUMNS))]
    columns: Vec<String>,
}

/// In what a leaderboard is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TableFormat {
    /// For people, as wide as the terminal
    Human,
    /// For programs
    Json,
    /// A table for a paper, with the rules of booktabs
    Latex,
    /// A table for a page of notes
    Markdown,
    /// Numbers in columns of their own, unrounded
    Csv,
}

pub(super) fn report(arguments: &Arguments) -> Result<Exit, CommandError> {
    make(&arguments.dir, &arguments.shown)?;
    Ok(Exit::Done)
}

/// The leaderboard as data: every point with its score, or the reason why it has none.
fn leaderboard_json(frame: &Frame) -> String {
    let points: Vec<Value> = frame.points.iter().map(|point| point_json(frame, point)).collect();
    let sweep = &frame.sweep;
    json!({
        "name": sweep.name, "engine": sweep.engine.name, "n": sweep.seeds, "split": sweep.split(), "points": points,
    })
    .to_string()
}

pub(super) fn point_json(frame: &Frame, point: &PointRow) -> Value {
    let estimate = |estimate: &Estimate| {
        let ends = estimate.interval.map(|interval| [interval.low, interval.high]);
        json!({ "value": estimate.value, "interval": ends })
    };
    let mut entry = json!({ "label": point.label, "title": point.title, "role": point.role.word() });
    match &point.score {
        Ok(score) => {
            entry["forgetting_quality"] = estimate(&score.forgetting_quality);
            entry["retain_ratio"] = estimate(&score.retain_ratio);
            entry["test_ratio"] = estimate(&score.test_ratio);
            entry["score"] = estimate(&score.score);
            entry["normalised"] = json!(score.normalised.as_ref().map(estimate));
            entry["cross_fitted"] = json!(score.cross_fit.map(|own| estimate(&own.quality)));
            entry["told_apart"] = json!(score.cross_fit.map(|own| own.told_apart));
            entry["nulls"] = json!(score.nulls.as_ref().map(nulls_json));
            entry["ranks"] = json!(frame.ranks(point).map(|ranks| [ranks.best, ranks.worst]));
        }
        Err(reason) => entry["unscored"] = json!(reason.to_string()),
    }
    entry
}

/// p- and q-values against retraining, and how far the confidences have shifted.
fn nulls_json(row: &NullRow) -> Value {
    let tested = |tested: Tested| json!({ "p": tested.p, "q": tested.q });
    json!({
        "omnibus": tested(row.omnibus),
        "cross_fitted": row.quality.map(tested),
        "score": row.score.map(tested),
        "shift": row.shift.map(|own| {
            let ends = own.shift.interval.map(|ends| [ends.low, ends.high]);
            json!({ "value": own.shift.value, "interval": ends, "found": own.found })
        }),
    })
}

/// Makes the whole report of a results folder and shows the leaderboard.
pub(super) fn make(dir: &Path, shown: &Shown) -> Result<Frame, CommandError> {
    let frame = appraise(dir, shown.replicates)?;
    let written = Report::write(dir, &frame)?;
    for line in status::remarks(&Folder::new(dir)) {
        terminal::talk(&line);
    }
    show(&frame, Some(&written), shown);
    Ok(frame)
}

/// Shows the leaderboard, and where the page is if one was made.
pub(super) fn show(frame: &Frame, written: Option<&Written>, shown: &Shown) {
    let tabular = |markup| terminal::data(&paper(frame, markup, shown.best_per_method, &shown.columns));
    match shown.format {
        TableFormat::Human => {
            terminal::data(&leaderboard(frame, terminal::width()));
            if let Some(page) = written.and_then(Written::page) {
                terminal::talk(&format!("report: {}", page.display()));
            }
        }
        TableFormat::Json => terminal::data(&leaderboard_json(frame)),
        TableFormat::Latex => tabular(Markup::Latex),
        TableFormat::Markdown => tabular(Markup::Markdown),
        TableFormat::Csv => tabular(Markup::Csv),
    }
}
