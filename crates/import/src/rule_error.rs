//! Why a rule of what is forgotten is none, or can't be carried out. Owns the messages.

use std::path::PathBuf;

use sweep_inputs::npy::NpyError;
use thiserror::Error;

/// Failed to understand a rule or to carry it out.
#[derive(Debug, Error)]
pub enum ForgetRuleError {
    /// It is not written as any rule.
    #[error(
        "`{text}` is no rule of what is forgotten; write random:0.1, random:500, class:3, class:3/0.5, persons:20, file:forget_idx.npy, mislabel:0.02, patch:0.02, easiest:100, hardest:100, memorized:100 or unmemorized:100"
    )]
    Unknown {
        /// What was written.
        text: String,
    },
    /// It chooses nothing or everything.
    #[error(
        "{rule} chooses {chosen} of {all} training images; at least one is to be forgotten and one to be kept"
    )]
    Nothing {
        /// The rule.
        rule: String,
        /// Images that it chooses.
        chosen: usize,
        /// Images that there are.
        all: usize,
    },
    /// There is no such class.
    #[error("class {class} has no training image; the highest class is {last}")]
    NoClass {
        /// The class.
        class: u32,
        /// The highest one.
        last: u32,
    },
    /// There are no persons, or too few.
    #[error(
        "{wanted} persons are to be forgotten, and the training images name {have}; ask for fewer, or for random:0.1"
    )]
    TooFewPersons {
        /// Persons asked for.
        wanted: usize,
        /// Persons that there are.
        have: usize,
    },
    /// A person would be forgotten and retained.
    #[error(
        "{rule} leaves images of person `{person}` in both sets; persons are forgotten as a whole: persons:20"
    )]
    SharedPerson {
        /// The rule.
        rule: String,
        /// The person.
        person: String,
    },
    /// Nobody says how sure an original is of every training image, or how far each is memorised.
    #[error(
        "{rule} goes by what a sweep says of each training image; import first, sweep (with `[shadows]` for what is memorised), \
         then `sweep split --by RESULTS`"
    )]
    NobodyKnows {
        /// The rule.
        rule: String,
    },
    /// The file of numbers can't be read.
    #[error(transparent)]
    Array(#[from] NpyError),
    /// It holds something else than a list.
    #[error("`{}` has the shape {shape:?}, not that of a list of numbers", path.display())]
    NotAList {
        /// The file.
        path: PathBuf,
        /// Length of each axis.
        shape: Vec<usize>,
    },
    /// A number in it is that of no training image.
    #[error("`{}`, row {row}: {number} is the number of no training image (see the ids in retain.csv and forget.csv)", path.display())]
    NotTraining {
        /// The file.
        path: PathBuf,
        /// The row, counted from 0.
        row: usize,
        /// What stands there.
        number: i64,
    },
    /// A number stands in it twice.
    #[error("`{}`, row {row}: {number} stands there for the second time", path.display())]
    Repeated {
        /// The file.
        path: PathBuf,
        /// The row, counted from 0.
        row: usize,
        /// The number.
        number: i64,
    },
    /// Two training images have the same number.
    #[error(
        "training images {number} and {number}: their numbers don't tell them apart, so none can be listed"
    )]
    Ambiguous {
        /// The number.
        number: u64,
    },
}
