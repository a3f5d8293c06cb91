//! `sweep clean`: what the cache holds that no sweep needs.

use std::{collections::BTreeSet, path::PathBuf};

use clap::Args;
use serde_json::json;
use sweep_protocol::terms::RunId;

use super::{CommandError, Exit, Format, Ground, list::results, terminal};
use crate::store::{Cache, Recorded};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folders below which the results of all sweeps lie that use the cache
    #[arg(default_value = "results")]
    results: Vec<PathBuf>,
    /// Folder of originals and retrained models that sweeps share
    #[arg(long, value_name = "DIR", env = "SWEEP_CACHE", default_value = "results/cache")]
    cache: PathBuf,
    /// Remove it; without this it is only shown. Results are never touched
    #[arg(long)]
    remove: bool,
    /// How to show it
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

pub(super) fn clean(arguments: &Arguments, ground: &Ground) -> Result<Exit, CommandError> {
    let mut needed: BTreeSet<RunId> = BTreeSet::new();
    let mut sweeps = 0;
    for found in arguments.results.iter().flat_map(|dir| results(dir)) {
        // What can't be read may need anything: nothing is said of the cache before it can.
        let dir = found.map_err(unreadable)?;
        let recorded = Recorded::read(&dir)?;
        needed.extend(recorded.plan.runs.into_iter().map(|run| run.id));
        sweeps += 1;
    }
    let cache = Cache::open_on(ground.disk(), &arguments.cache)?;
    let idle: Vec<_> = cache.entries()?.into_iter().filter(|entry| !needed.contains(&entry.run)).collect();
    let bytes: u64 = idle.iter().map(|entry| entry.bytes).sum();
    if arguments.remove {
        idle.iter().try_for_each(|entry| cache.remove(&entry.run))?;
    }
    let what = if arguments.remove { "removed" } else { "not needed" };
    match arguments.format {
        Format::Json => terminal::data(
            &json!({
                "sweeps": sweeps, "bytes": bytes, "removed": arguments.remove,
                "runs": idle.iter().map(|entry| entry.run.as_str()).collect::<Vec<_>>(),
            })
            .to_string(),
        ),
        Format::Human => terminal::data(&format!(
            "{}: {} models {what} by the {sweeps} sweeps found, {:.1} MB{}",
            arguments.cache.display(),
            idle.len(),
            bytes as f64 / 1e6,
            if arguments.remove || idle.is_empty() { "" } else { "; `--remove` removes them" },
        )),
    }
    Ok(Exit::Done)
}

fn unreadable(error: walkdir::Error) -> CommandError {
    let path = error.path().map_or_else(PathBuf::new, ToOwned::to_owned);
    CommandError::Folder { path, source: error.into() }
}
