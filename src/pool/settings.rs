use std::time::Duration;

use crossbeam_channel::{Receiver, never};
use sweep_protocol::terms::Device;

use super::{core::Rules, observer::Interruption};
use crate::engine::WorkerCommand;

/// Longest that a killed process may take to go before its slot is given up.
const UNKILLABLE: Duration = Duration::from_mins(1);
/// The same beyond the grace, while the sweep is made to end at once: with the grace of 10 s it ends within 20 s.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long the step of a run may stand still, unless something else is said.
pub const STALL_TIMEOUT: Duration = Duration::from_mins(10);
/// How often in a row a worker may fail to start before its slot is given up.
const STARTS: u32 = 2;
/// The same while the system is short of something: about a minute.
const SHORTAGES: u32 = 10;
/// How long a slot rests after its first failed start.
const REST: Duration = Duration::from_millis(250);

/// A place for one worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotSpec {
    /// Where its worker computes.
    pub device: Device,
    /// How its worker is started.
    pub command: WorkerCommand,
}

/// How a pool works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The places for workers; at least one.
    pub slots: Vec<SlotSpec>,
    /// How many runs of one point a worker carries out together at most, where the worker can and their recipe allows it.
    pub cohort: usize,
    /// How often a run that cost its worker is tried again.
    pub retries: u32,
    /// How long a worker may take to start.
    pub start_timeout: Duration,
    /// How long the step of a run may stand still before its worker is taken for hung.
    pub stall_timeout: Duration,
    /// How long a run may take.
    pub run_timeout: Option<Duration>,
    /// How long a worker that is told to end may take.
    pub grace: Duration,
    /// How long the runs at work may go on once the cluster says that time is running out.
    pub notice: Option<Duration>,
    /// Where wishes to end early come from.
    pub interruptions: Receiver<Interruption>,
}

impl Settings {
    /// The usual: each run alone, one retry, 5 minutes to start, 10 minutes without a step, 10 seconds to end, no interruptions.
    pub fn new(slots: Vec<SlotSpec>) -> Self {
        Self {
            slots,
            cohort: 1,
            retries: 1,
            start_timeout: Duration::from_mins(5),
            stall_timeout: STALL_TIMEOUT,
            run_timeout: None,
            grace: Duration::from_secs(10),
            notice: None,
            interruptions: never(),
        }
    }

    pub(super) fn rules(&self) -> Rules {
        Rules {
            cohort: self.cohort,
            retries: self.retries,
            starts: STARTS,
            shortages: SHORTAGES,
            rest: REST,
            start: self.start_timeout,
            stall: self.stall_timeout,
            run: self.run_timeout,
            unkillable: self.grace + UNKILLABLE,
            farewell: self.grace + FAREWELL,
        }
    }

    /// What each slot works on, unless that is the CPU.
    pub(super) fn accelerators(&self) -> Vec<Option<u32>> {
        let accelerator = |slot: &SlotSpec| match slot.device {
            Device::Cpu => None,
            Device::Cuda(number) => Some(number),
        };
        self.slots.iter().map(accelerator).collect()
    }
}
