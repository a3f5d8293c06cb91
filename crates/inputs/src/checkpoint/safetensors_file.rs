//! The safetensors format, in which models of our own are kept.

use std::{borrow::Cow, path::Path};

use safetensors::{Dtype, SafeTensors, View, serialize};

use super::{
    CheckpointError, LayoutProblem, StateDict, Tensor, Values,
    element::{ByteOrder, Element},
    layout::{Budget, Layout, Storage},
};

/// Longest header that the format allows, in bytes.
const MAX_HEADER: u64 = 100_000_000;

/// Whether the first bytes are those of a safetensors file: a plausible length, then JSON.
pub(super) fn recognises(bytes: &[u8]) -> bool {
    bytes.split_first_chunk().is_some_and(|(length, header)| {
        u64::from_le_bytes(*length) <= MAX_HEADER && header.first() == Some(&b'{')
    })
}

/// Reads the tensors in the order of the file.
pub(super) fn decode(path: &Path, bytes: &[u8]) -> Result<StateDict, CheckpointError> {
    let damaged = |source| CheckpointError::Safetensors { path: path.to_owned(), source };
    let (header, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let data = &bytes[size_of::<u64>() + header..];
    let mut budget = Budget::of_file(bytes);
    let mut entries = Vec::new();
    for name in metadata.offset_keys() {
        let info = metadata.info(&name).expect("a name of the header");
        let (start, end) = info.data_offsets;
        let tensor = dense(info.dtype, &info.shape, &data[start..end], &mut budget).map_err(|problem| {
            CheckpointError::Layout { path: path.to_owned(), tensor: name.clone(), problem }
        })?;
        entries.push((name, tensor));
    }
    StateDict::new(entries).map_err(|problem| CheckpointError::Unfit { path: path.to_owned(), problem })
}

fn dense(dtype: Dtype, shape: &[usize], bytes: &[u8], budget: &mut Budget) -> Result<Tensor, LayoutProblem> {
    let element = element(dtype).ok_or(LayoutProblem::Dtype { dtype })?;
    let mut strides = vec![0; shape.len()];
    let mut step = 1_usize;
    for (stride, &axis) in strides.iter_mut().zip(shape).rev() {
        *stride = step;
        step = step.saturating_mul(axis.max(1));
    }
    let layout = Layout { shape: shape.to_vec(), strides, offset: 0 };
    layout.gather(Storage { element, order: ByteOrder::Little, bytes }, budget)
}

fn element(dtype: Dtype) -> Option<Element> {
    match dtype {
        Dtype::F16 => Some(Element::F16),
        Dtype::BF16 => Some(Element::BF16),
        Dtype::F32 => Some(Element::F32),
        Dtype::F64 => Some(Element::F64),
        Dtype::I64 => Some(Element::I64),
        Dtype::I32 => Some(Element::I32),
        Dtype::I16 => Some(Element::I16),
        Dtype::I8 => Some(Element::I8),
        Dtype::U8 => Some(Element::U8),
        Dtype::BOOL => Some(Element::Bool),
        _ => None,
    }
}

/// The bytes of a safetensors file; the same tensors give the same bytes, in whatever order they come.
#[expect(clippy::missing_panics_doc, reason = "a state dict is small enough and consistent by construction")]
pub fn write_safetensors(state: &StateDict) -> Vec<u8> {
    serialize(state.iter(), None)
        .expect("a state dict has unique names, consistent shapes and a header within the limit")
}

impl View for &Tensor {
    fn dtype(&self) -> Dtype {
        match self.values {
            Values::F32(_) => Dtype::F32,
            Values::I64(_) => Dtype::I64,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(match &self.values {
            Values::F32(values) => little_endian(values, f32::to_le_bytes),
            Values::I64(values) => little_endian(values, i64::to_le_bytes),
        })
    }

    fn data_len(&self) -> usize {
        match &self.values {
            Values::F32(values) => size_of_val(values.as_slice()),
            Values::I64(values) => size_of_val(values.as_slice()),
        }
    }
}

fn little_endian<T: Copy, const WIDTH: usize>(values: &[T], to_bytes: impl Fn(T) -> [u8; WIDTH]) -> Vec<u8> {
    let mut elements = vec![[0; WIDTH]; values.len()];
    for (element, &value) in elements.iter_mut().zip(values) {
        *element = to_bytes(value);
    }
    elements.into_flattened()
}
