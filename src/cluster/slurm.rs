//! Slurm from outside: one array of workers, then a job that makes the report. Values are words of an argument list; no
//! shell ever reads one.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use sweep_disk::Disk;
use thiserror::Error;

use super::{FrozenError, Task, frozen::write};
use crate::grid::SlurmSettings;

/// The whole script, for every sweep and every job: it becomes the program that it is given.
const SCRIPT: &str = "#!/bin/bash\nexec \"$@\"\n";
/// Where script, logs and the list of submissions are, below the results folder.
const FOLDER: &str = "slurm";
/// Longest list of submissions that is read, in bytes.
const LONGEST: u64 = 1 << 26;

/// What is to be submitted.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Name of the sweep, safe as a folder name.
    pub name: &'a str,
    /// The results folder, absolute.
    pub dir: &'a Path,
    /// This program, absolute.
    pub program: &'a Path,
    /// Number of workers.
    pub workers: u32,
    /// Whether workers may start an engine of the user's own.
    pub trust: bool,
    /// What the grid says about the cluster.
    pub settings: &'a SlurmSettings,
}

/// What was submitted at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// The array of workers.
    pub array: String,
    /// The job that makes the report.
    pub report: String,
    /// Number of workers.
    pub workers: u32,
}

/// Everything that was submitted for a results folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submissions(pub Vec<Submission>);

/// Failed to hand a sweep to Slurm.
#[derive(Debug, Error)]
pub enum SlurmError {
    /// A command of Slurm doesn't start.
    #[error("failed to start `{command}`: {source}; run this where Slurm's commands are, on a login node")]
    Missing {
        /// The command.
        command: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A command of Slurm says no.
    #[error("`{command}` refused: {message}")]
    Refused {
        /// The command.
        command: &'static str,
        /// What it said.
        message: String,
    },
    /// Slurm would accept the job and never start it.
    #[error(
        "`time` is {wanted} minutes, partition `{partition}` allows {limit}; lower `time` or name another partition"
    )]
    TooLong {
        /// Minutes that are asked for.
        wanted: u64,
        /// The partition.
        partition: String,
        /// Minutes that it allows.
        limit: u64,
    },
    /// An array may not be that large.
    #[error(
        "{workers} workers are more than the {limit} tasks that this cluster allows in an array; lower --workers"
    )]
    TooMany {
        /// Workers that are asked for.
        workers: u32,
        /// Most tasks of an array.
        limit: u32,
    },
    /// There is no such partition.
    #[error("the cluster has no partition {}; `sinfo` lists them", partition.as_ref().map_or_else(|| "by default".to_owned(), |name| format!("`{name}`")))]
    NoPartition {
        /// The partition, or none where the grid names none.
        partition: Option<String>,
    },
    /// A path can't be handed to Slurm.
    #[error("`{}` can't be handed to Slurm; use folders whose names are UTF-8 without control characters, % and \\", path.display().to_string().escape_debug())]
    Path {
        /// The path.
        path: PathBuf,
    },
    /// A file of ours.
    #[error(transparent)]
    File(#[from] FrozenError),
}

impl Request<'_> {
    /// The commands as a shell would take them, for people, and the script that they name.
    pub fn print(&self) -> Result<String, SlurmError> {
        let command = |arguments: Vec<String>| {
            let words: Vec<String> = arguments.iter().map(|word| quoted(word)).collect();
            format!("sbatch {}", words.join(" "))
        };
        let mut lines = vec![command(self.array()?), command(self.report("ARRAY")?)];
        lines.push(format!("# {FOLDER}/job.sh:"));
        lines.extend(SCRIPT.lines().map(|line| format!("# {line}")));
        Ok(lines.join("\n"))
    }

    /// Submits both jobs and keeps their numbers.
    pub fn submit(&self, disk: &dyn Disk) -> Result<Submission, SlurmError> {
        let folder = self.dir.join(FOLDER);
        let made = disk.create_dir(&folder).and_then(|()| disk.sync_dir(self.dir));
        made.map_err(|source| FrozenError::File { path: folder.clone(), source })?;
        write(disk, &folder.join("job.sh"), SCRIPT.as_bytes())?;
        let array = job_number(&sbatch(&self.array()?)?);
        let report = job_number(&sbatch(&self.report(&array)?)?);
        let submission = Submission { array, report, workers: self.workers };
        let mut all = Submissions::read(self.dir)?;
        all.0.push(submission.clone());
        let bytes = serde_json::to_vec_pretty(&all).expect("plain data serialises");
        write(disk, &folder.join("submissions.json"), &bytes)?;
        Ok(submission)
    }

    /// Refuses what Slurm would accept and never start.
    pub fn check(&self) -> Result<(), SlurmError> {
        let config = asked("scontrol", &["show", "config"])?;
        if let Some(limit) = setting(&config, "MaxArraySize").and_then(|limit| limit.parse().ok())
            && self.workers > limit
        {
            return Err(SlurmError::TooMany { workers: self.workers, limit });
        }
        let partitions = asked("scontrol", &["--oneliner", "show", "partition"])?;
        let listed = self.settings.partition.as_ref();
        let named = listed.map_or_else(|| vec![None], |names| names.split(',').map(Some).collect());
        let found = named.into_iter().map(|named| {
            let missing = || SlurmError::NoPartition { partition: named.map(str::to_owned) };
            partition(&partitions, named).ok_or_else(missing)
        });
        let found: Vec<(String, Option<u64>)> = found.collect::<Result<_, _>>()?;
        // Of several partitions one that fits is enough.
        let longest = found.into_iter().max_by_key(|(_, limit)| limit.unwrap_or(u64::MAX));
        match (self.settings.time.map(minutes), longest) {
            (Some(wanted), Some((partition, Some(limit)))) if wanted > limit => {
                Err(SlurmError::TooLong { wanted, partition, limit })
            }
            _ => Ok(()),
        }
    }

    fn array(&self) -> Result<Vec<String>, SlurmError> {
        let settings = self.settings;
        let mut words = self.both(&format!("sweep:{}", self.name))?;
        words.push(format!("--array=0-{}", self.workers - 1));
        words.push(format!("--output={FOLDER}/%A_%a.log"));
        words.push(format!("--signal=B:USR1@{}", settings.signal_before.as_secs()));
        words.push("--requeue".to_owned());
        let named = [("gres", &settings.gres), ("mem", &settings.mem)];
        words.extend(
            named.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("--{name}={value}"))),
        );
        words.extend(settings.cpus.map(|cpus| format!("--cpus-per-task={cpus}")));
        words.extend(settings.time.map(|time| format!("--time={}", minutes(time))));
        words.extend(settings.extra.iter().cloned());
        let mut words = self.with_command(words, "work")?;
        if self.trust {
            words.push("--trust".to_owned());
        }
        Ok(words)
    }

    /// The report is made whatever became of the workers.
    fn report(&self, array: &str) -> Result<Vec<String>, SlurmError> {
        let mut words = self.both(&format!("sweep:{}:report", self.name))?;
        words.push(format!("--output={FOLDER}/report-%j.log"));
        words.push(format!("--dependency=afterany:{array}"));
        self.with_command(words, "report")
    }

    fn both(&self, name: &str) -> Result<Vec<String>, SlurmError> {
        let mut words = vec!["--parsable".to_owned(), format!("--job-name={name}")];
        words.push(format!("--chdir={}", text(self.dir)?));
        words.push("--open-mode=append".to_owned());
        let named = [("partition", &self.settings.partition), ("account", &self.settings.account)];
        words.extend(
            named.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("--{name}={value}"))),
        );
        Ok(words)
    }

    fn with_command(&self, mut words: Vec<String>, command: &str) -> Result<Vec<String>, SlurmError> {
        words.push(text(&self.dir.join(FOLDER).join("job.sh"))?);
        words.extend([text(self.program)?, command.to_owned(), ".".to_owned()]);
        Ok(words)
    }
}

impl Submissions {
    /// Everything that was submitted for a results folder.
    pub fn read(dir: &Path) -> Result<Self, FrozenError> {
        let path = dir.join(FOLDER).join("submissions.json");
        match sweep_files::read(&path, LONGEST) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|source| FrozenError::Unreadable { path, source })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(FrozenError::File { path, source }),
        }
    }

    /// The logs that the jobs have left, sorted by name.
    pub fn logs(dir: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(dir.join(FOLDER)).into_iter().flatten().filter_map(Result::ok);
        let mut logs: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "log"))
            .collect();
        logs.sort();
        logs
    }
}

/// Puts a task back into the queue; Slurm ends its processes for that. It must be named as part of its array: the job
/// number of an array's last task is also that of the whole array.
pub fn requeue(task: &Task) -> Result<(), SlurmError> {
    asked("scontrol", &["requeue", &task.id]).map(drop)
}

/// Ends jobs, waiting or running.
pub fn cancel(jobs: &[String]) -> Result<(), SlurmError> {
    let words: Vec<&str> = jobs.iter().map(String::as_str).collect();
    asked("scancel", &words).map(drop)
}

fn sbatch(arguments: &[String]) -> Result<String, SlurmError> {
    let mut command = Command::new("sbatch");
    command.args(arguments);
    if sweep_files::is_shared_with_group() {
        command.env(sweep_files::GROUP_VARIABLE, "1");
    }
    // What an allocation around us was given must not become what this job asks for.
    for (name, _) in env::vars_os() {
        let inherited = name.to_str().is_some_and(|name| {
            (name.starts_with("SLURM_") && name != "SLURM_CONF") || name.starts_with("SBATCH_")
        });
        if inherited {
            command.env_remove(name);
        }
    }
    answer("sbatch", command.output())
}

fn asked(name: &'static str, arguments: &[&str]) -> Result<String, SlurmError> {
    answer(name, Command::new(name).args(arguments).output())
}

fn answer(command: &'static str, output: io::Result<Output>) -> Result<String, SlurmError> {
    let output = output.map_err(|source| SlurmError::Missing { command, source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(SlurmError::Refused { command, message })
}

/// `--parsable` prints `17` or `17;cluster`.
fn job_number(said: &str) -> String {
    said.trim().split(';').next().unwrap_or_default().to_owned()
}

fn setting<'t>(config: &'t str, name: &str) -> Option<&'t str> {
    let pairs = config.lines().filter_map(|line| line.split_once('='));
    pairs.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim()).next()
}

/// Name and limit (minutes) of a partition, or of the default one.
pub(super) fn partition(partitions: &str, named: Option<&str>) -> Option<(String, Option<u64>)> {
    partitions.lines().find_map(|line| {
        let field =
            |name: &str| line.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        let name = field("PartitionName")?;
        let wanted = named.map_or_else(|| field("Default") == Some("YES"), |named| named == name);
        wanted.then(|| (name.to_owned(), field("MaxTime").and_then(limit)))
    })
}

/// A limit as Slurm prints it, in minutes: `2-12:00:00`, `08:00:00`, `UNLIMITED`.
pub(super) fn limit(text: &str) -> Option<u64> {
    let (days, clock) = text.split_once('-').unwrap_or(("0", text));
    let parts: Vec<u64> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [hours, minutes, _] = parts[..] else { return None };
    Some(days.parse::<u64>().ok()? * 24 * 60 + hours * 60 + minutes)
}

/// Slurm counts in minutes.
fn minutes(time: Duration) -> u64 {
    time.as_secs().div_ceil(60).max(1)
}

/// Slurm makes names of logs from the folder, and there `%` and `\` have a meaning that nothing takes away.
fn text(path: &Path) -> Result<String, SlurmError> {
    let special = |letter: char| letter.is_control() || letter == '%' || letter == '\\';
    let text = path.to_str().filter(|text| !text.contains(special));
    text.map(str::to_owned).ok_or_else(|| SlurmError::Path { path: path.to_owned() })
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_=:/.,@+".contains(letter);
    let fine = !word.is_empty() && word.chars().all(plain);
    if fine { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
