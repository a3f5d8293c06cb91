//! One engine process under examination.

use std::{
    fmt,
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    time::{Duration, Instant},
};

use sweep_protocol::{
    FORMAT,
    message::{FromWorker, Hello, Job, ToWorker},
    terms::RunId,
};

use super::Kit;
use crate::engine::{Delivery, Exit, ForeignFormat, Loss, Manner, Worker, adopt_strays};

/// Messages that may wait.
const WAITING: usize = 256;
/// How long an engine that is told to end may take: as in a sweep.
const GRACE: Duration = Duration::from_secs(10);

/// What is wrong, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong(pub(super) String);

impl fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Wrong {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// How a job was answered.
pub(super) struct Answered {
    pub(super) message: FromWorker,
    /// Reports of progress before.
    pub(super) reports: usize,
    pub(super) took: Duration,
}

/// A process that has said hello.
pub(super) struct Stand {
    worker: Worker,
    heard: Receiver<Delivery>,
    patience: Duration,
}

impl Stand {
    pub(super) fn start(kit: &Kit<'_>) -> Result<(Self, Hello), Wrong> {
        adopt_strays();
        let (said, heard) = sync_channel(WAITING);
        let worker = Worker::spawn(kit.command, move |delivery| said.send(delivery).is_ok())?;
        let stand = Self { worker, heard, patience: kit.patience };
        match stand.next()? {
            FromWorker::Hello(hello) if hello.format != FORMAT => Err(ForeignFormat(hello.format).into()),
            FromWorker::Hello(hello) => match hello.fault() {
                Some(fault) => Err(Wrong(format!("its hello can't be used: {fault}"))),
                None => Ok((stand, hello)),
            },
            other => Err(Wrong(format!("its first message is `{}`, not `hello`", other.word()))),
        }
    }

    /// The next message.
    pub(super) fn next(&self) -> Result<FromWorker, Wrong> {
        match self.heard.recv_timeout(self.patience) {
            Ok(Delivery::Message(message)) => Ok(*message),
            Ok(Delivery::Lost(loss)) => Err(self.lost(&loss)),
            Err(RecvTimeoutError::Disconnected) => Err(self.lost(&Loss::Closed)),
            Err(RecvTimeoutError::Timeout) => {
                Err(Wrong(format!("it says nothing for {} s", self.patience.as_secs())))
            }
        }
    }

    /// Whether it ends without another word: it says what it says instead.
    pub(super) fn falls_silent(&self) -> Result<(), Wrong> {
        match self.heard.recv_timeout(self.patience.min(GRACE)) {
            Ok(Delivery::Lost(Loss::Closed)) | Err(RecvTimeoutError::Disconnected) => Ok(()),
            Ok(Delivery::Lost(loss)) => Err(self.lost(&loss)),
            Ok(Delivery::Message(message)) => Err(Wrong(format!("it says `{}`", message.word()))),
            Err(RecvTimeoutError::Timeout) => Err(Wrong("it goes on as if nothing had happened".to_owned())),
        }
    }

    /// Hands a job over and hears its answer.
    pub(super) fn perform(&self, job: &Job) -> Result<Answered, Wrong> {
        let started = Instant::now();
        self.tell(job)?;
        let (mut reports, mut last) = (0, 0);
        loop {
            let message = self.next()?;
            match &message {
                FromWorker::Hello(_) => return Err(Wrong("it says hello again".to_owned())),
                FromWorker::Progress { run, step, steps } => {
                    is_of(run, job)?;
                    if step > steps || *step < last {
                        return Err(Wrong(format!(
                            "its progress goes from step {last} to step {step} of {steps}"
                        )));
                    }
                    (reports, last) = (reports + 1, *step);
                }
                FromWorker::Finished { run, .. }
                | FromWorker::Diverged { run, .. }
                | FromWorker::Failed { run, .. } => {
                    is_of(run, job)?;
                    return Ok(Answered { message, reports, took: started.elapsed() });
                }
            }
        }
    }

    /// Hands a job over.
    pub(super) fn tell(&self, job: &Job) -> Result<(), Wrong> {
        let mut line = serde_json::to_vec(&ToWorker::Perform(Box::new(job.clone())))?;
        line.push(b'\n');
        self.worker.tell(line);
        Ok(())
    }

    /// Says something else.
    pub(super) fn tell_bytes(&self, line: &[u8]) {
        self.worker.tell(line.to_vec());
    }

    /// Ends it and waits until it is gone.
    pub(super) fn end(self, manner: Manner) -> Result<Exit, Wrong> {
        let (left, gone) = sync_channel(1);
        self.worker.stop(manner, GRACE, move |exit, _| {
            // The other end waits below.
            let _ = left.send(exit);
        })?;
        Ok(gone.recv()?)
    }

    /// Ends it where nothing is to be learned from that.
    pub(super) fn kill(self) {
        drop(self.worker);
    }

    fn lost(&self, loss: &Loss) -> Wrong {
        // Takes in what is still on its way.
        self.worker.rest();
        let tail = self.worker.tail();
        let last = tail.lines().last().map_or_else(String::new, |line| format!("; it said last: {line}"));
        Wrong(format!("{loss}{last}"))
    }
}

fn is_of(run: &RunId, job: &Job) -> Result<(), Wrong> {
    if *run == job.run {
        return Ok(());
    }
    Err(Wrong(format!("it speaks of run {}, while its job is run {}", run.short(), job.run.short())))
}
