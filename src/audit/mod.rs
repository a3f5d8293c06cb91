//! Audits: what else than the competition's score the literature reports about unlearned models.
//!
//! ```text
//! one model                 simple-mia  mia  roc  nomus  indiscernibility  reconstruction
//! accuracies beside oracle  tow  tow-mia  average-gap
//! ensemble beside oracle    u-lira  klom
//! shadow networks           memorisation  lira  rmia
//! ```
//!
//! Pure statistics over measured values, one file each; [`AUDITS`] says what each is called, where it comes from and
//! what runs must measure for it. No number here means much alone: read it beside the same number of the oracle and of
//! a held-out retrained group. Nothing here knows plans, files or tables; randomness comes from the seed that the caller
//! gives. Formulas: `docs/audits.md`.

mod registry;
mod model;
mod unauditable;
mod logistic_regression;
mod split;
mod simple_mia;
mod threshold;
mod roc;
mod indiscernibility;
mod nomus;
mod tow;
mod average_gap;
mod histogram;
mod klom;
mod u_lira;
mod loss_histogram;
mod reconstruction;
mod measure;
pub mod shadows;

pub use average_gap::{AverageGap, average_gap};
pub use histogram::divergence;
pub use indiscernibility::indiscernibility;
pub use klom::{Klom, klom};
pub use logistic_regression::LogisticRegression;
pub use loss_histogram::{LOSS_BIN, LOSS_BINS, loss_shares};
pub use measure::{Beside, Compared, Far, of_model, refused};
pub use model::{Behaved, Model, Sets};
pub use nomus::nomus;
pub use reconstruction::{Controls, Images, Verdict, of_images};
pub use registry::{AUDITS, Audit, Entry, Needs};
pub use roc::Roc;
pub use simple_mia::{accuracies, simple_mia};
pub use split::{Split, scikit_learn_splits, stratified_shuffle_splits};
pub use threshold::{Feature, Threshold, efficacy};
pub use tow::tow;
pub use u_lira::{Normal, ULira, u_lira};
pub use unauditable::Unauditable;

#[cfg(test)]
mod tests;
