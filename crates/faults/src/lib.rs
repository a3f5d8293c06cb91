//! What tests put in the place of an honest world. Nothing that is shipped depends on this package.
//!
//! Disks that fail on purpose: one in memory that loses its power ([`SimulatedDisk`]), and one that dies at its nth change
//! ([`Counting`]). Checkpoints [`forge`]d byte by byte. An allocator that [`meter`]s what reading them takes.

mod counting;
pub mod forge;
pub mod meter;
mod simulated;
#[cfg(test)]
mod tests;

pub use counting::{Counting, Death};
pub use simulated::{Kept, SimulatedDisk};
