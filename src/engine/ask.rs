//! Asks a worker who it is, and nothing else.

use std::{sync::mpsc::sync_channel, time::Duration};

use sweep_protocol::{
    FORMAT,
    message::{FromWorker, Hello},
};
use thiserror::Error;

use super::{Delivery, ForeignFormat, Loss, Manner, SpawnError, Worker, WorkerCommand, adopt_strays};

/// How long the end of a worker that was asked may take.
const GRACE: Duration = Duration::from_secs(2);

/// A worker did not say who it is.
#[derive(Debug, Error)]
pub enum AskError {
    /// It doesn't start.
    #[error(transparent)]
    Start(#[from] SpawnError),
    /// It is of another release.
    #[error(transparent)]
    Foreign(#[from] ForeignFormat),
    /// It says something else first.
    #[error("its first message must be `hello`, but is `{0}`")]
    OutOfTurn(&'static str),
    /// It introduces itself as nobody can be called.
    #[error("its `hello` can't be used: {0}")]
    Fault(&'static str),
    /// It ends or breaks the protocol instead.
    #[error("{loss} before it said hello{words}")]
    Lost {
        /// Why nothing comes any more.
        loss: Loss,
        /// How it ended, with its last words.
        words: String,
    },
    /// It says nothing.
    #[error("it has said nothing for {} s", .0.as_secs())]
    Silent(Duration),
}

/// Starts a worker, hears who it is and ends it. The calling thread waits, `patience` at most and a little for the end.
pub fn ask(command: &WorkerCommand, patience: Duration) -> Result<Hello, AskError> {
    adopt_strays();
    let (said, heard) = sync_channel(1);
    let worker = Worker::spawn(command, move |delivery| {
        // The first word is all that is asked for.
        let _ = said.try_send(delivery);
        false
    })?;
    let first = heard.recv_timeout(patience);
    let (left, gone) = sync_channel(1);
    worker.stop(Manner::Kill, GRACE, move |exit, tail| {
        let _ = left.send(if tail.is_empty() {
            format!("; {exit}")
        } else {
            format!("; {exit}, its last words: {tail}")
        });
    })?;
    let words = gone.recv().unwrap_or_default();
    match first {
        Ok(Delivery::Message(message)) => checked(*message),
        Ok(Delivery::Lost(loss)) => Err(AskError::Lost { loss, words }),
        Err(_) => Err(AskError::Silent(patience)),
    }
}

fn checked(message: FromWorker) -> Result<Hello, AskError> {
    match message {
        FromWorker::Hello(hello) if hello.format != FORMAT => Err(ForeignFormat(hello.format).into()),
        FromWorker::Hello(hello) => hello.fault().map_or(Ok(hello), |fault| Err(AskError::Fault(fault))),
        other => Err(AskError::OutOfTurn(other.word())),
    }
}
