//! Calls a function of the user's own, in a Python process of its own, and takes over the weights that it leaves.
//!
//! One process carries out one call. While it works the next interpreter is started, which imports PyTorch and waits, so that
//! a run costs hardly more than its function. Whatever a function does to its process ends with it.

mod job;
mod process;
#[cfg(test)]
mod tests;

use std::{path::Path, sync::mpsc::RecvTimeoutError, time::Duration};

use sweep_inputs::checkpoint;
use sweep_protocol::{message::Failure, network, recipe::Python, terms::ContentHash};
use thiserror::Error;

use super::{Halt, work::Work};
use crate::network::Weights;
use job::Desk;
pub use process::Interpreters;
use process::{Ended, FailureKind, Message, PythonProcess, Returned};

/// How often whoever watches hears that a function is at work.
const LOOK_UP: Duration = Duration::from_millis(500);

/// Characters of a message that tells how two networks differ.
const MOST_WORDS: usize = 240;

/// A call came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{function}`: {reason}")]
pub struct CallError {
    /// What kind of failure it is.
    pub failure: Failure,
    /// The function.
    pub function: String,
    /// What happened, and the way out.
    pub reason: String,
}

/// Why a call ends early.
enum EarlyEnd {
    Failed(Failure, String),
    Halt(Halt),
}

impl EarlyEnd {
    fn error(reason: impl Into<String>) -> Self {
        Self::Failed(Failure::Error, reason.into())
    }

    fn refused(reason: impl Into<String>) -> Self {
        Self::Failed(Failure::Refused, reason.into())
    }
}

impl From<std::io::Error> for EarlyEnd {
    fn from(error: std::io::Error) -> Self {
        Self::error(format!("nothing could be shared with its process: {error}"))
    }
}

impl<H: Into<Halt>> From<H> for EarlyEnd {
    fn from(halt: H) -> Self {
        Self::Halt(halt.into())
    }
}

/// Carries out the phase.
pub(super) fn call(python: &Python, phase: usize, work: &mut Work<'_>) -> Result<(), Halt> {
    performed(python, phase, work).map_err(|cut| match cut {
        EarlyEnd::Halt(halt) => halt,
        EarlyEnd::Failed(failure, reason) => {
            let function = format!("{}:{}", python.file, python.function);
            Halt::Call(CallError { failure, function, reason })
        }
    })
}

fn performed(python: &Python, phase: usize, work: &mut Work<'_>) -> Result<(), EarlyEnd> {
    refuse_changed(python)?;
    let named = work.network.named().ok_or_else(|| EarlyEnd::refused("its network has no name"))?;
    let modules = ahead(named);
    let seed = job::seed(phase, work)?;
    let mut desk = Desk::new(work)?;
    let program = &python.interpreter.program;
    let not_started = |error| EarlyEnd::refused(format!("`{program}` can't be started: {error}"));
    let mut runner = work.interpreters.take(program, modules).map_err(not_started)?;
    await_torch(&runner, &python.interpreter.torch, work)?;
    let shared = work.examples.shared()?;
    let job = job::job(python, (named, shared), &desk, seed, work)?;
    // A process that ends before its job is heard of below.
    let _ = runner.perform(&job);
    work.interpreters.start_ahead(program, modules);
    let returned = answer(&runner, work)?;
    drop(runner);
    refuse_changed(python)?;
    refuse_unplanned(python, &returned)?;
    work.steps += returned.steps;
    if !returned.finite {
        return Err(EarlyEnd::Halt(Halt::Diverged { step: work.steps }));
    }
    take_over(&mut desk, work)?;
    work.called = Some(Duration::try_from_secs_f64(returned.seconds).unwrap_or_default());
    Ok(())
}

/// Modules that a call will import beside PyTorch, where the interpreter has them: the first optimiser of a process imports
/// `torch._dynamo`, and torchvision's class is used where it fits.
fn ahead(network: &network::Network) -> &'static [&'static str] {
    let is_theirs = network.name == "resnet18" && network.keys.get("width").is_none_or(|&width| width == 64);
    if is_theirs { &["torch._dynamo", "torchvision.models"] } else { &["torch._dynamo"] }
}

/// The files that gave the run its name must be what they were.
fn refuse_changed(python: &Python) -> Result<(), EarlyEnd> {
    let (file, folder) = (Path::new(&python.file), python.root());
    let imports = python.imports.iter().map(|imported| (folder.join(&imported.path), &imported.blake3));
    for (path, blake3) in std::iter::once((file.to_owned(), &python.blake3)).chain(imports) {
        let found = sweep_files::given_hash(&path).map(ContentHash::from);
        if found.ok().as_ref() != Some(blake3) {
            return Err(EarlyEnd::refused(format!(
                "`{}` has changed since the runs got their names; the same command again takes it as it is now",
                path.display()
            )));
        }
    }
    Ok(())
}

/// What was imported without being part of the run's name.
fn refuse_unplanned(python: &Python, returned: &Returned) -> Result<(), EarlyEnd> {
    let file = Path::new(&python.file).strip_prefix(python.root()).ok().and_then(Path::to_str);
    let is_known = |path: &&String| {
        file == Some(path.as_str()) || python.imports.iter().any(|imported| imported.path == **path)
    };
    match returned.files.iter().find(|path| !is_known(path)) {
        None => Ok(()),
        Some(path) => Err(EarlyEnd::error(format!(
            "it has imported `{}` in a way that its source doesn't show, so that edits of that would go unnoticed; import it by \
             an `import` statement",
            path.escape_debug()
        ))),
    }
}

/// Waits until the process has PyTorch, which must be the one that the runs were planned with.
fn await_torch(runner: &PythonProcess, wanted: &str, work: &mut Work<'_>) -> Result<(), EarlyEnd> {
    match next(runner, 0, work)? {
        Some(Message::Ready { torch }) if torch == wanted => Ok(()),
        Some(Message::Ready { torch }) => Err(EarlyEnd::refused(format!(
            "`{}` has PyTorch {} now, the runs were planned with {wanted}; the same command again plans them anew",
            runner.program,
            torch.escape_debug()
        ))),
        Some(Message::Failed { message, .. }) => Err(EarlyEnd::refused(message)),
        Some(Message::Ended(_) | Message::Moved(_) | Message::Answer(_) | Message::Garbage) | None => {
            Err(EarlyEnd::refused(format!(
                "`{}` ended before it had imported PyTorch; the log says why",
                runner.program
            )))
        }
    }
}

/// The next message; nothing once none can come. Meanwhile whoever watches hears that the run is alive.
fn next(runner: &PythonProcess, moves: u64, work: &mut Work<'_>) -> Result<Option<Message>, EarlyEnd> {
    loop {
        match runner.messages.recv_timeout(LOOK_UP) {
            Ok(message) => return Ok(Some(message)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                if work.watch.works(moves).is_break() {
                    return Err(EarlyEnd::Halt(Halt::Abandoned));
                }
            }
        }
    }
}

/// Waits until the function has returned and everything that it had started has ended.
fn answer(runner: &PythonProcess, work: &mut Work<'_>) -> Result<Returned, EarlyEnd> {
    let (mut moves, mut said, mut ended) = (0, None, None);
    while let Some(message) = next(runner, moves, work)? {
        match message {
            Message::Moved(by_now) => moves = by_now.max(moves),
            Message::Answer(returned) => said = said.or(Some(Ok(returned))),
            Message::Failed { kind, message } => {
                said = said.or(Some(Err(EarlyEnd::Failed(kind.into(), message))));
            }
            Message::Ended(how) => ended = Some(how),
            Message::Garbage | Message::Ready { .. } => {}
        }
    }
    said.unwrap_or_else(|| Err(EarlyEnd::error(without_answer(ended))))
}

fn without_answer(ended: Option<Ended>) -> String {
    match ended {
        Some(Ended::Code(code)) => {
            format!("its process ended itself with code {code} before the function had returned")
        }
        Some(Ended::Signal(9)) => {
            "its process was killed (signal 9), by somebody or by the kernel for want of memory".to_owned()
        }
        Some(Ended::Signal(signal)) => format!("its process died of signal {signal}; the log says where"),
        None => "its process was lost".to_owned(),
    }
}

impl From<FailureKind> for Failure {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Refused => Self::Refused,
            FailureKind::OutOfMemory => Self::OutOfMemory,
            FailureKind::Error => Self::Error,
        }
    }
}

/// Takes over what the function has left, if it is the same network.
fn take_over(desk: &mut Desk, work: &mut Work<'_>) -> Result<(), EarlyEnd> {
    // Names and shapes are bounded by those of the network.
    let layout = work.layout();
    let limit = 16 * (layout.parameter_count() + layout.statistic_count()) as u64 + (1 << 24);
    let bytes = desk
        .result
        .read(limit)
        .map_err(|error| EarlyEnd::error(format!("its weights can't be read: {error}")))?;
    // Every tensor of another network is another difference.
    let other = |what: &dyn std::fmt::Display| {
        let what: String = what.to_string().chars().take(MOST_WORDS).collect();
        EarlyEnd::error(format!("the network that it returned is not the one that it was given: {what}"))
    };
    let state = checkpoint::decode(Path::new("what it returned"), &bytes).map_err(|error| other(&error))?;
    let place = (work.weights.kind(), work.weights.device());
    let left = Weights::from_state(work.network, &state, place).map_err(|error| other(&error))?;
    work.weights.become_like(&left);
    Ok(())
}
