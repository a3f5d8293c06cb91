//! The `[cluster]` table: how workers on other hosts are asked for, and how they keep in touch.

use std::{num::NonZeroU32, time::Duration};

use toml::de::DeValue;

use super::{
    duration,
    error::{Problems, shown},
    table::{Node, Table, text, whole, wrong_type},
};

/// Options of `sbatch` that this program sets itself, or that would change what it submits.
const OURS: [&str; 19] = [
    "array",
    "chdir",
    "clusters",
    "dependency",
    "error",
    "export",
    "export-file",
    "help",
    "input",
    "job-name",
    "kill-on-invalid-dep",
    "no-requeue",
    "open-mode",
    "output",
    "parsable",
    "requeue",
    "signal",
    "test-only",
    "wrap",
];

/// What a cluster is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterSettings {
    /// Time between two beats of a run that moves.
    pub heartbeat: Duration,
    /// What Slurm is asked for.
    pub slurm: SlurmSettings,
}

/// What Slurm is asked for, for each worker. Every text is one safe word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlurmSettings {
    /// Partition.
    pub partition: Option<String>,
    /// Account.
    pub account: Option<String>,
    /// Generic resources: `gpu:1`.
    pub gres: Option<String>,
    /// Cores.
    pub cpus: Option<NonZeroU32>,
    /// Memory: `16G`.
    pub mem: Option<String>,
    /// Time limit.
    pub time: Option<Duration>,
    /// How long before its time limit a worker is told of it.
    pub signal_before: Duration,
    /// Further options, each one word.
    pub extra: Vec<String>,
}

impl Default for ClusterSettings {
    fn default() -> Self {
        Self { heartbeat: Duration::from_secs(15), slurm: SlurmSettings::default() }
    }
}

impl Default for SlurmSettings {
    fn default() -> Self {
        let signal_before = Duration::from_mins(3);
        let (partition, account, gres, mem) = (None, None, None, None);
        Self { partition, account, gres, cpus: None, mem, time: None, signal_before, extra: Vec::new() }
    }
}

/// Reads `[cluster]`.
pub(super) fn read(root: &Table<'_>, problems: &mut Problems) -> ClusterSettings {
    let mut settings = ClusterSettings::default();
    let Some(table) = root.table("cluster", problems) else { return settings };
    table.refuse_unknown(&["heartbeat", "slurm"], problems);
    settings.heartbeat = time("heartbeat", &table, problems).unwrap_or(settings.heartbeat);
    if let Some(node) = table.get("slurm")
        && let Some(table) = Table::of("[cluster.slurm]", node, problems)
    {
        settings.slurm = slurm(&table, problems);
    }
    settings
}

fn slurm(table: &Table<'_>, problems: &mut Problems) -> SlurmSettings {
    const KEYS: [&str; 8] = ["partition", "account", "gres", "cpus", "mem", "time", "signal-before", "extra"];
    const MOST_CPUS: u64 = 4096;
    table.refuse_unknown(&KEYS, problems);
    let usual = SlurmSettings::default();
    SlurmSettings {
        partition: word("partition", table, problems),
        account: word("account", table, problems),
        gres: word("gres", table, problems),
        cpus: table
            .get("cpus")
            .and_then(|node| whole("cpus", node, 1..=MOST_CPUS, problems))
            .and_then(|count| NonZeroU32::new(count as u32)),
        mem: word("mem", table, problems),
        time: time("time", table, problems),
        signal_before: time("signal-before", table, problems).unwrap_or(usual.signal_before),
        extra: table.get("extra").map(|node| extra(node, problems)).unwrap_or_default(),
    }
}

fn time(key: &str, table: &Table<'_>, problems: &mut Problems) -> Option<Duration> {
    let node = table.get(key)?;
    let duration = node.get_ref().as_str().and_then(duration::parse);
    if duration.is_none() {
        problems.push(wrong_type(key, duration::EXPECTED, node));
    }
    duration
}

fn word(key: &str, table: &Table<'_>, problems: &mut Problems) -> Option<String> {
    const EXPECTED: &str =
        "one word of letters, digits and , . : = _ @ + -, beginning with a letter or a digit";
    let node = table.get(key)?;
    let (found, _) = text(key, node, problems)?;
    if is_word(found) && found.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return Some(found.to_owned());
    }
    problems.push(wrong_type(key, EXPECTED, node));
    None
}

fn is_word(text: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || ",.:=_@+-".contains(letter);
    (1..=256).contains(&text.len()) && text.chars().all(fits)
}

fn extra(node: &Node<'_>, problems: &mut Problems) -> Vec<String> {
    const EXPECTED: &str = "a list of options of sbatch, each as one word: \"--nice=100\"";
    let DeValue::Array(items) = node.get_ref() else {
        problems.push(wrong_type("extra", EXPECTED, node));
        return Vec::new();
    };
    let mut words = Vec::new();
    for item in items {
        let Some((word, _)) = text("extra", item, problems) else { continue };
        if !is_option(word) {
            problems.push(wrong_type("extra", EXPECTED, item));
        } else if let Some(ours) = ours(word) {
            problems.push(wrong_type("extra", &format!("no `--{ours}`, which sweep sets itself"), item));
        } else {
            words.push(shown(word));
        }
    }
    words
}

fn is_option(word: &str) -> bool {
    let name = word.strip_prefix("--").map(name);
    name.is_some_and(|name| name.len() >= 2 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        && is_word(word)
}

fn name(option: &str) -> &str {
    option.split('=').next().unwrap_or_default()
}

/// The option of ours that a word names; `sbatch` accepts any beginning of a name.
fn ours(word: &str) -> Option<&'static str> {
    let name = name(word.trim_start_matches('-'));
    OURS.into_iter().find(|ours| ours.starts_with(name))
}
