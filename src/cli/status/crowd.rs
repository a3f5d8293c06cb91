//! Who works on shared results.

use std::{collections::BTreeMap, path::Path, time::Duration};

use sweep_disk::OsDisk;

use super::{CommandError, tally};
use crate::{
    cluster::{Claims, Life, Lookout, Owner, Squeue, Submissions},
    store::Recorded,
};

/// Who works on shared results.
pub(super) struct Crowd {
    /// Tasks on the cluster, by its own word for their state; nothing if it can't be asked.
    pub(super) tasks: Option<BTreeMap<String, usize>>,
    /// Runs without an end that somebody has claimed, by what is known of the owner.
    pub(super) claimed: BTreeMap<&'static str, usize>,
}

impl Crowd {
    pub(super) fn count(dir: &Path, recorded: &Recorded) -> Result<Self, CommandError> {
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
        let claimed = tally(standing.iter().map(|(run, claim)| match lookout.life(&claim.owner) {
            // A scheduler takes the next runs before it has a worker for them.
            Life::Lives if recorded.is_under_way(run) => "running",
            Life::Lives => "taken ahead",
            Life::Requeued => "preempted",
            Life::Ended => "lost",
            Life::Unknown => "claimed",
        }));
        Ok(Self { tasks, claimed })
    }

    pub(super) fn lines(&self) -> Vec<String> {
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
