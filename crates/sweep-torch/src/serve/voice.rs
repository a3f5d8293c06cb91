//! What the worker says.

use std::{
    io::Write,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use sweep_protocol::{message::FromWorker, terms::RunId};

use super::ServeError;
use crate::phase::Watch;

/// Time between two reports of progress.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// Writes messages.
pub(super) struct Voice<W>(W);

impl<W: Write> Voice<W> {
    pub(super) fn new(messages: W) -> Self {
        Self(messages)
    }

    pub(super) fn say(&mut self, message: &FromWorker) -> Result<(), ServeError> {
        let mut line = serde_json::to_vec(message).expect("plain data serialises");
        line.push(b'\n');
        self.0.write_all(&line).and_then(|()| self.0.flush()).map_err(ServeError::Write)
    }
}

/// Reports the progress of one run, not more often than anybody wants to know.
pub(super) struct Progress<'a, W> {
    voice: &'a mut Voice<W>,
    run: &'a RunId,
    steps: u64,
    step: u64,
    last: Option<Instant>,
    /// Why nobody hears any more.
    lost: Option<ServeError>,
}

impl<'a, W: Write> Progress<'a, W> {
    /// The progress of a run that has just begun.
    pub(super) fn begin(voice: &'a mut Voice<W>, run: &'a RunId) -> Self {
        Self { voice, run, steps: 0, step: 0, last: None, lost: None }
    }

    /// Says how many steps there will be.
    pub(super) fn expect(&mut self, steps: u64) {
        self.steps = steps;
    }

    /// Why nobody heard the last report.
    pub(super) fn lost(&mut self) -> Option<ServeError> {
        self.lost.take()
    }

    /// Says that the run is alive, if it hasn't been said lately.
    pub(super) fn report(&mut self) {
        if self.lost.is_some() || self.last.is_some_and(|last| last.elapsed() < REPORT_EVERY) {
            return;
        }
        self.last = Some(Instant::now());
        let message = FromWorker::Progress { run: self.run.clone(), step: self.step, steps: self.steps };
        self.lost = self.voice.say(&message).err();
    }
}

impl<W: Write> Watch for Progress<'_, W> {
    fn stepped(&mut self, step: u64) -> ControlFlow<()> {
        self.step = step;
        self.report();
        if self.lost.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
