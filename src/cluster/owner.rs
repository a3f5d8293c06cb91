use std::fs;

use serde::{Deserialize, Serialize};

/// A task of a cluster's job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// As `squeue` names it: `17_3`, or `17` outside an array.
    pub id: String,
    /// How often the cluster had started it before.
    pub restarts: u32,
}

/// A scheduler that claims runs: one life of one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// Its name in the results folder, unlike that of any other life of any other process; safe in file names.
    pub name: String,
    /// Host.
    pub host: String,
    /// Which boot of that host.
    pub boot: String,
    /// Process id there.
    pub pid: u32,
    /// When that process started, in clock ticks after the boot.
    pub started: u64,
    /// The cluster's task that it belongs to.
    pub task: Option<Task>,
}

impl Owner {
    /// This process.
    pub fn here(task: Option<Task>) -> Self {
        let read =
            |path| fs::read_to_string(path).map_or_else(|_| String::new(), |text| text.trim().to_owned());
        let host = read("/proc/sys/kernel/hostname");
        let pid = std::process::id();
        let started = start_of(pid).unwrap_or(0);
        let name = match &task {
            Some(task) => format!("slurm-{}-{}-{pid}-{host}", task.id, task.restarts),
            None => format!("{pid}-{started}-{host}"),
        };
        Self { name: safe(&name), host, boot: read("/proc/sys/kernel/random/boot_id"), pid, started, task }
    }

    /// Whether the process lives, if it is one of this machine.
    pub(super) fn lives_here(&self, here: &Self) -> Option<bool> {
        let same = self.host == here.host && self.boot == here.boot && !self.boot.is_empty();
        same.then(|| start_of(self.pid) == Some(self.started))
    }
}

fn safe(name: &str) -> String {
    let safe = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    name.chars().take(64).map(safe).collect()
}

/// When a process started, unless it is gone or a zombie.
fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program may hold anything, parentheses and blanks included.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") { None } else { fields.nth(18)?.parse().ok() }
}
