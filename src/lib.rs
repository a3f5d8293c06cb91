//! The orchestrator of `sweep`: reads a grid of unlearning methods × hyper-parameters × seeds, hands every run to a pool
//! of worker processes, keeps what they measure, and renders scores, plots and reports from it.
//!
//! One straight line, and modules in its order: a module may import from those above it, never from those below
//! (`tests/house` holds them to it).
//!
//! ```text
//! grid.toml ─parse─▶ GridFile ─check─▶ Grid ─expand─▶ Plan ─queue─▶ Run ─▶ Worker ─▶ Outcome
//!                                                                                       │ append
//!     report, plot ◀─render─ Frame ◀─tabulate─ Scores ◀─appraise─ Recorded ◀─read─── Store
//! ```

pub mod outcome;
pub mod audit;
pub mod plan;
pub mod forecast;
pub mod python;
pub mod score;
pub mod stage;
pub mod grid;
pub mod gpu;
pub mod cluster;
pub mod store;
pub mod engine;
pub mod conformance;
pub mod measuring;
pub mod pool;
pub mod frame;
pub mod appraisal;
pub mod session;
pub mod rehearsal;
pub mod plot;
pub mod trackers;
pub mod report;
pub mod serving;
pub mod cli;
