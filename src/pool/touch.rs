//! What the dispatcher has to do with other schedulers on the same results: claims, beats, and looks at theirs.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use sweep_protocol::terms::RunId;

use super::{
    core::Event,
    dispatcher::{Dispatcher, PoolError},
};
use crate::{
    outcome::{Cause, Outcome},
    store::{Claim, Committed, Elsewhere, Source},
};

/// What is known about runs since the others were last told.
#[derive(Debug, Default)]
pub(super) struct Touch {
    told: Duration,
    /// Runs whose worker has taken a step.
    moved: BTreeSet<usize>,
    /// Runs that other schedulers have.
    elsewhere: BTreeMap<RunId, usize>,
}

impl Touch {
    pub(super) fn moved(&mut self, run: usize) {
        self.moved.insert(run);
    }
}

impl Dispatcher<'_> {
    /// Whether a run is ours; otherwise what is known about it becomes an event.
    pub(super) fn claim(&mut self, run: usize) -> Result<bool, PoolError> {
        let id = &self.plan.runs[run].id;
        let event = match self.store.claim(id)? {
            Claim::Ours(attempt) => {
                self.events.push_back(Event::Claimed { run, attempt });
                return Ok(true);
            }
            Claim::Doomed(attempt) => {
                let message = "it cost every scheduler that tried it; look at its logs".to_owned();
                let outcome = Outcome::Failed { cause: Cause::WorkerLost, message };
                if self.commit(run, attempt, &outcome, Source::Computed)? == Committed::Late {
                    return Ok(false);
                }
                Event::EndedElsewhere { run, status: outcome.status() }
            }
            Claim::Theirs => {
                self.touch.elsewhere.insert(id.clone(), run);
                Event::Elsewhere { run }
            }
            Claim::Ended(status) => Event::EndedElsewhere { run, status },
        };
        self.events.push_back(event);
        Ok(false)
    }

    /// Goes by what stands instead of an end that came too late.
    pub(super) fn heed(&mut self, run: usize) {
        let id = &self.plan.runs[run].id;
        let event = if let Some(outcome) = self.store.outcome(id) {
            Event::EndedElsewhere { run, status: outcome.status() }
        } else {
            self.touch.elsewhere.insert(id.clone(), run);
            Event::TakenOver { run }
        };
        self.events.push_back(event);
    }

    /// Shows the others that our runs live, and looks at theirs. A run that is with a worker lives only if the worker
    /// says so; one that waits for its worker to start, or for another after a loss, is ours to answer for.
    pub(super) fn keep_in_touch(&mut self, now: Duration) -> Result<(), PoolError> {
        // Whoever waits for the end of another's run, or for the original, should not wait for a whole beat.
        let due =
            self.store.beat_every().is_some_and(|every| now.saturating_sub(self.touch.told) >= every / 3);
        if !due {
            return Ok(());
        }
        self.touch.told = now;
        let moved = std::mem::take(&mut self.touch.moved);
        let at_work = (0..self.settings.slots.len()).flat_map(|slot| self.attendance.runs_at(slot));
        let still = at_work.filter(|run| !moved.contains(run));
        let still: BTreeSet<&RunId> = still.map(|&run| &self.plan.runs[run].id).collect();
        for run in self.store.claimed().iter().filter(|run| !still.contains(run)) {
            self.store.beat(run)?;
        }
        for change in self.store.look()? {
            let (Elsewhere::Ended(id, _) | Elsewhere::Free(id)) = &change;
            let Some(run) = self.touch.elsewhere.remove(id) else { continue };
            self.events.push_back(match change {
                Elsewhere::Ended(_, status) => Event::EndedElsewhere { run, status },
                Elsewhere::Free(_) => Event::Freed { run },
            });
        }
        Ok(())
    }
}
