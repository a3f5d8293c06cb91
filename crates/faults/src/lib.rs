//! Disks that fail on purpose: one in memory that loses its power, and one that dies at its nth change. Tests and gates put
//! them in the place of the operating system's; nothing that is shipped depends on this package.

mod counting;
mod simulated;
#[cfg(test)]
mod tests;

pub use counting::{Counting, Death};
pub use simulated::{Kept, SimulatedDisk};
