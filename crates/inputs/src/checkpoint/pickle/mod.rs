//! A pickle machine that can build state dicts and nothing else.
//!
//! It has the opcodes that `torch.save` uses, four functions that exist only as names (`Global`), and
//! limits on everything that a pickle can multiply. Values live in one arena and refer to each other by
//! index: nothing recurses, neither here nor when it is dropped, and nothing is copied to be remembered.
//! The language: <https://github.com/python/cpython/blob/main/Lib/pickletools.py>.

mod arena;
mod reader;
mod global;
mod machine;
mod root;

use thiserror::Error;

use super::{element::Element, error::Shown, layout::Layout, state_dict::MAX_AXES};

/// Instructions that a pickle may have at most.
const MAX_OPERATIONS: usize = 1_000_000;
/// Levels to which values may nest, and marks that may be open.
const MAX_DEPTH: u8 = 64;
/// Values that may be remembered at most.
const MAX_MEMO: usize = 100_000;
/// Longest text, in bytes.
const MAX_TEXT: usize = 64 << 10;

/// Where a storage is and what the pickle claims of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StorageClaim<'a> {
    pub(super) element: Element,
    pub(super) key: &'a str,
    /// Number of elements.
    pub(super) elements: usize,
}

/// A tensor as a pickle describes it; none of it is checked against the storage.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StoredTensor<'a> {
    pub(super) storage: StorageClaim<'a>,
    pub(super) layout: Layout,
}

/// A pickle is damaged, hostile, or simply not that of a state dict.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PickleProblem {
    /// It ends in the middle of an instruction.
    #[error("its pickle ends at byte {at}, before it is complete")]
    Truncated {
        /// Where it ends.
        at: usize,
    },
    /// It names a function or a class that a state dict doesn't need.
    #[error(
        "it asks for `{}`, which no state dict needs; nothing was run; \
         if it is a model of yours, save its weights alone with `torch.save(model.state_dict(), path)`",
        Shown(name)
    )]
    Global {
        /// Module and name.
        name: String,
    },
    /// It has an instruction that `torch.save` doesn't use for state dicts.
    #[error("instruction {opcode:#04x} at byte {at} of its pickle is none that state dicts need")]
    Opcode {
        /// The instruction.
        opcode: u8,
        /// Where it is.
        at: usize,
    },
    /// It has too many instructions.
    #[error("its pickle has more than {MAX_OPERATIONS} instructions")]
    TooLong,
    /// It nests too deeply.
    #[error("the values at byte {at} of its pickle nest deeper than {MAX_DEPTH} levels")]
    TooDeep {
        /// Where the limit is passed.
        at: usize,
    },
    /// It remembers too many values.
    #[error("its pickle remembers a value as number {index}; at most {MAX_MEMO} are kept")]
    Memo {
        /// The number.
        index: usize,
    },
    /// It has a very long text.
    #[error("a text of {bytes} bytes at byte {at} of its pickle is longer than {MAX_TEXT}")]
    LongText {
        /// Its length.
        bytes: usize,
        /// Where it is.
        at: usize,
    },
    /// An instruction doesn't find what it needs.
    #[error("byte {at} of its pickle needs {need}")]
    Malformed {
        /// Where it is.
        at: usize,
        /// What the instruction needs.
        need: &'static str,
    },
    /// The outermost value is no dictionary.
    #[error("its outermost value is {kind}; save `model.state_dict()`")]
    NotADict {
        /// What it is.
        kind: &'static str,
    },
    /// Several of its values could be the state dict.
    #[error("both `{first}` and `{second}` could be the state dict; save one of them alone")]
    Ambiguous {
        /// A key.
        first: &'static str,
        /// Another key.
        second: &'static str,
    },
    /// A value is no tensor.
    #[error(
        "`{}` is {kind}, not a tensor; save `model.state_dict()` alone, or under the key `state_dict`",
        Shown(key)
    )]
    NotATensor {
        /// Its key.
        key: String,
        /// What it is.
        kind: &'static str,
    },
    /// A key is no text.
    #[error("a key of the state dict is {kind}, not a text")]
    NotAName {
        /// What it is.
        kind: &'static str,
    },
    /// Shape, strides or offset of a tensor are no natural numbers, or there are too many.
    #[error("shape, strides or offset of `{}` are not natural numbers for up to {MAX_AXES} axes", Shown(key))]
    Layout {
        /// Its key.
        key: String,
    },
}

/// The named tensors of a state dict, in order; names may repeat.
pub(super) fn tensors(pickle: &[u8]) -> Result<Vec<(&str, StoredTensor<'_>)>, PickleProblem> {
    let (arena, root) = machine::run(pickle)?;
    root::tensors(&arena, root)
}
