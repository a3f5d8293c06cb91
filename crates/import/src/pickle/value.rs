//! What a pickle of CIFAR may hold. Owns the values and the names that it may call by; must not know instructions.

use std::ops::Range;

/// Where a value is among all.
pub(super) type ValueId = usize;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pickled {
    Nothing,
    Truth(bool),
    Number(i64),
    /// Where in the file they are.
    Bytes(Range<usize>),
    List(Vec<ValueId>),
    Tuple(Vec<ValueId>),
    /// Keys and values, flat.
    Dictionary(Vec<ValueId>),
    NumpyName(NumpyName),
    /// `dtype("u1", 0, 1)`; true once its state was set.
    Dtype(bool),
    /// An array; its shape and bytes, once its state was set.
    Array(Option<(Vec<usize>, Range<usize>)>),
    Mark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumpyName {
    Reconstruct,
    Ndarray,
    Dtype,
}

/// All that a pickle may name.
pub(super) const GLOBALS: [(&[u8], NumpyName); 6] = [
    (b"numpy.core.multiarray\n_reconstruct\n", NumpyName::Reconstruct),
    (b"numpy._core.multiarray\n_reconstruct\n", NumpyName::Reconstruct),
    (b"numpy\nndarray\n", NumpyName::Ndarray),
    (b"numpy\ndtype\n", NumpyName::Dtype),
    (b"numpy.core.multiarray\nndarray\n", NumpyName::Ndarray),
    (b"numpy._core.multiarray\nndarray\n", NumpyName::Ndarray),
];
