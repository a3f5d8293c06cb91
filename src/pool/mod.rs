//! Hands the runs of a plan to worker processes and records what becomes of them.
//!
//! The scheduler proper is a pure function over events; a dispatcher feeds it from the workers, the clock
//! and the signals, and carries out what it says. The dispatcher alone writes the store and calls the observer. A run
//! counts once its outcome is recorded, so the process may be killed at any moment and started again.
//!
//! This module knows no command line: progress goes to an [`Observer`], signals come in through a channel.

pub mod core;
mod crew;
mod dispatcher;
mod ending;
mod hearing;
mod holder;
mod job;
mod observer;
mod settings;
mod signals;
mod touch;
#[cfg(test)]
mod tests;

pub use dispatcher::{PoolError, run};
pub use ending::{Ending, How};
pub use holder::this_scheduler;
pub use job::{OriginalWeights, job};
pub use observer::{Happening, Interruption, Observer};
pub use settings::{STALL_TIMEOUT, Settings, SlotSpec};
pub use signals::{SignalError, signals};
