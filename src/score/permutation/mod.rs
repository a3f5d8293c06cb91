//! Exact tests of "unlearned = retrained", at any N and of any number that compares two groups of models.
//!
//! If unlearning does what retraining would, the models of both sides are exchangeable: which of them is called unlearned
//! is an accident, and any other naming is as likely. So the models are named anew many times, and the p-value is the
//! share of namings at which a statistic is at least as extreme as with the true names (the true ones are among them):
//! p = (1 + #{T* ≥ T}) / (1 + B). It is exact at every N (Pitman, 1937; Phipson and Smyth, 2010,
//! doi:10.2202/1544-6115.1585): no distribution is assumed, and examples may depend on one another as they like,
//! because whole models change their names.
//!
//! * one **omnibus** test per pair of groups: the energy distance of the models' confidence vectors;
//! * the same for any number that a function gives for a naming, [`sequential`];
//! * the same of parts of the forget set, [`Subgroup`];
//! * what the experiment could have found, and what it still allows: [`Shift`];
//! * [`benjamini_hochberg`], where many are tested.

mod discovery;
mod energy;
mod halved;
mod naming;
mod null;
mod pool;
mod named_score;
mod sequential;
mod shift;
mod subgroup;

pub use discovery::benjamini_hochberg;
pub use energy::{energy_distance, energy_p};
pub use naming::{PERMUTATION_SEED, namings};
pub use null::Nulls;
pub use sequential::{Tested, affordable, sequential};
pub use shift::{Shift, difference_p, smallest_found};
pub use subgroup::Subgroup;

#[cfg(test)]
mod tests;
