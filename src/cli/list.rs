//! `sweep list`: the sweeps below a folder.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use clap::Args;
use comfy_table::CellAlignment;
use serde_json::{Value, json};
use walkdir::WalkDir;

use super::{Exit, Format, terminal};
use crate::{
    appraisal::appraise,
    frame::{printable, shortened},
    grid::Remarks,
    outcome::Status,
    store::{Folder, Recorded},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder below which the results of sweeps lie
    #[arg(default_value = "results")]
    dir: PathBuf,
    /// Only sweeps with this tag; given several times, with all of them
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Say the best point of each, with its score, which takes a moment for every sweep
    #[arg(long)]
    scores: bool,
    /// How to show it
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

/// Longest tags and note in the table, in characters.
const LONGEST_REMARK: usize = 60;

/// One sweep.
struct Shelved {
    dir: PathBuf,
    /// Its name, engine, runs and those that have ended, or why they can't be read.
    sweep: Result<Counted, String>,
    /// When something was last recorded.
    changed: Option<SystemTime>,
    bytes: u64,
    remarks: Remarks,
}

struct Counted {
    name: String,
    engine: String,
    runs: usize,
    finished: usize,
    best: Option<String>,
}

pub(super) fn list(arguments: &Arguments) -> Exit {
    let has_tags = |dir: &PathBuf| {
        let tags = Remarks::of(&Folder::new(dir).read_provenance()).tags;
        arguments.tag.iter().all(|tag| tags.contains(tag))
    };
    let found: Vec<PathBuf> = results(&arguments.dir).into_iter().flatten().collect();
    let there = found.len();
    let asked = found.into_iter().filter(has_tags);
    let mut sweeps: Vec<Shelved> = asked.map(|dir| look(dir, arguments.scores)).collect();
    sweeps.sort_by_key(|sweep| std::cmp::Reverse(sweep.changed));
    match arguments.format {
        Format::Json => terminal::json(&sweeps.iter().map(as_json).collect::<Vec<_>>()),
        Format::Human if sweeps.is_empty() => terminal::talk(&match there {
            0 => format!("no results of a sweep below `{}`", arguments.dir.display()),
            _ => format!(
                "none of the {there} sweeps below `{}` has all of these tags: {}",
                arguments.dir.display(),
                arguments.tag.join(", ")
            ),
        }),
        Format::Human => terminal::data(&table(&sweeps, arguments.scores)),
    }
    Exit::Done
}

/// The results folders below a folder, or itself, and the folders that can't be opened. Nothing is looked for inside of results,
/// nor through links.
pub(super) fn results(dir: &Path) -> Vec<walkdir::Result<PathBuf>> {
    let mut found = Vec::new();
    let mut walk = WalkDir::new(dir).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        match entry {
            Ok(entry) if entry.file_type().is_dir() && entry.path().join("plan.json").is_file() => {
                found.push(Ok(entry.into_path()));
                walk.skip_current_dir();
            }
            Ok(_) => {}
            Err(error) => found.push(Err(error)),
        }
    }
    found
}

fn look(dir: PathBuf, scores: bool) -> Shelved {
    let sweep = Recorded::read(&dir).map_err(|error| error.to_string()).map(|recorded| {
        let ended = recorded.outcomes.values().filter(|record| record.outcome.status() == Status::Finished);
        Counted {
            name: recorded.plan.name.clone(),
            engine: recorded.plan.engine.name.clone(),
            runs: recorded.plan.runs.len(),
            finished: ended.count(),
            best: if scores { best(&dir) } else { None },
        }
    });
    let (mut bytes, mut changed) = (0, None);
    for entry in WalkDir::new(&dir).into_iter().flatten().filter(|entry| entry.file_type().is_file()) {
        let Ok(file) = entry.metadata() else { continue };
        bytes += file.len();
        if entry.file_name().to_string_lossy().starts_with("journal.") {
            changed = changed.max(file.modified().ok());
        }
    }
    let remarks = Remarks::of(&Folder::new(&dir).read_provenance());
    Shelved { dir, sweep, changed, bytes, remarks }
}

/// The best point and its score.
fn best(dir: &Path) -> Option<String> {
    let frame = appraise(dir, 0).ok()?;
    let (point, score) = *frame.ranking().first()?;
    Some(format!("{} {}", point.title, score.score))
}

fn table(sweeps: &[Shelved], scores: bool) -> String {
    let mut table = terminal::table();
    let mut heads = vec!["results", "sweep", "engine", "finished", "last change (UTC)", "MB"];
    let remarked = sweeps.iter().any(|sweep| sweep.remarks != Remarks::default());
    heads.extend(remarked.then_some("tags and note"));
    heads.extend(scores.then_some("best point and score"));
    table.set_header(heads);
    for sweep in sweeps {
        let mut cells = vec![printable(&sweep.dir.to_string_lossy())];
        match &sweep.sweep {
            Ok(own) => cells.extend([
                printable(&own.name),
                printable(&own.engine),
                format!("{} of {}", own.finished, own.runs),
            ]),
            Err(problem) => cells.extend([printable(problem), String::new(), String::new()]),
        }
        cells.push(sweep.changed.map_or_else(String::new, shown));
        cells.push(format!("{:.1}", sweep.bytes as f64 / 1e6));
        cells.extend(remarked.then(|| remark(&sweep.remarks)));
        let best = sweep.sweep.as_ref().ok().and_then(|own| own.best.as_deref());
        cells.extend(scores.then(|| printable(best.unwrap_or("–"))));
        table.add_row(cells);
    }
    for column in [3, 5] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Tags, and how the note begins.
fn remark(remarks: &Remarks) -> String {
    let note = remarks.note.as_deref().and_then(|note| note.lines().next()).unwrap_or_default();
    let tags = remarks.tags.join(", ");
    let both = if tags.is_empty() || note.is_empty() { tags + note } else { format!("{tags} · {note}") };
    shortened(&printable(&both), LONGEST_REMARK)
}

fn shown(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .map_or_else(|_| String::new(), |time| time.strftime("%Y-%m-%d %H:%M").to_string())
}

fn as_json(sweep: &Shelved) -> Value {
    let own = sweep.sweep.as_ref().ok();
    json!({
        "results": sweep.dir.to_string_lossy(),
        "name": own.map(|own| &own.name),
        "engine": own.map(|own| &own.engine),
        "runs": own.map(|own| own.runs),
        "finished": own.map(|own| own.finished),
        "best": own.and_then(|own| own.best.as_deref()),
        "problem": sweep.sweep.as_ref().err(),
        "changed": sweep.changed.map(shown),
        "bytes": sweep.bytes,
        "tags": sweep.remarks.tags,
        "note": sweep.remarks.note,
    })
}
