use std::{
    fmt,
    fs::File,
    io::{self, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use rustix::{
    io::Errno,
    process::{Pid, WaitId, WaitIdOptions, waitid},
};
use sweep_protocol::{
    FORMAT,
    line::{self, Line},
    message::{FromWorker, Job, MAX_LINE, ToWorker},
    terms::ContentHash,
};
use thiserror::Error;

use super::{Exit, Manner, Pinned, WorkerCommand, isolation::isolate, speech::Speech, stop};
use crate::store::RunLog;

/// Files that may still be opened once a worker runs: the scheduler needs some to record what it does.
const HEADROOM: usize = 16;
/// How long the last words of a worker that has ended are waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Failed to start a worker.
#[derive(Debug, Error)]
pub enum SpawnError {
    /// The program doesn't start.
    #[error("failed to start the worker `{}`: {source}", program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that decides results is not what it was.
    #[error(
        "the engine's file `{}` has changed since the runs got their names; the same command again takes it as it is now",
        path.display()
    )]
    OtherBytes {
        /// The file.
        path: PathBuf,
    },
    /// The system has no thread left.
    #[error("failed to start a thread for the worker: {source}; raise `ulimit -u`")]
    Thread {
        /// Why.
        source: io::Error,
    },
}

impl SpawnError {
    /// Whether the system is short of something that comes back: memory, processes, threads or open files.
    pub fn is_shortage(&self) -> bool {
        const PASSING: [Errno; 4] = [Errno::AGAIN, Errno::NOMEM, Errno::MFILE, Errno::NFILE];
        match self {
            Self::Program { source, .. } | Self::Thread { source } => {
                Errno::from_io_error(source).is_some_and(|error| PASSING.contains(&error))
            }
            Self::OtherBytes { .. } => false,
        }
    }
}

/// Failed to put a job into words.
#[derive(Debug, Error)]
pub enum JobError {
    /// It has no JSON.
    #[error("the job can't be sent to a worker: {source}; use folders whose names are UTF-8")]
    NoJson {
        /// Why.
        #[from]
        source: serde_json::Error,
    },
    /// It is longer than a line may be.
    #[error("the job takes {bytes} bytes, a worker reads {MAX_LINE}; shorten the recipe")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
}

/// The worker is of another release; the format that it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the worker speaks format {0}, this sweep speaks {FORMAT}; install both from one release")]
pub struct ForeignFormat(pub u32);

/// Something that came from a worker.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery {
    /// A message.
    Message(Box<FromWorker>),
    /// The last: no message that counts comes after it.
    Lost(Loss),
}

/// Why no message comes any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// It closed its output, most likely by ending.
    Closed,
    /// A line longer than either side accepts.
    TooLong,
    /// A line that is no message; its beginning.
    Garbage(String),
}

impl fmt::Display for Loss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => formatter.write_str("the worker ended"),
            Self::TooLong => write!(formatter, "the worker sent a line of more than {MAX_LINE} bytes"),
            Self::Garbage(beginning) => {
                write!(formatter, "the worker sent a line that is no message: `{}`", beginning.escape_debug())
            }
        }
    }
}

/// A running worker process.
#[derive(Debug)]
pub struct Worker {
    child: Option<Child>,
    jobs: Option<Sender<Vec<u8>>>,
    speech: Speech,
    silent: Receiver<()>,
}

impl Worker {
    /// Starts a worker. `deliver` is called from another thread with everything that comes from it, the loss last;
    /// once it returns `false` it is called no more. The calling thread must outlive the worker.
    pub fn spawn(
        command: &WorkerCommand,
        deliver: impl FnMut(Delivery) -> bool + Send + 'static,
    ) -> Result<Self, SpawnError> {
        refuse_other_bytes(&command.pinned)?;
        let mut process = Command::new(&command.program);
        process.args(&command.args).env_clear().envs(&command.env);
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        isolate(&mut process);
        let failed = |source| SpawnError::Program { program: command.program.clone(), source };
        let headroom = headroom().map_err(failed)?;
        let mut child = process.spawn().map_err(failed)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = pipes else {
            unreachable!("all three pipes were asked for")
        };
        let (jobs, waiting) = channel();
        let (fell_silent, silent) = channel();
        let (speech, listener) = match Speech::new(errors) {
            Ok(both) => both,
            Err(source) => {
                stop::abandon(child);
                return Err(failed(source));
            }
        };
        drop(headroom);
        let process_id = stop::group(&child);
        // From here on, dropping the worker kills the process.
        let worker = Self { child: Some(child), jobs: Some(jobs), speech, silent };
        start("worker-input", move || write_jobs(input, &waiting))?;
        let deliver = Arc::new(Mutex::new(deliver));
        let (fell_mute, mute) = channel::<()>();
        let heard = deliver.clone();
        start("worker-output", move || {
            read_messages(output, |delivery| pass_on(&heard, delivery));
            drop(fell_mute);
        })?;
        if let Some(process) = process_id {
            start("worker-death", move || {
                notice_death(process, &mute, |loss| {
                    pass_on(&deliver, loss);
                });
            })?;
        }
        start("worker-errors", move || {
            listener.listen();
            drop(fell_silent);
        })?;
        Ok(worker)
    }

    /// Hands a job over; what the worker says meanwhile on standard error goes into the log.
    pub fn perform(&self, job: Job, log: RunLog) -> Result<(), JobError> {
        let mut line = serde_json::to_vec(&ToWorker::Perform(Box::new(job)))?;
        if line.len() > MAX_LINE {
            return Err(JobError::TooLong { bytes: line.len() });
        }
        line.push(b'\n');
        self.speech.turn_to(Some(log));
        self.tell(line);
        Ok(())
    }

    /// Hands over any line, whatever it says; it ends with its newline.
    pub fn tell(&self, line: Vec<u8>) {
        if let Some(jobs) = &self.jobs {
            // A worker that is gone is noticed where its messages are read.
            let _ = jobs.send(line);
        }
    }

    /// Completes the log of the run that has ended.
    pub fn rest(&self) {
        self.speech.turn_to(None);
    }

    /// The last lines of standard error.
    pub fn tail(&self) -> String {
        self.speech.tail()
    }

    /// Ends the worker without waiting for it; `done` is called from another thread when it is gone, with the last
    /// lines of its standard error.
    pub fn stop(
        mut self,
        manner: Manner,
        grace: Duration,
        done: impl FnOnce(Exit, String) + Send + 'static,
    ) -> Result<Stopping, SpawnError> {
        self.jobs = None;
        let hurry = Arc::new(AtomicBool::new(false));
        let stopping = Stopping(hurry.clone());
        start("worker-end", move || {
            let exit =
                self.child.take().map_or(Exit::Unknown, |child| stop::end(child, manner, grace, &hurry));
            // Its last words may still be on their way; a process that it left behind may keep the pipe open.
            let _ = self.silent.recv_timeout(LAST_WORDS);
            self.speech.turn_to(None);
            done(exit, self.speech.tail());
        })?;
        Ok(stopping)
    }
}

/// A worker that is being ended.
#[derive(Debug)]
pub struct Stopping(Arc<AtomicBool>);

impl Stopping {
    /// Kills it without further grace.
    pub fn hurry(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            stop::abandon(child);
        }
    }
}

fn refuse_other_bytes(pinned: &[Pinned]) -> Result<(), SpawnError> {
    let is_other = |file: &&Pinned| {
        let found = sweep_files::given_hash(&file.path).map(ContentHash::from);
        found.ok().as_ref() != Some(&file.blake3)
    };
    let changed = pinned.iter().find(is_other);
    changed.map_or(Ok(()), |file| Err(SpawnError::OtherBytes { path: file.path.clone() }))
}

/// Opens files to see that there may be so many.
fn headroom() -> io::Result<Vec<File>> {
    (0..HEADROOM).map(|_| File::open("/dev/null")).collect()
}

fn start(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), SpawnError> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(body);
    started.map(drop).map_err(|source| SpawnError::Thread { source })
}

/// Writes from a thread of its own, because a worker that doesn't read must not hold up the others. The pipe closes
/// when the sender is gone.
fn write_jobs(mut input: ChildStdin, jobs: &Receiver<Vec<u8>>) {
    for line in jobs {
        if input.write_all(&line).is_err() {
            return;
        }
    }
}

fn pass_on(deliver: &Mutex<impl FnMut(Delivery) -> bool>, delivery: Delivery) -> bool {
    (deliver.lock().unwrap_or_else(PoisonError::into_inner))(delivery)
}

/// Reports a worker that has ended though its output has not: a process that it left behind may hold the pipe open.
fn notice_death(process: Pid, mute: &Receiver<()>, report: impl FnOnce(Delivery)) {
    while let Err(error) = waitid(WaitId::Pid(process), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
        if error != Errno::INTR {
            // Whoever has reaped it knows of its end.
            return;
        }
    }
    if mute.recv_timeout(LAST_WORDS) == Err(RecvTimeoutError::Timeout) {
        report(Delivery::Lost(Loss::Closed));
    }
}

fn read_messages(output: impl Read, mut deliver: impl FnMut(Delivery) -> bool) {
    let mut output = BufReader::new(output);
    loop {
        let loss = match line::read(&mut output) {
            Ok(Line::Whole(line)) => match serde_json::from_slice(&line) {
                Ok(message) => {
                    if deliver(Delivery::Message(Box::new(message))) {
                        continue;
                    }
                    return;
                }
                Err(_) => Loss::Garbage(String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned()),
            },
            Ok(Line::TooLong) => Loss::TooLong,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(Line::End) | Err(_) => Loss::Closed,
        };
        deliver(Delivery::Lost(loss));
        return;
    }
}
