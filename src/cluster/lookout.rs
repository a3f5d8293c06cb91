use super::{JobState, Owner, Squeue};

/// Whether an owner lives, as far as that can be known from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It does.
    Lives,
    /// It doesn't; its task waits to be started again.
    Requeued,
    /// It doesn't any more.
    Ended,
    /// Nobody can tell.
    Unknown,
}

/// Looks after the owners of claims.
#[derive(Debug)]
pub struct Lookout {
    here: Owner,
    squeue: Squeue,
}

impl Lookout {
    /// Looks from this process.
    pub fn new(here: Owner, squeue: Squeue) -> Self {
        Self { here, squeue }
    }

    /// This process.
    pub fn here(&self) -> &Owner {
        &self.here
    }

    /// Whether an owner lives.
    pub fn life(&mut self, owner: &Owner) -> Life {
        if self.is_earlier_life(owner) {
            return Life::Ended;
        }
        let lives_here = owner.lives_here(&self.here);
        if lives_here == Some(true) {
            return Life::Lives;
        }
        let state = owner.task.as_ref().and_then(|task| self.squeue.state(&task.id));
        match (lives_here, state) {
            (_, Some(JobState::Waiting)) => Life::Requeued,
            (Some(_), _) | (None, Some(JobState::Gone)) => Life::Ended,
            (None, Some(JobState::Running)) => Life::Lives,
            (None, None) => Life::Unknown,
        }
    }

    /// Whether an owner is an earlier life of the task that this process belongs to.
    pub fn is_earlier_life(&self, owner: &Owner) -> bool {
        match (&owner.task, &self.here.task) {
            (Some(theirs), Some(ours)) => theirs.id == ours.id && theirs.restarts < ours.restarts,
            _ => false,
        }
    }
}
