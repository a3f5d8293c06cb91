//! The words that the orchestrator (`sweep`) and its engines (`sweep-torch`, the built-in toy) share.
//!
//! Plain data with serde: no tensors, no files. What crosses the pipe between the two processes is defined in
//! [`message`], the loop of a worker that is written in Rust in [`serve`] (the only place with a clock); what is done to
//! a network is defined in [`recipe`], which networks there are in [`network`], and what makes a recipe unfit for either
//! side in [`check`]; the small words of the field, each with its invariant, are in [`terms`].
//!
//! Everything here is part of the identity of a run or of the wire format: changing the meaning of a field asks for
//! a new [`FORMAT`].

pub mod terms;
pub mod recipe;
pub mod network;
pub mod check;
pub mod confidence;
pub mod reconstruction;
pub mod curves;
pub mod measurement;
pub mod behaviour;
pub mod message;
pub mod schema;
pub mod line;
pub mod serve;

/// Version of the run identity and of the wire format. A worker and an orchestrator of different formats refuse
/// each other; runs of different formats never share an id.
pub const FORMAT: u32 = 1;
