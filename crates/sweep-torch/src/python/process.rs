//! The process of one call: Python with PyTorch, started ahead of its job, and what it says.

use std::{
    cell::{Cell, RefCell},
    env,
    ffi::OsString,
    io::{self, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use sweep_protocol::line::{self, Line};

use crate::system::libtorch_folder;

/// What the process does; it is handed to the interpreter, so that no file need be found.
pub(crate) const RUNNER: &str = include_str!("../../../../python/runner.py");
/// Reads the text above from standard input and runs it.
const BOOT: &str = "import sys; n = int(sys.stdin.buffer.readline()); \
                    exec(compile(sys.stdin.buffer.read(n), 'sweep-runner', 'exec'))";

/// What the process says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Message {
    /// It has imported PyTorch of this version and waits for its job.
    Ready { torch: String },
    /// The function takes batches or steps: so many by now.
    Moved(u64),
    /// The function has returned, and the weights are written.
    Answer(Returned),
    /// The call has failed.
    Failed { kind: FailureKind, message: String },
    /// The process has ended, and all that it had started.
    Ended(Ended),
    /// Something that is no message came.
    #[serde(skip)]
    Garbage,
}

/// What there is to know of a call that returned.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Returned {
    /// Seconds in the function alone.
    pub(crate) seconds: f64,
    /// Steps that optimisers have taken.
    pub(crate) steps: u64,
    /// Whether all weights are finite; they are written if they are.
    pub(crate) finite: bool,
    /// Files of the user's that were imported, relative to the folder of the function's file.
    pub(crate) files: Vec<String>,
}

/// Kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FailureKind {
    Refused,
    OutOfMemory,
    Error,
}

/// How a process has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ended {
    Code(i32),
    Signal(i32),
}

/// An interpreter that has been started.
#[derive(Debug)]
pub(crate) struct PythonProcess {
    pub(crate) program: String,
    child: Child,
    input: Option<ChildStdin>,
    pub(crate) messages: Receiver<Message>,
}

impl PythonProcess {
    /// Starts an interpreter, which imports PyTorch and these modules, where it has them, and waits. What it prints goes to
    /// this process's standard error.
    pub(crate) fn start(program: &str, modules: &[&str]) -> io::Result<Self> {
        let worker = std::process::id().to_string();
        let mut child = Command::new(program)
            .args(["-X", "faulthandler", "-c", BOOT, &worker])
            .args(modules)
            .env("LD_LIBRARY_PATH", search_path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both pipes were asked for")
        };
        let (heard, messages) = channel();
        let mut runner = Self { program: program.to_owned(), child, input: Some(input), messages };
        thread::Builder::new().name("function".to_owned()).spawn(move || listen(output, &heard))?;
        // An interpreter that ends at once is noticed by its silence.
        let _ = runner.write(format!("{}\n{RUNNER}", RUNNER.len()).as_bytes());
        Ok(runner)
    }

    /// Hands the job over.
    pub(crate) fn perform(&mut self, job: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(job)?;
        line.push(b'\n');
        self.write(&line)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.input {
            Some(input) => input.write_all(bytes).and_then(|()| input.flush()),
            None => Ok(()),
        }
    }
}

/// Interpreters that were started ahead of their jobs.
#[derive(Debug, Default)]
pub struct Interpreters {
    waiting: RefCell<Option<PythonProcess>>,
    /// Whether one was taken before the last.
    several: Cell<bool>,
}

impl Interpreters {
    /// One of this program that waits, or a new one.
    pub(crate) fn take(&self, program: &str, modules: &[&str]) -> io::Result<PythonProcess> {
        match self.waiting.take().filter(|runner| runner.program == program) {
            Some(runner) => Ok(runner),
            None => PythonProcess::start(program, modules),
        }
    }

    /// Starts one for the call after this one. Of a worker's first call nobody knows whether it is the last, as that of a
    /// rehearsal is: importing PyTorch for nothing would take longer than most functions do there.
    pub(crate) fn start_for_the_next(&self, program: &str, modules: &[&str]) {
        if self.several.replace(true) {
            self.start_ahead(program, modules);
        }
    }

    /// Starts one that will wait; without it the next call only takes longer.
    pub(crate) fn start_ahead(&self, program: &str, modules: &[&str]) {
        *self.waiting.borrow_mut() = PythonProcess::start(program, modules).ok();
    }
}

impl Drop for PythonProcess {
    /// Ends the process with all that it has started: told to, it kills and reaps them.
    fn drop(&mut self) {
        self.input = None;
        if let (Ok(None), Some(process)) =
            (self.child.try_wait(), Pid::from_raw(self.child.id().cast_signed()))
        {
            let _ = kill_process(process, Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

/// Passes on what is said until nobody can say anything more.
fn listen(output: ChildStdout, heard: &Sender<Message>) {
    let mut output = BufReader::new(output);
    loop {
        let message = match line::read(&mut output) {
            Ok(Line::Whole(line)) => serde_json::from_slice(&line).unwrap_or(Message::Garbage),
            Ok(Line::TooLong) => Message::Garbage,
            Ok(Line::End) | Err(_) => return,
        };
        if heard.send(message).is_err() {
            return;
        }
    }
}

/// Where the interpreter looks for libraries: not where this process was led to for its own libtorch.
fn search_path() -> OsString {
    let own = libtorch_folder().and_then(|folder| folder.canonicalize().ok());
    let inherited = env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let is_own = |path: &Path| own.is_some() && path.canonicalize().ok() == own;
    let kept: Vec<_> = env::split_paths(&inherited).filter(|path| !is_own(path)).collect();
    env::join_paths(kept).unwrap_or_default()
}
