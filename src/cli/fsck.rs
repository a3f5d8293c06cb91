//! `sweep fsck`: looks results over for damage, and repairs what can be.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::{CommandError, Exit, Format, Ground, terminal};
use crate::{
    pool::this_scheduler,
    store::{Checked, Finding, Remedy, fsck as look_over, fsck_cache, repair, repair_cache},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep
    #[arg(required_unless_present = "cache")]
    dir: Option<PathBuf>,
    /// Look over the shared cache, too: `--cache=DIR` where it isn't results/cache
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = "results/cache")]
    cache: Option<PathBuf>,
    /// Move what is damaged to DIR/quarantine; `sweep run` then repeats the runs concerned. No result is deleted
    #[arg(long)]
    repair: bool,
    /// How to show it
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

pub(super) fn fsck(arguments: &Arguments, ground: &Ground) -> Result<Exit, CommandError> {
    let disk = ground.disk();
    let mut looked_over = Vec::new();
    if let Some(dir) = &arguments.dir {
        let before = look_over(&*disk, dir)?;
        let after = if arguments.repair { repair(&disk, dir, &this_scheduler())? } else { before.clone() };
        looked_over.push((dir, "runs with an outcome", before, after));
    }
    if let Some(dir) = &arguments.cache {
        let before = fsck_cache(&*disk, dir)?;
        let after = if arguments.repair { repair_cache(&*disk, dir)? } else { before.clone() };
        looked_over.push((dir, "runs for all sweeps", before, after));
    }
    for (dir, what, before, after) in &looked_over {
        match arguments.format {
            Format::Human => show(dir, what, before, after),
            Format::Json => terminal::data(&as_json(before, after).to_string()),
        }
    }
    let sound = looked_over.iter().all(|(.., after)| after.is_sound());
    Ok(if sound { Exit::Done } else { Exit::Store })
}

fn is_repaired(finding: &Finding, after: &Checked) -> bool {
    !after.findings.contains(finding)
}

fn show(dir: &Path, what: &str, before: &Checked, after: &Checked) {
    for finding in &before.findings {
        let mark = match finding.fault.remedy() {
            _ if is_repaired(finding, after) => "repaired",
            Remedy::None => "note",
            Remedy::Repair | Remedy::User => "damaged",
        };
        terminal::data(&format!("{mark}: `{}` {}", finding.path.display(), finding.fault));
    }
    if let Some(holder) = &before.holder {
        terminal::data(&format!("note: in use by {holder}, so that what was just read may be half written"));
    }
    let state = if after.is_sound() { "sound" } else { "damaged" };
    terminal::data(&format!("{}: {state}, {} {what}", dir.display(), after.recorded));
}

fn as_json(before: &Checked, after: &Checked) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "path": finding.path.to_string_lossy(),
            "fault": finding.fault.to_string(),
            "harmless": finding.fault.remedy() == Remedy::None,
            "repairable": finding.fault.remedy() == Remedy::Repair,
            "repaired": is_repaired(finding, after),
        })
    };
    json!({
        "sound": after.is_sound(),
        "recorded": after.recorded,
        "in-use-by": before.holder,
        "findings": before.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}
