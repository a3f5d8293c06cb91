//! `sweep status`: how far a sweep is, from its results folder alone.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use serde_json::json;

use super::{CommandError, Exit, Format, terminal};
use crate::{outcome::Status, store::Recorded};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep
    dir: PathBuf,
    /// How to show it
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

pub(super) fn status(arguments: &Arguments) -> Result<Exit, CommandError> {
    let recorded = Recorded::read(&arguments.dir)?;
    let counts = counts(&recorded);
    let total: usize = counts.values().sum();
    let engine = recorded.plan.engine.word();
    match arguments.format {
        Format::Json => {
            let by_status: BTreeMap<&str, usize> =
                counts.iter().map(|(status, count)| (status.word(), *count)).collect();
            terminal::data(
                &json!({ "name": recorded.plan.name, "engine": engine, "runs": total, "status": by_status })
                    .to_string(),
            );
        }
        Format::Human => {
            let parts: Vec<String> =
                counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
            terminal::data(&format!(
                "{} ({engine} engine): {total} runs, {}",
                recorded.plan.name,
                parts.join(", ")
            ));
            for notice in &recorded.notices {
                terminal::talk(&format!("note: {notice}"));
            }
        }
    }
    Ok(Exit::Done)
}

fn counts(recorded: &Recorded) -> BTreeMap<Status, usize> {
    let mut counts = BTreeMap::new();
    for run in &recorded.plan.runs {
        let status = recorded.outcomes.get(&run.id).map_or(Status::Pending, |record| record.outcome.status());
        *counts.entry(status).or_insert(0) += 1;
    }
    counts
}
