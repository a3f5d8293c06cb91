//! `sweep status`: how far a sweep is, from its results folder; where it is on a cluster, also who works on it.

mod crowd;
mod labels;
mod trouble;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::json;

use self::{crowd::Crowd, labels::LabelCounts, trouble::Trouble};
use super::{CommandError, Exit, Format, terminal};
use crate::{
    appraisal::read_asked,
    cluster::Frozen,
    frame::printable,
    grid::Remarks,
    outcome::Status,
    plan::Run,
    report::duration,
    store::{Folder, Recorded},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Results folder of the sweep
    dir: PathBuf,
    /// How to show it
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

pub(super) fn status(arguments: &Arguments) -> Result<Exit, CommandError> {
    let census = Census::take(&arguments.dir)?;
    match arguments.format {
        Format::Json => terminal::data(&census.json()),
        Format::Human => census.show_all(),
    }
    Ok(Exit::Done)
}

/// How a sweep stands.
pub(super) struct Census {
    recorded: Recorded,
    counts: BTreeMap<Status, usize>,
    /// Where several schedulers share the results.
    crowd: Option<Crowd>,
}

impl Census {
    pub(super) fn take(dir: &Path) -> Result<Self, CommandError> {
        let recorded = read_asked(dir)?;
        let counts = counts(&recorded);
        let crowd = if Frozen::is_in(dir) { Some(Crowd::count(dir, &recorded)?) } else { None };
        Ok(Self { recorded, counts, crowd })
    }

    pub(super) fn is_complete(&self) -> bool {
        !self.counts.contains_key(&Status::Pending)
    }

    /// Runs with an outcome.
    pub(super) fn ended(&self) -> usize {
        self.counts.iter().filter(|(status, _)| **status != Status::Pending).map(|(_, count)| count).sum()
    }

    /// Runs without one.
    pub(super) fn pending(&self) -> usize {
        self.counts.get(&Status::Pending).copied().unwrap_or(0)
    }

    /// How far it is, and who works on it; where all of that is to be told, also what the user has said of it and what it cost.
    pub(super) fn news(&self, all: bool) -> Vec<String> {
        let rest = all.then(|| remarks(&self.recorded.folder).into_iter().chain(self.spent()));
        let crowd = self.crowd.iter().flat_map(Crowd::lines);
        [self.line()].into_iter().chain(rest.into_iter().flatten()).chain(crowd).collect()
    }

    /// Tells what the user should know of the results.
    pub(super) fn note(&self) {
        terminal::notes(&self.recorded.notices);
    }

    /// All of it, with every label, whatever went wrong, and what the user should know.
    pub(super) fn lines(&self) -> Vec<String> {
        // A note of the user's may have several.
        let mut lines: Vec<String> =
            self.news(true).iter().flat_map(|told| told.lines()).map(str::to_owned).collect();
        lines.extend(LabelCounts::of(&self.recorded).table().lines().map(str::to_owned));
        lines.extend(Trouble::of(&self.recorded).lines());
        lines.extend(self.recorded.notices.iter().map(|notice| format!("note: {notice}")));
        lines
    }

    /// How it stands, with every label and whatever went wrong.
    fn show_all(&self) {
        for line in self.news(true) {
            terminal::data(&line);
        }
        self.note();
        terminal::data(&LabelCounts::of(&self.recorded).table());
        let trouble = Trouble::of(&self.recorded).lines();
        for line in &trouble {
            terminal::data(line);
        }
        if !trouble.is_empty() {
            let dir = self.recorded.folder.path().display();
            terminal::talk(&format!("`sweep logs {dir} --failed` shows what those runs said"));
        }
    }

    fn json(&self) -> String {
        let plan = &self.recorded.plan;
        let by_status: BTreeMap<&str, usize> =
            self.counts.iter().map(|(status, count)| (status.word(), *count)).collect();
        let mut object = json!({ "name": plan.name, "engine": plan.engine.name, "runs": plan.runs.len(), "status": by_status });
        let remarks = Remarks::of(&self.recorded.folder.read_provenance());
        object["tags"] = json!(remarks.tags);
        object["note"] = json!(remarks.note);
        object["spent"] = json!(self.recorded.folder.read_cost());
        object["labels"] = LabelCounts::of(&self.recorded).json();
        object["messages"] = Trouble::of(&self.recorded).json();
        if let Some(crowd) = &self.crowd {
            object["tasks"] = json!(crowd.tasks);
            object["claimed"] = json!(crowd.claimed);
        }
        object.to_string()
    }

    /// What schedulers have spent on it, as far as they have ended in order.
    fn spent(&self) -> Option<String> {
        let cost = self.recorded.folder.read_cost()?;
        let gpus = if cost.gpu_s > 0.0 { format!(", GPUs {}", duration(cost.gpu_s)) } else { String::new() };
        Some(format!(
            "spent: wall {}, processors {}{gpus}",
            duration(cost.wall_s),
            duration(cost.processor_s)
        ))
    }

    fn line(&self) -> String {
        let plan = &self.recorded.plan;
        let parts: Vec<String> =
            self.counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
        format!(
            "{} ({} engine): {} runs, {}",
            plan.name,
            printable(&plan.engine.name),
            plan.runs.len(),
            parts.join(", ")
        )
    }
}

/// What the user has said of the sweep, for the terminal.
pub(super) fn remarks(folder: &Folder) -> Vec<String> {
    let Remarks { tags, note } = Remarks::of(&folder.read_provenance());
    let tags = (!tags.is_empty()).then(|| format!("tags: {}", tags.join(", ")));
    tags.into_iter().chain(note.map(|note| terminal::tame(&note))).collect()
}

fn tally<K: Ord>(items: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    items.fold(BTreeMap::new(), |mut counts, item| {
        *counts.entry(item).or_insert(0) += 1;
        counts
    })
}

fn counts(recorded: &Recorded) -> BTreeMap<Status, usize> {
    tally(recorded.plan.runs.iter().map(|run| status_of(recorded, run)))
}

fn status_of(recorded: &Recorded, run: &Run) -> Status {
    recorded.outcomes.get(&run.id).map_or(Status::Pending, |record| record.outcome.status())
}
