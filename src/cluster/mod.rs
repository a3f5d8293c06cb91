//! Several schedulers on one results folder: who works on which run, which of them still live, and how a cluster is asked
//! for more of them.
//!
//! A folder is *shared* once it has `cluster.json`. From then on every scheduler claims a run before it works on it, by
//! making `claims/<run>.<attempt>` with `link(2)`, and records its end by making `done/<run>` the same way: one succeeds,
//! whatever happens to the others. Nobody needs a coordinator, a lock that works across hosts or clocks that agree. This
//! module knows no plan, no journal and no worker process.

mod claims;
mod frozen;
mod lookout;
mod owner;
mod slurm;
mod squeue;
#[cfg(test)]
mod tests;

pub use claims::{Change, Claims, Committed, Lease, Standing, Taken};
pub use frozen::{Frozen, FrozenError};
pub use lookout::{Life, Lookout};
pub use owner::{Owner, Task};
pub use slurm::{Request, SlurmError, Submission, Submissions, cancel, requeue};
pub use squeue::{JobState, Squeue};
