//! The client's side of a worker process, and the built-in toy engine on the other side of the pipes.
//!
//! A worker is started in its own process group, dies with its scheduler, sees only the environment that it needs, and
//! can neither block the scheduler nor fill the disk with its log. What it says is handed on message by message; a line
//! that is none ends it. This module knows the protocol ([`sweep_protocol::message`]), but no plan and no schedule.

mod ask;
mod environment;
mod isolation;
mod speech;
mod stop;
pub mod toy;
mod worker;
#[cfg(test)]
mod tests;

pub use ask::{AskError, ask};
pub use environment::{Pinned, WorkerCommand};
pub use isolation::adopt_strays;
pub use stop::{Exit, Manner};
pub use worker::{Delivery, ForeignFormat, JobError, Loss, SpawnError, Stopping, Worker};
