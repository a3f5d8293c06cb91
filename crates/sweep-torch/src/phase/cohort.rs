//! Runs of one recipe that are carried out in lockstep.

use super::{Halt, work::Work};
use crate::network::NetworkRows;

/// Runs and their networks, which are the first rows.
pub(super) struct Cohort<'c, 'w> {
    pub(super) rows: &'c NetworkRows,
    pub(super) runs: Vec<Mate<'c, 'w>>,
}

/// A run of a cohort.
pub(super) struct Mate<'c, 'w> {
    pub(super) work: &'c mut Work<'w>,
    /// Why it has ended before its recipe did.
    pub(super) halt: &'c mut Option<Halt>,
}

impl Mate<'_, '_> {
    /// What came of something; of a failure the run ends.
    pub(super) fn after<T>(&mut self, result: Result<T, Halt>) -> Option<T> {
        result.map_err(|halt| *self.halt = Some(halt)).ok()
    }
}

/// Does something to a run as a cohort of one.
pub(super) fn alone(work: &mut Work<'_>, act: impl FnOnce(&mut Cohort<'_, '_>)) -> Result<(), Halt> {
    let rows = NetworkRows::of(&mut [&mut *work.weights], 1);
    let mut halt = None;
    act(&mut Cohort { rows: &rows, runs: vec![Mate { work, halt: &mut halt }] });
    halt.map_or(Ok(()), Err)
}
