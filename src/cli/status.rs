//! `sweep status`: how far a sweep is, from its results folder; where it is on a cluster, also who works on it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use serde_json::json;
use sweep_disk::OsDisk;

use super::{CommandError, Exit, Format, terminal};
use crate::{
    appraisal::read_asked,
    cluster::{Claims, Frozen, Life, Lookout, Owner, Squeue, Submissions},
    frame::printable,
    outcome::Status,
    store::Recorded,
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
    Census::take(&arguments.dir)?.show(arguments.format);
    Ok(Exit::Done)
}

/// How a sweep stands.
pub(super) struct Census {
    recorded: Recorded,
    counts: BTreeMap<Status, usize>,
    /// Where several schedulers share the results.
    crowd: Option<Crowd>,
}

/// Who works on shared results.
struct Crowd {
    /// Tasks on the cluster, by its own word for their state; nothing if it can't be asked.
    tasks: Option<BTreeMap<String, usize>>,
    /// Runs without an end that somebody has claimed, by what is known of the owner.
    claimed: BTreeMap<&'static str, usize>,
}

impl Census {
    pub(super) fn take(dir: &Path) -> Result<Self, CommandError> {
        let recorded = read_asked(dir)?;
        let counts = counts(&recorded);
        let crowd = if Frozen::is_in(dir) { Some(Crowd::count(dir)?) } else { None };
        Ok(Self { recorded, counts, crowd })
    }

    pub(super) fn is_complete(&self) -> bool {
        !self.counts.contains_key(&Status::Pending)
    }

    pub(super) fn show(&self, format: Format) {
        match format {
            Format::Json => terminal::data(&self.json()),
            Format::Human => {
                terminal::data(&self.line());
                for line in self.crowd.iter().flat_map(Crowd::lines) {
                    terminal::data(&line);
                }
                terminal::notes(&self.recorded.notices);
            }
        }
    }

    fn json(&self) -> String {
        let plan = &self.recorded.plan;
        let by_status: BTreeMap<&str, usize> =
            self.counts.iter().map(|(status, count)| (status.word(), *count)).collect();
        let mut object = json!({ "name": plan.name, "engine": plan.engine.name, "runs": plan.runs.len(), "status": by_status });
        if let Some(crowd) = &self.crowd {
            object["tasks"] = json!(crowd.tasks);
            object["claimed"] = json!(crowd.claimed);
        }
        object.to_string()
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

impl Crowd {
    fn count(dir: &Path) -> Result<Self, CommandError> {
        let mut squeue = Squeue::new(Duration::from_secs(30));
        let submitted = Submissions::read(dir)?.0;
        let tasks = submitted
            .iter()
            .map(|submission| squeue.tasks_of(&submission.array))
            .collect::<Option<Vec<_>>>()
            .map(|tasks| tally(tasks.into_iter().flatten().map(|(_, state)| state.to_lowercase())));
        let mut lookout = Lookout::new(Owner::here(None), squeue);
        let standing = Claims::standing(&OsDisk, dir)
            .map_err(|source| CommandError::Folder { path: dir.to_owned(), source })?;
        let claimed = tally(standing.values().map(|claim| match lookout.life(&claim.owner) {
            Life::Lives => "running",
            Life::Requeued => "preempted",
            Life::Ended => "lost",
            Life::Unknown => "claimed",
        }));
        Ok(Self { tasks, claimed })
    }

    fn lines(&self) -> Vec<String> {
        let parts = |counts: Vec<(&str, usize)>| -> String {
            let parts: Vec<String> =
                counts.into_iter().map(|(word, count)| format!("{count} {word}")).collect();
            if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
        };
        let tasks = match &self.tasks {
            Some(tasks) => parts(tasks.iter().map(|(word, count)| (word.as_str(), *count)).collect()),
            None => "unknown: the cluster can't be asked".to_owned(),
        };
        let claimed = parts(self.claimed.iter().map(|(word, count)| (*word, *count)).collect());
        vec![format!("workers on the cluster: {tasks}"), format!("runs at work: {claimed}")]
    }
}

fn tally<K: Ord>(items: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    items.fold(BTreeMap::new(), |mut counts, item| {
        *counts.entry(item).or_insert(0) += 1;
        counts
    })
}

fn counts(recorded: &Recorded) -> BTreeMap<Status, usize> {
    tally(
        recorded.plan.runs.iter().map(|run| {
            recorded.outcomes.get(&run.id).map_or(Status::Pending, |record| record.outcome.status())
        }),
    )
}
