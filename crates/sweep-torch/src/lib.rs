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
pub mod examples;
pub mod pass_cache;
pub mod inputs;
pub mod measure;
pub mod phase;
#[cfg(feature = "replay")]
pub mod replay;
pub mod serve;

/// The libtorch that the pinned `tch` binds.
pub const TORCH_VERSION: &str = "2.11.0";

/// This engine and what it stands on, as a worker announces it.
pub fn version() -> String {
    format!("sweep-torch {}, torch {TORCH_VERSION}", env!("CARGO_PKG_VERSION"))
}
