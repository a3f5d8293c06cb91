use std::{
    collections::BTreeMap,
    process::Command,
    time::{Duration, Instant},
};

/// What the cluster says about a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// It has a process, or is about to lose it.
    Running,
    /// It waits to start, for the first time or again.
    Waiting,
    /// It is no more, whatever became of it.
    Gone,
}

/// The user's tasks as `squeue` lists them, asked for again when the answer has grown old.
#[derive(Debug)]
pub struct Squeue {
    every: Duration,
    asked: Option<Instant>,
    /// None where the cluster could not be asked.
    tasks: Option<BTreeMap<String, String>>,
}

impl Squeue {
    /// Answers that may be this old.
    pub fn new(every: Duration) -> Self {
        Self { every, asked: None, tasks: None }
    }

    /// The state of a task; nothing if the cluster can't be asked.
    pub fn state(&mut self, task: &str) -> Option<JobState> {
        self.ask();
        let tasks = self.tasks.as_ref()?;
        Some(tasks.get(task).map_or(JobState::Gone, |word| state(word)))
    }

    /// All tasks of an array with the cluster's word for their state; nothing if the cluster can't be asked.
    pub fn tasks_of(&mut self, array: &str) -> Option<Vec<(String, String)>> {
        self.ask();
        let tasks = self.tasks.as_ref()?;
        let of_array = |task: &&String| task.split('_').next() == Some(array);
        Some(tasks.iter().filter(|(task, _)| of_array(task)).map(|(a, b)| (a.clone(), b.clone())).collect())
    }

    fn ask(&mut self) {
        if self.asked.is_some_and(|asked| asked.elapsed() < self.every) {
            return;
        }
        self.asked = Some(Instant::now());
        let output =
            Command::new("squeue").args(["--noheader", "--array", "--me", "--format=%i|%T"]).output();
        self.tasks = output
            .ok()
            .filter(|output| output.status.success())
            .map(|output| listed(&String::from_utf8_lossy(&output.stdout)));
    }
}

pub(super) fn listed(text: &str) -> BTreeMap<String, String> {
    let pairs = text.lines().filter_map(|line| line.trim().split_once('|'));
    pairs.map(|(task, state)| (task.to_owned(), state.to_owned())).collect()
}

/// A state that isn't known counts as running: nothing is taken from a task that may live.
pub(super) fn state(word: &str) -> JobState {
    match word {
        "PENDING" | "REQUEUED" | "REQUEUE_FED" | "REQUEUE_HOLD" | "RESV_DEL_HOLD" | "SPECIAL_EXIT"
        | "CONFIGURING" => JobState::Waiting,
        "BOOT_FAIL" | "CANCELLED" | "COMPLETED" | "DEADLINE" | "FAILED" | "NODE_FAIL" | "OUT_OF_MEMORY"
        | "TIMEOUT" | "REVOKED" => JobState::Gone,
        _ => JobState::Running,
    }
}
