//! Starts the real commands in folders of their own and reads what they leave.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
};

use tempfile::TempDir;

/// The tables of a grid that trains on the faces of [`Bench::with_faces`], as little as training can be.
pub(crate) const TRAINING: &str = r#"
[data]
path = "faces"
[training]
network = { name = "resnet18", width = 4 }
epochs = 1
optimizer = { adam = { lr = 1e-3 } }
"#;

/// A folder of one test, deleted at its end, in which `sweep` is run.
pub(crate) struct Bench {
    folder: TempDir,
}

/// What a command printed and how it ended.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// One with a small data set in `faces`, for sweeps that really train.
    pub(crate) fn with_faces() -> Self {
        let worker = repository("target/debug/sweep-torch");
        assert!(worker.is_file(), "no worker {}: run `cargo build --workspace` first", worker.display());
        let bench = Self::new();
        bench
            .sweep(["synth", "faces", "--preset", "canaries", "--images", "500", "--persons", "80"])
            .expect_code(0);
        bench
    }

    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("below the bench")).expect("a folder in the bench");
        fs::write(&path, content).expect("a file in the bench");
        path
    }

    pub(crate) fn read(&self, relative: impl AsRef<Path>) -> String {
        let path = self.path(relative);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{} is readable: {error}", path.display()))
    }

    /// Runs `sweep` to its end.
    pub(crate) fn sweep<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Said {
        Said::from(self.command(arguments).output().expect("sweep starts"))
    }

    /// Starts `sweep` in a process group of its own and returns at once.
    pub(crate) fn start<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Child {
        self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sweep starts")
    }

    /// Runs whose end the journals have, in order within each; none where there is no journal yet.
    pub(crate) fn ended(&self, results: &str) -> Vec<String> {
        let journals = self.journals(results).into_iter();
        let text: String = journals.map(|path| fs::read_to_string(path).unwrap_or_default()).collect();
        let lines = text.lines().filter(|line| line.contains("\"ended\""));
        lines
            .filter_map(|line| Some(line.split("\"run\":\"").nth(1)?.split('"').next()?.to_owned()))
            .collect()
    }

    /// The journals of all schedulers, that of a lone one first.
    pub(crate) fn journals(&self, results: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path(results)).into_iter().flatten().filter_map(Result::ok);
        let is_journal = |path: &PathBuf| {
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            name.starts_with("journal.") && path.extension().is_some_and(|ending| ending == "jsonl")
        };
        let mut journals: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_journal).collect();
        journals.sort_by_key(|path| (path.file_name() != Some(OsStr::new("journal.jsonl")), path.clone()));
        journals
    }

    /// Starts `sweep` and kills its scheduler once the journal has the end of `moment` runs: moments counted in runs fall
    /// where they are meant to on any machine.
    pub(crate) fn kill_after<A: AsRef<OsStr>>(
        &self,
        moment: usize,
        results: &str,
        arguments: impl IntoIterator<Item = A>,
    ) {
        let mut scheduler = self.start(arguments);
        while self.ended(results).len() < moment && scheduler.try_wait().expect("a child of ours").is_none() {
            thread::yield_now();
        }
        scheduler.kill().expect("a child of ours");
        scheduler.wait().expect("a child of ours");
    }

    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sweep"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null()).env("NO_COLOR", "1");
        command
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Said {
    /// Fails the test with everything that was printed unless the command ended with `code`.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// A file of the repository.
pub(crate) fn repository(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// The rows of a CSV file without quoted line breaks, as maps from column to cell.
pub(crate) fn csv_rows(text: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut lines = text.lines().map(split_csv_line);
    let header = lines.next().expect("a CSV file has a header");
    lines.map(|cells| header.iter().cloned().zip(cells).collect()).collect()
}

/// The rows of `runs.csv` without the columns that tell how a result came about: what two executions must agree on.
pub(crate) fn measured(runs: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    const CIRCUMSTANCES: [&str; 4] = ["attempt", "source", "unlearn_s", "measure_s"];
    let mut rows = csv_rows(runs);
    for row in &mut rows {
        row.retain(|column, _| !CIRCUMSTANCES.contains(&column.as_str()));
    }
    rows
}

fn split_csv_line(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells.push(cell);
    cells
}
