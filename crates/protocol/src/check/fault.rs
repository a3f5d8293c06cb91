//! What can be wrong with a recipe, each with its place.

use std::{error::Error, fmt};

use crate::{network::NoSuchTensor, recipe::Path, terms::Set};

/// Everything that is wrong with a recipe, in the order of its text; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn of(faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self(faults)) }
    }

    /// The faults.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }
}

impl IntoIterator for Faults {
    type Item = Fault;
    type IntoIter = std::vec::IntoIter<Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'f> IntoIterator for &'f Faults {
    type Item = &'f Fault;
    type IntoIter = std::slice::Iter<'f, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, fault) in self.0.iter().enumerate() {
            let between = if position == 0 { "" } else { "; also " };
            write!(formatter, "{between}{fault}")?;
        }
        Ok(())
    }
}

impl Error for Faults {}

/// One thing that is wrong with a recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where. A key with its default isn't written, so the text may end before the place does.
    pub at: Path,
    /// What.
    pub flaw: Flaw,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`: {}", self.at, self.flaw)
    }
}

/// What is wrong, without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// It names the test set.
    TestSet,
    /// It learns from the validation set of data that have no test set.
    ValidationIsTest,
    /// A training loop has no data.
    NoData,
    /// A training loop has no loss on examples.
    NoLoss,
    /// Loops that take turns are none.
    NoRounds,
    /// Two streams of one loop draw from the same set.
    TwoStreams {
        /// The set.
        set: Set,
    },
    /// A term is taken on a set that no stream is called after.
    NoStream {
        /// The set.
        set: Set,
    },
    /// Examples are taken of a set that has none, or a share of it that comes to none.
    EmptySet {
        /// The set.
        set: Set,
    },
    /// Batches of one example while batch normalisation trains.
    SingleExample {
        /// The set.
        set: Set,
    },
    /// A number is infinite or none.
    NotFinite,
    /// A phase refers to a choice of elements that no phase before it makes.
    NoSuchChoice {
        /// Its name.
        name: String,
    },
    /// Tensors can't be meant on the network.
    Tensors(NoSuchTensor),
    /// The network has none of the tensors that are meant.
    NoTensors,
    /// A round has settings that only the whole loop can have.
    Round,
    /// Rounds that share an optimiser differ in what it needs.
    Memory,
}

impl fmt::Display for Flaw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TestSet => formatter.write_str("the test set is for the measurement alone; name another set"),
            Self::ValidationIsTest => formatter.write_str(
                "it learns from the validation set, which is also what results are judged on, because the data set has \
                 no `test.csv`; add one, or leave the method out",
            ),
            Self::NoData => formatter.write_str("the loop names no set to train on; name at least one"),
            Self::NoLoss => formatter.write_str("the loop has no loss on examples; name at least one term"),
            Self::NoRounds => formatter.write_str("there is no round; name at least one"),
            Self::TwoStreams { set } => write!(
                formatter,
                "the loop draws twice from the {set} set; a term of the loss could not tell the streams apart"
            ),
            Self::NoStream { set } => {
                write!(formatter, "a term of the loss is taken on the {set} set, which `data` doesn't draw from")
            }
            Self::EmptySet { set } => {
                write!(formatter, "it needs examples of the {set} set, and there are none to take")
            }
            Self::SingleExample { set } => write!(
                formatter,
                "it draws single examples from the {set} set, which batch normalisation can't be trained on; raise \
                 `batch-size` or set `batch-norm = \"frozen\"`"
            ),
            Self::NotFinite => formatter.write_str("the number must be finite"),
            Self::NoSuchChoice { name } => write!(
                formatter,
                "no phase before it selects the elements `{}`; add a `select` phase of this name",
                name.escape_debug()
            ),
            Self::Tensors(lacking) => lacking.fmt(formatter),
            Self::NoTensors => formatter.write_str(
                "the network has none of these tensors (`sweep methods` lists which method works on which network)",
            ),
            Self::Round => formatter.write_str(
                "a round has no `memory` or `after-epochs` of its own; set them beside `rounds`",
            ),
            Self::Memory => formatter.write_str(
                "the rounds share one optimiser but differ in its kind, momentum, weight decay or in what is trainable; \
                 make them agree or set `memory = \"round\"`",
            ),
        }
    }
}
