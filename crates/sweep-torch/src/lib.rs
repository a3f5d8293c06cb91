//! The libtorch engine: interprets recipes and measures what they leave behind.
//!
//! The only package that knows `tch`. [`network`] holds weights in one flat buffer, [`optimizer`] steps on it,
//! [`phase`] interprets a recipe with the one training loop there is, [`measure`] takes the accuracies and the
//! confidences, [`serve`] speaks the worker's side of the protocol, and `replay`, a feature that a release leaves out, holds the whole against recorded
//! trajectories. Nothing here draws from libtorch's generator: [`draws`] is where randomness comes from.

pub mod system;
pub mod device;
pub mod draws;
pub mod network;
pub mod optimizer;
pub mod memory;
pub mod examples;
pub mod pass_cache;
pub mod inputs;
pub mod measure;
pub mod reconstruct;
pub mod python;
pub mod phase;
pub mod own;
#[cfg(feature = "replay")]
pub mod replay;
pub mod serve;

/// Counts the changes of this package after which the same recipe, seed and libtorch leave other bits. It is part of the
/// version and so of the id of every run: results of another arithmetic are never taken for those of this one. A test
/// holds the bits of small recipes to it.
pub const ARITHMETIC: u32 = 2;

/// What weights and images are computed in.
pub const PRECISION: &str = "float32";

/// This engine and all that decides its bits beside the device, as a worker announces it.
pub fn version() -> String {
    let (package, torch) = (env!("CARGO_PKG_VERSION"), system::libtorch_version());
    format!("sweep-torch {package}, arithmetic {ARITHMETIC}, {PRECISION}, torch {torch}")
}
