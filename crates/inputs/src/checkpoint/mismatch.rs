//! The strict comparison of a checkpoint with what a network expects.

use std::{collections::BTreeMap, fmt};

use super::{StateDict, Tensor, Values, error::Shown};

/// Differences that a message spells out; the rest it counts.
const MAX_LISTED: usize = 400;

/// Batch normalisation's counter: torch writes it, no forward pass reads it, so it may be there or not.
const COUNTER: &str = "num_batches_tracked";

/// One way in which a checkpoint differs from what a network expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The network has a tensor that the checkpoint lacks.
    Missing {
        /// Its name.
        name: String,
    },
    /// The checkpoint has a tensor that the network lacks.
    Unexpected {
        /// Its name.
        name: String,
    },
    /// The shapes of a tensor differ.
    Misshapen {
        /// Its name.
        name: String,
        /// Its shape in the checkpoint.
        have: Vec<usize>,
        /// Its shape in the network.
        want: Vec<usize>,
    },
    /// Integers where floats belong, or the reverse.
    Mistyped {
        /// Name of the tensor.
        name: String,
        /// What it should hold.
        want: &'static str,
    },
    /// A tensor holds NaN or infinities.
    NonFinite {
        /// Its name.
        name: String,
        /// How many of its values are not finite.
        values: usize,
    },
}

/// All ways in which a checkpoint differs from what a network expects; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Missing tensors in the order of the network, then the rest in the order of the checkpoint.
    pub differences: Vec<Difference>,
}

impl std::error::Error for Mismatch {}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name } => write!(formatter, "`{}` is missing", Shown(name)),
            Self::Unexpected { name } => write!(formatter, "`{}` is unexpected", Shown(name)),
            Self::Misshapen { name, have, want } => {
                write!(formatter, "`{}` has shape {have:?}, not {want:?}", Shown(name))
            }
            Self::Mistyped { name, want } => write!(formatter, "`{}` does not hold {want}", Shown(name)),
            Self::NonFinite { name, values } => {
                write!(formatter, "`{}` holds {values} NaN or infinite values", Shown(name))
            }
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the checkpoint does not fit the network: ")?;
        for (index, difference) in self.differences.iter().take(MAX_LISTED).enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(formatter, "{separator}{difference}")?;
        }
        match self.differences.len().saturating_sub(MAX_LISTED) {
            0 => Ok(()),
            more => write!(formatter, "; and {more} more"),
        }
    }
}

impl StateDict {
    /// Compares with the names and shapes of a network; reports every difference at once.
    pub fn match_strictly(&self, expected: &[(String, Vec<usize>)]) -> Result<(), Mismatch> {
        let have: BTreeMap<&str, &Tensor> = self.iter().collect();
        let want: BTreeMap<&str, &[usize]> =
            expected.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect();
        let missing = expected
            .iter()
            .filter(|(name, _)| !is_counter(name) && !have.contains_key(name.as_str()))
            .map(|(name, _)| Difference::Missing { name: name.clone() });
        let present = self.iter().flat_map(|(name, tensor)| compare(name, tensor, want.get(name).copied()));
        let differences: Vec<Difference> = missing.chain(present).collect();
        if differences.is_empty() { Ok(()) } else { Err(Mismatch { differences }) }
    }
}

fn compare(name: &str, tensor: &Tensor, want: Option<&[usize]>) -> impl Iterator<Item = Difference> + use<> {
    let name = name.to_owned();
    let want = want.or_else(|| is_counter(&name).then_some(&[]));
    let shape = match want {
        None => Some(Difference::Unexpected { name: name.clone() }),
        Some(want) if want != tensor.shape => Some(Difference::Misshapen {
            name: name.clone(),
            have: tensor.shape.clone(),
            want: want.to_vec(),
        }),
        Some(_) => None,
    };
    let kind = match (&tensor.values, is_counter(&name)) {
        (Values::I64(_), false) => Some(Difference::Mistyped { name: name.clone(), want: "floats" }),
        (Values::F32(_), true) => Some(Difference::Mistyped { name: name.clone(), want: "integers" }),
        _ => None,
    };
    let values = match &tensor.values {
        Values::F32(values) => values.iter().filter(|value| !value.is_finite()).count(),
        Values::I64(_) => 0,
    };
    let finite = (values > 0).then_some(Difference::NonFinite { name, values });
    shape.into_iter().chain(kind).chain(finite)
}

fn is_counter(name: &str) -> bool {
    name.strip_suffix(COUNTER).is_some_and(|stem| stem.is_empty() || stem.ends_with('.'))
}
