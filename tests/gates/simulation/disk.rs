use std::collections::BTreeMap;

use sweep::{outcome::Status, pool::core::Known};

use super::fault::{Fault, Faults};
use crate::chance::Chance;

/// A journal that outlives schedulers, as a store keeps it.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk {
    attempts: BTreeMap<usize, u32>,
    ended: BTreeMap<usize, Status>,
    /// Whether the last record is incomplete: the next scheduler cuts it off.
    torn: bool,
}

/// One record.
#[derive(Debug, Clone, Copy)]
pub(super) enum Record {
    Started { run: usize, attempt: u32 },
    Ended { run: usize, status: Status },
}

/// The store takes no more records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failed;

impl Disk {
    /// What a scheduler finds that opens these results.
    pub(super) fn open(&mut self, runs: usize, cacheable: &[bool]) -> Vec<Known> {
        self.torn = false;
        let known = |run| Known {
            status: self.ended.get(&run).copied(),
            attempts: self.attempts.get(&run).copied().unwrap_or(0),
            to_ask: cacheable[run],
            // Three points, whose runs come in turn.
            company: Self::has_company(run).then_some(run % 3),
        };
        (0..runs).map(known).collect()
    }

    /// Whether a run may be one of several rows: every fifth goes alone.
    pub(super) fn has_company(run: usize) -> bool {
        !run.is_multiple_of(5)
    }

    pub(super) fn ended(&self) -> &BTreeMap<usize, Status> {
        &self.ended
    }

    /// Number of the latest attempt.
    pub(super) fn attempts(&self, run: usize) -> u32 {
        self.attempts.get(&run).copied().unwrap_or(0)
    }

    pub(super) fn append(
        &mut self,
        record: Record,
        faults: &mut Faults,
        chance: &mut Chance,
    ) -> Result<(), Failed> {
        assert!(!self.torn, "a record is written behind an incomplete one");
        let failing = [Fault::NoSpace, Fault::InputOutput, Fault::ShortWrite];
        match faults.one_of(&failing, 12, chance) {
            None => {}
            Some(Fault::ShortWrite) => {
                self.torn = true;
                return Err(Failed);
            }
            // Nobody knows what a device has kept that failed to sync.
            Some(Fault::InputOutput) if chance.once_in(2) => {
                self.keep(record);
                return Err(Failed);
            }
            Some(_) => return Err(Failed),
        }
        self.keep(record);
        Ok(())
    }

    fn keep(&mut self, record: Record) {
        match record {
            Record::Started { run, attempt } => {
                self.attempts.insert(run, attempt);
            }
            Record::Ended { run, status } => {
                self.ended.insert(run, status);
            }
        }
    }
}
