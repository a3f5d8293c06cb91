//! The worker processes at the slots, and what comes from them.

use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use sweep_protocol::message::Job;

use super::settings::SlotSpec;
use crate::{
    engine::{Delivery, JobError, Manner, SpawnError, Stopping, Worker, adopt_strays},
    store::RunLog,
};

/// Messages that may wait; a worker that talks faster than it is listened to waits in its pipe.
const WAITING: usize = 256;

/// Something that came from the process at a slot.
#[derive(Debug)]
pub(super) enum Call {
    /// It said something, or will say no more.
    Delivery(Delivery),
    /// It is gone; its last words.
    Gone(String),
}

/// A call with its sender: the nth process at a slot.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) slot: usize,
    pub(super) process: u64,
    pub(super) call: Call,
}

#[derive(Debug, Default)]
struct Place {
    process: u64,
    worker: Option<Worker>,
    stopping: Option<Stopping>,
}

/// All worker processes. Dropping it kills them.
#[derive(Debug)]
pub(super) struct Crew {
    places: Vec<Place>,
    grace: Duration,
    talk: (Sender<Sent>, Receiver<Sent>),
    /// Apart, so that the end of a process never waits behind what it says.
    gone: (Sender<Sent>, Receiver<Sent>),
}

impl Crew {
    pub(super) fn new(slots: usize, grace: Duration) -> Self {
        adopt_strays();
        let places = (0..slots).map(|_| Place::default()).collect();
        Self { places, grace, talk: bounded(WAITING), gone: unbounded() }
    }

    /// What the workers say.
    pub(super) fn talk(&self) -> &Receiver<Sent> {
        &self.talk.1
    }

    /// Which processes are gone.
    pub(super) fn gone(&self) -> &Receiver<Sent> {
        &self.gone.1
    }

    pub(super) fn start(&mut self, (slot, process): (usize, u64), spec: &SlotSpec) -> Result<(), SpawnError> {
        let place = &mut self.places[slot];
        place.process = process;
        let talk = self.talk.0.clone();
        let deliver =
            move |delivery| talk.send(Sent { slot, process, call: Call::Delivery(delivery) }).is_ok();
        place.worker = Some(Worker::spawn(&spec.command, deliver)?);
        place.stopping = None;
        Ok(())
    }

    pub(super) fn perform(&self, slot: usize, job: Job, log: RunLog) -> Result<(), JobError> {
        self.places[slot].worker.as_ref().map_or(Ok(()), |worker| worker.perform(job, log))
    }

    /// Completes the log of the run that has ended at a slot.
    pub(super) fn rest(&self, slot: usize) {
        if let Some(worker) = &self.places[slot].worker {
            worker.rest();
        }
    }

    /// Ends the process at a slot; [`Call::Gone`] follows, whatever happens.
    pub(super) fn stop(&mut self, slot: usize, manner: Manner) {
        let place = &mut self.places[slot];
        if let Some(stopping) = &place.stopping {
            stopping.hurry();
        }
        let Some(worker) = place.worker.take() else { return };
        let (process, gone) = (place.process, self.gone.0.clone());
        let (sender, last) = (gone.clone(), Sent { slot, process, call: Call::Gone(String::new()) });
        let stopping = worker.stop(manner, self.grace, move |exit, tail| {
            let words =
                if tail.is_empty() { exit.to_string() } else { format!("{exit}; it said last: {tail}") };
            // Nobody listens only when the sweep has ended.
            let _ = gone.send(Sent { slot, process, call: Call::Gone(words) });
        });
        match stopping {
            Ok(stopping) => place.stopping = Some(stopping),
            // Without a thread to wait in, the process was killed at once.
            Err(_) => drop(sender.send(last)),
        }
    }
}
