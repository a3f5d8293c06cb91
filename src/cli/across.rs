//! `sweep across`: sweeps that differ in what is forgotten, side by side.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::{CommandError, Exit, Format, list, terminal};
use crate::{
    appraisal::appraise_across,
    frame::{Across, AcrossRow, ScoreRow},
    report,
    store::Folder,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folders of sweeps of one engine, network and set of originals, each of another forget set; or a folder that they
    /// are in
    #[arg(required = true, value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// Write forget-sets.html into this folder too, the table as .csv and .parquet, and the figure as .png and .svg
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How to show it
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

pub(super) fn across(arguments: &Arguments) -> Result<Exit, CommandError> {
    if let Some(dir) = arguments.out.as_ref().filter(|dir| Folder::new(*dir).plan().exists()) {
        return Err(CommandError::ResultsOverResults { dir: dir.clone() });
    }
    let found = appraise_across(&sweeps(&arguments.dirs), 0)?;
    let written = arguments.out.as_deref().map(|dir| found.write(dir)).transpose()?;
    show(&found, written.as_deref(), arguments.format);
    Ok(Exit::Done)
}

/// The results folders among these, and below those that are none.
fn sweeps(dirs: &[PathBuf]) -> Vec<PathBuf> {
    let of = |dir: &PathBuf| {
        let below: Vec<PathBuf> = list::results(dir).into_iter().flatten().collect();
        // What holds none is named by whoever tries to read it.
        if below.is_empty() { vec![dir.clone()] } else { below }
    };
    dirs.iter().flat_map(of).collect()
}

/// Puts the sweeps of one grid side by side, once they are done.
pub(super) fn after(dirs: &[PathBuf], out: &Path) -> Result<(), CommandError> {
    let found = appraise_across(dirs, 0)?;
    let written = found.write(out)?;
    show(&found, Some(&written), Format::Human);
    Ok(())
}

fn show(found: &Across, written: Option<&Path>, format: Format) {
    match format {
        Format::Json => terminal::json(&as_json(found)),
        Format::Human => terminal::data(&report::across(found, terminal::width())),
    }
    if let Some(path) = written {
        terminal::talk(&format!("wrote {}", path.display()));
    }
}

fn as_json(found: &Across) -> Value {
    let points: Vec<Value> = found.rows.iter().map(|row| point_json(found, row)).collect();
    let sweep = found.sweeps.first();
    json!({
        "forget_sets": found.names,
        "n": sweep.map(|sweep| sweep.seeds),
        "originals": sweep.map(|sweep| sweep.originals),
        "engine": sweep.map(|sweep| &sweep.engine.name),
        "left_out": found.left_out,
        "points": points,
    })
}

fn point_json(found: &Across, row: &AcrossRow) -> Value {
    let number = |pick: fn(&ScoreRow) -> Option<f64>| {
        let mean = row.mean(pick).map(|mean| {
            let (low, high) = mean.ends();
            json!({ "value": mean.value, "interval": [low, high] })
        });
        let each =
            found.names.iter().zip(&row.scores).map(|(name, score)| (name.clone(), json!(pick(score))));
        json!({ "mean": mean, "each": each.collect::<serde_json::Map<_, _>>() })
    };
    json!({
        "label": row.point.label,
        "title": row.point.title,
        "role": row.point.role.word(),
        "score": number(|score| Some(score.score.value)),
        "cross_fitted": number(|score| Some(score.cross_fit?.quality.value)),
        "forgetting_quality": number(|score| Some(score.forgetting_quality.value)),
        "p": number(|score| Some(score.nulls.as_ref()?.omnibus.p)),
        "told_apart": row.told_apart(),
        "ranks": row.ranks,
    })
}
