//! Python with PyTorch for what the user has written: started ahead of its job, told one, heard until it ends.
//!
//! Owns: the processes, the messages, what an end without an answer means, and whether the files of the user's are still those
//! that gave a run its name. What is asked of a process and what is made of its answer is its caller's.

mod files;
mod job;
mod process;

pub(crate) use files::{refuse_changed, refuse_unplanned};
pub(crate) use job::{Data, OwnCode, probed};
pub use process::Interpreters;
#[cfg(test)]
pub(crate) use process::RUNNER;
use process::{Ended, FailureKind, Message};
pub(crate) use process::{PythonProcess, Returned};

use std::{ops::ControlFlow, sync::mpsc::RecvTimeoutError, time::Duration};

use sweep_protocol::{message::Failure, recipe::Interpreter};
use thiserror::Error;

/// How often whoever watches hears that a function is at work.
const LOOK_UP: Duration = Duration::from_millis(500);

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EarlyEnd {
    /// It failed, and why.
    Failed(Failure, String),
    /// Whoever watches wanted no more.
    Abandoned,
}

impl EarlyEnd {
    /// It costs its own run.
    pub(crate) fn error(reason: impl Into<String>) -> Self {
        Self::Failed(Failure::Error, reason.into())
    }

    /// No other run can succeed.
    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Self::Failed(Failure::Refused, reason.into())
    }
}

impl From<std::io::Error> for EarlyEnd {
    fn from(error: std::io::Error) -> Self {
        Self::error(format!("nothing could be shared with its process: {error}"))
    }
}

/// Hears that a function is at work and how often it has moved; breaking ends the call.
pub(crate) type Works<'a> = dyn FnMut(u64) -> ControlFlow<()> + 'a;

/// An interpreter that waits for its job, with the PyTorch that the runs were planned with.
pub(crate) fn ready(
    interpreters: &Interpreters,
    wanted: &Interpreter,
    modules: &'static [&'static str],
    works: &mut Works<'_>,
) -> Result<PythonProcess, EarlyEnd> {
    let program = &wanted.program;
    let not_started = |error| EarlyEnd::refused(format!("`{program}` can't be started: {error}"));
    let runner = interpreters.take(program, modules).map_err(not_started)?;
    match next(&runner, 0, works)? {
        Some(Message::Ready { torch }) if torch == wanted.torch => Ok(runner),
        Some(Message::Ready { torch }) => Err(EarlyEnd::refused(format!(
            "`{program}` has PyTorch {} now, the runs were planned with {}; the same command again plans them anew",
            torch.escape_debug(),
            wanted.torch
        ))),
        Some(Message::Failed { message, .. }) => Err(EarlyEnd::refused(message)),
        Some(Message::Ended(_) | Message::Moved(_) | Message::Answer(_) | Message::Garbage) | None => Err(
            EarlyEnd::refused(format!("`{program}` ended before it had imported PyTorch; the log says why")),
        ),
    }
}

/// Waits until the function has returned and everything that it had started has ended.
pub(crate) fn answer(runner: &PythonProcess, works: &mut Works<'_>) -> Result<Returned, EarlyEnd> {
    let (mut moves, mut said, mut ended) = (0, None, None);
    while let Some(message) = next(runner, moves, works)? {
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

/// The next message; nothing once none can come. Meanwhile whoever watches hears that the run is alive.
fn next(runner: &PythonProcess, moves: u64, works: &mut Works<'_>) -> Result<Option<Message>, EarlyEnd> {
    loop {
        match runner.messages.recv_timeout(LOOK_UP) {
            Ok(message) => return Ok(Some(message)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                if works(moves).is_break() {
                    return Err(EarlyEnd::Abandoned);
                }
            }
        }
    }
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
