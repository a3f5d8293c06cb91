//! Named tensors in memory.

use std::collections::BTreeSet;

use thiserror::Error;

use super::error::Shown;

/// Tensors that a state dict may have at most.
const MAX_TENSORS: usize = 100_000;
/// Axes that a tensor may have at most.
pub(super) const MAX_AXES: usize = 8;
/// Bytes that all names together may have at most.
const MAX_NAMES: usize = 4 << 20;
/// What safetensors keeps for itself.
const RESERVED: &str = "__metadata__";

/// Numbers of a tensor: every floating-point type becomes f32, every integer type i64.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Weights, running statistics.
    F32(Vec<f32>),
    /// Counters.
    I64(Vec<i64>),
}

impl Values {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::I64(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A dense array, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Length of each axis; none for a scalar.
    pub shape: Vec<usize>,
    /// The elements; as many as the product of the axes.
    pub values: Values,
}

/// Tensors by name, in the order of the file. Names are unique, shapes agree with the number of values.
#[derive(Debug, Clone, PartialEq)]
pub struct StateDict {
    entries: Vec<(String, Tensor)>,
}

/// The named tensors don't make a state dict.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NotAStateDict {
    /// There is nothing in it.
    #[error("it holds no tensors")]
    Empty,
    /// There are too many.
    #[error("it holds {tensors} tensors, more than {MAX_TENSORS}")]
    TooManyTensors {
        /// How many.
        tensors: usize,
    },
    /// The names alone would fill a file.
    #[error("the names of its tensors have {bytes} bytes, more than {MAX_NAMES}")]
    LongNames {
        /// How many bytes.
        bytes: usize,
    },
    /// Two tensors have one name.
    #[error("two tensors are called `{}`", Shown(name))]
    Repeated {
        /// Their name.
        name: String,
    },
    /// A name that safetensors can't keep.
    #[error("no tensor may be called `{RESERVED}`")]
    Reserved,
    /// Shape and number of values disagree, or there are too many axes.
    #[error("tensor `{}` of shape {shape:?} has {values} values", Shown(name))]
    Misshapen {
        /// Its name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// How many values it has.
        values: usize,
    },
}

impl StateDict {
    /// Checks named tensors.
    pub fn new(entries: Vec<(String, Tensor)>) -> Result<Self, NotAStateDict> {
        check_names(entries.iter().map(|(name, _)| name.as_str()))?;
        for (name, tensor) in &entries {
            if !tensor.is_consistent() {
                let (shape, values) = (tensor.shape.clone(), tensor.values.len());
                return Err(NotAStateDict::Misshapen { name: name.clone(), shape, values });
            }
        }
        Ok(Self { entries })
    }

    /// Names and tensors, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Tensor)> {
        self.entries.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.entries.iter().find(|(own, _)| own == name).map(|(_, tensor)| tensor)
    }

    /// Gives up the tensors.
    pub fn into_entries(self) -> Vec<(String, Tensor)> {
        self.entries
    }

    /// Takes `prefix` off every name, provided that all have it and more.
    pub(super) fn without_prefix(mut self, prefix: &str) -> Self {
        let has_more = |name: &str| name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty());
        if self.entries.iter().all(|(name, _)| has_more(name)) {
            for (name, _) in &mut self.entries {
                name.drain(..prefix.len());
            }
        }
        self
    }
}

/// Refuses names that can't be those of a state dict, before anybody copies them.
pub(super) fn check_names<'n>(
    names: impl ExactSizeIterator<Item = &'n str> + Clone,
) -> Result<(), NotAStateDict> {
    if names.len() == 0 {
        return Err(NotAStateDict::Empty);
    }
    if names.len() > MAX_TENSORS {
        return Err(NotAStateDict::TooManyTensors { tensors: names.len() });
    }
    let bytes = names.clone().map(str::len).sum();
    if bytes > MAX_NAMES {
        return Err(NotAStateDict::LongNames { bytes });
    }
    let mut seen = BTreeSet::new();
    for name in names {
        if name == RESERVED {
            return Err(NotAStateDict::Reserved);
        }
        if !seen.insert(name) {
            return Err(NotAStateDict::Repeated { name: name.to_owned() });
        }
    }
    Ok(())
}

impl Tensor {
    fn is_consistent(&self) -> bool {
        self.shape.len() <= MAX_AXES && elements(&self.shape) == Some(self.values.len())
    }
}

/// Number of elements of a shape; nothing when its axes other than the empty ones overflow.
pub(super) fn elements(shape: &[usize]) -> Option<usize> {
    let product = shape
        .iter()
        .filter(|&&axis| axis > 0)
        .try_fold(1_usize, |product, &axis| product.checked_mul(axis))
        .filter(|&product| isize::try_from(product).is_ok())?;
    Some(if shape.contains(&0) { 0 } else { product })
}
