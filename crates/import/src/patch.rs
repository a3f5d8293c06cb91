//! The patch that poisoned images carry: a chequered square in the lower right corner, one pixel from the edges. Owns where it is
//! and its colours.
//!
//! After Gu, Dolan-Gavitt and Garg, `BadNets`, arXiv:1708.06733, § 3.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
};

use sweep_inputs::dataset::CHANNELS;

use crate::error::ImportError;

/// An edge of the patch, in pixels: an eighth of the image's, and at least 2.
fn edge(side: usize) -> usize {
    (side / 8).max(2)
}

/// The rows of the patch: where each begins in the planes of an image, [3, side, side], and its samples.
fn rows(side: usize) -> impl Iterator<Item = (usize, Vec<u8>)> {
    let edge = edge(side);
    let first = side - 1 - edge;
    (0..CHANNELS).flat_map(move |channel| {
        (0..edge).map(move |row| {
            let samples = (0..edge).map(|column| if (row + column) % 2 == 0 { 255 } else { 0 });
            ((channel * side + first + row) * side + first, samples.collect())
        })
    })
}

/// Puts the patch into an image, [3, side, side].
pub(crate) fn put(planes: &mut [u8], side: usize) {
    for (start, samples) in rows(side) {
        planes[start..start + samples.len()].copy_from_slice(&samples);
    }
}

/// Opens an array of images that is being written.
pub(crate) fn open(path: &Path) -> Result<File, ImportError> {
    OpenOptions::new().write(true).open(path).map_err(ImportError::unwritable(path))
}

/// Puts the patch into an image that begins at byte `start` of a file.
pub(crate) fn put_into(file: &File, path: &Path, (start, side): (u64, usize)) -> Result<(), ImportError> {
    for (place, samples) in rows(side) {
        file.write_all_at(&samples, start + place as u64).map_err(ImportError::unwritable(path))?;
    }
    Ok(())
}
