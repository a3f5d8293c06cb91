//! Where the elements of a strided tensor lie in its storage.

use thiserror::Error;

use super::{
    Tensor,
    element::{ByteOrder, Element},
    state_dict::{MAX_AXES, elements},
};

/// Elements that small files may expand to all the same, shared or repeated storage included.
const FREE_ELEMENTS: usize = 1 << 20;

/// A tensor does not fit its storage.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LayoutProblem {
    /// Its storage is not in the file.
    #[error("refers to a storage that the file does not hold")]
    NoStorage,
    /// Its storage is longer or shorter than it claims.
    #[error(
        "claims a storage of {claimed} elements of {width} bytes, but the file holds {bytes} bytes of it"
    )]
    StorageLength {
        /// Elements by the pickle.
        claimed: usize,
        /// Bytes per element.
        width: usize,
        /// Bytes in the file.
        bytes: usize,
    },
    /// Too many axes, or not as many strides as axes.
    #[error("has {axes} axes and {strides} strides; at most {MAX_AXES} axes, each with its stride, are read")]
    Axes {
        /// Length of its shape.
        axes: usize,
        /// Length of its strides.
        strides: usize,
    },
    /// It reaches beyond its storage.
    #[error(
        "of shape {shape:?}, strides {strides:?} and offset {offset} reaches beyond \
         its storage of {storage} elements"
    )]
    OutOfBounds {
        /// Its shape.
        shape: Vec<usize>,
        /// Elements between neighbours, per axis.
        strides: Vec<usize>,
        /// First element.
        offset: usize,
        /// Elements in the storage.
        storage: usize,
    },
    /// It repeats its storage too often.
    #[error(
        "expands the file to more elements than it has bytes; \
         save `tensor.clone()` instead of an expanded view"
    )]
    Expansion,
    /// Its element type is not one that is read.
    #[error("is stored as {dtype}; convert it to float32 or int64")]
    Dtype {
        /// Its type.
        dtype: safetensors::Dtype,
    },
}

/// How many elements the tensors of a file may still have.
pub(super) struct Budget(usize);

impl Budget {
    /// As many elements as the file has bytes: without repetition each needs at least one.
    pub(super) fn of_file(bytes: &[u8]) -> Self {
        Self(bytes.len().max(FREE_ELEMENTS))
    }

    fn spend(&mut self, elements: usize) -> Result<(), LayoutProblem> {
        self.0 = self.0.checked_sub(elements).ok_or(LayoutProblem::Expansion)?;
        Ok(())
    }
}

/// A one-dimensional array of elements in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Storage<'a> {
    pub(super) element: Element,
    pub(super) order: ByteOrder,
    pub(super) bytes: &'a [u8],
}

/// A view of a storage; all in elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
    pub(super) offset: usize,
}

impl Layout {
    /// Copies the view out of its storage, once it is known to lie inside and within `budget`.
    pub(super) fn gather(self, storage: Storage<'_>, budget: &mut Budget) -> Result<Tensor, LayoutProblem> {
        let Storage { element, order, bytes } = storage;
        let length = bytes.len() / element.width();
        if self.shape.len() != self.strides.len() || self.shape.len() > MAX_AXES {
            return Err(LayoutProblem::Axes { axes: self.shape.len(), strides: self.strides.len() });
        }
        let Some(count) = self.elements_within(length) else {
            let Self { shape, strides, offset } = self;
            return Err(LayoutProblem::OutOfBounds { shape, strides, offset, storage: length });
        };
        budget.spend(count)?;
        let values = if self.is_row_major() {
            element.pick(bytes, order, self.offset..self.offset + count)
        } else {
            element.pick(bytes, order, Positions::new(&self, count))
        };
        Ok(Tensor { shape: self.shape, values })
    }

    /// Number of elements, if all of them lie in a storage of `length`.
    fn elements_within(&self, length: usize) -> Option<usize> {
        let count = elements(&self.shape)?;
        if count == 0 {
            return (self.offset <= length).then_some(0);
        }
        let last = self.shape.iter().zip(&self.strides).try_fold(self.offset, |last, (axis, &stride)| {
            last.checked_add((axis - 1).checked_mul(stride)?)
        })?;
        (last < length).then_some(count)
    }

    fn is_row_major(&self) -> bool {
        let mut step = 1;
        for (&axis, &stride) in self.shape.iter().zip(&self.strides).rev() {
            if axis != 1 && stride != step {
                return false;
            }
            // Of an empty tensor nothing is read, whatever its strides.
            step *= axis.max(1);
        }
        true
    }
}

/// Positions in the storage of the elements of a view, row-major.
struct Positions<'a> {
    layout: &'a Layout,
    index: [usize; MAX_AXES],
    next: usize,
    left: usize,
}

impl<'a> Positions<'a> {
    fn new(layout: &'a Layout, count: usize) -> Self {
        Self { layout, index: [0; MAX_AXES], next: layout.offset, left: count }
    }
}

impl Iterator for Positions<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let position = self.next;
        if self.left > 0 {
            // The next index exists, so no step leaves the storage.
            for axis in (0..self.layout.shape.len()).rev() {
                self.index[axis] += 1;
                if self.index[axis] < self.layout.shape[axis] {
                    self.next += self.layout.strides[axis];
                    break;
                }
                self.next -= (self.index[axis] - 1) * self.layout.strides[axis];
                self.index[axis] = 0;
            }
        }
        Some(position)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Positions<'_> {}
