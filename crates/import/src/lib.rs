//! Images of strangers brought into the layout that `sweep` reads ([`sweep_inputs::dataset`]), and what is to be forgotten of
//! them by a rule and a seed.
//!
//! Nothing of a stranger is trusted: what a file claims is held against its length before memory is asked for, a pickle is
//! read by a machine that knows three names of NumPy and calls nothing, and an error names file, row and byte. A data set
//! appears under its name only when it is complete.

mod picture;
mod pickle;
mod rule_error;
mod rule;
mod error;
mod source;
mod patch;
mod lists;
mod labels;
mod album;
mod arrays;
mod cifar;
mod digits;
mod folder;
mod split;
#[cfg(test)]
mod tests;

pub use album::ImportSummary;
pub use arrays::arrays;
pub use cifar::{Cifar, cifar};
pub use digits::digits;
pub use error::ImportError;
pub use folder::folder;
pub use labels::HeldOut;
pub use pickle::{PickleError, pickled_batch};
pub use picture::{PictureError, picture};
pub use rule::{End, ForgetRule};
pub use rule_error::ForgetRuleError;
pub use split::{PerImage, SplitSummary, split};

/// How a data set is divided into what is learned, forgotten and held out.
#[derive(Debug, Clone)]
pub struct Division {
    /// Which training images are to be forgotten.
    pub forget: ForgetRule,
    /// Where validation and test set come from.
    pub held_out: HeldOut,
    /// What chance starts from.
    pub seed: u64,
}

/// Is told, on the calling thread, how many images of how many are done.
pub type OnProgress<'a> = &'a dyn Fn(usize, usize);
