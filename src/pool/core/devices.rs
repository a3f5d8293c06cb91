use std::collections::BTreeMap;

/// Which accelerators are trusted.
///
/// One that costs two different runs in a row their worker is quarantined: its slots are used no more. A run that costs
/// workers on two accelerators is to blame itself. The CPU is not kept in this book: nothing of one process stays on it
/// for the next, and the scheduler has no other place to go.
#[derive(Debug, Clone, Default)]
pub(super) struct Devices {
    standing: BTreeMap<u32, Standing>,
    /// Where each run cost its first worker.
    cost: BTreeMap<usize, u32>,
}

#[derive(Debug, Clone)]
enum Standing {
    /// The run that lost its worker there last, if nothing has succeeded since.
    StruckBy(usize),
    Quarantined {
        reason: String,
    },
}

impl Devices {
    /// A run lost its worker on an accelerator.
    pub(super) fn lost(&mut self, accelerator: u32, run: usize, message: &str) {
        let first = *self.cost.entry(run).or_insert(accelerator);
        if first != accelerator {
            if matches!(self.standing.get(&first), Some(Standing::StruckBy(before)) if *before == run) {
                self.standing.remove(&first);
            }
            return;
        }
        let standing = match self.standing.get(&accelerator) {
            Some(Standing::Quarantined { .. }) => return,
            Some(Standing::StruckBy(before)) if *before != run => Standing::Quarantined {
                reason: format!("cuda:{accelerator} cost two runs in a row their worker, last: {message}"),
            },
            Some(Standing::StruckBy(_)) | None => Standing::StruckBy(run),
        };
        self.standing.insert(accelerator, standing);
    }

    /// A worker on an accelerator has brought a run to its end.
    pub(super) fn worked(&mut self, accelerator: u32) {
        if matches!(self.standing.get(&accelerator), Some(Standing::StruckBy(_))) {
            self.standing.remove(&accelerator);
        }
    }

    /// Why an accelerator is quarantined, if it is.
    pub(super) fn quarantined(&self, accelerator: u32) -> Option<&str> {
        match self.standing.get(&accelerator) {
            Some(Standing::Quarantined { reason }) => Some(reason),
            Some(Standing::StruckBy(_)) | None => None,
        }
    }
}
