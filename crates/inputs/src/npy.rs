//! NumPy's `.npy` files of real numbers: what workers write and what `sweep score` is given.
//!
//! Files may come from strangers: the size is bounded before anything is allocated, pickled objects are refused.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use npyz::{NpyFile, NpyHeader, Order, WriterBuilder};
use thiserror::Error;

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 4 << 30;

/// An array of float64, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// The elements; as many as the product of the axes.
    pub values: Vec<f64>,
}

/// Failed to read an array.
#[derive(Debug, Error)]
pub enum NpyError {
    /// The file can't be read, or is no `.npy` file.
    #[error("failed to read `{}` as a NumPy array: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its elements are not real numbers.
    #[error("`{}` holds {dtype}, not float64 or float32; save it with `np.save(path, array.astype(np.float64))`", path.display())]
    NotReal {
        /// The file.
        path: PathBuf,
        /// What it holds.
        dtype: String,
    },
    /// It is larger than anything that is read here, or than its file.
    #[error("`{}` claims {claimed} elements in {bytes} bytes; it is damaged or larger than 4 GiB", path.display())]
    Oversized {
        /// The file.
        path: PathBuf,
        /// Elements that its header claims.
        claimed: u64,
        /// Its real size.
        bytes: u64,
    },
    /// Its axes are in Fortran order.
    #[error("`{}` is in Fortran order; save it with `np.save(path, np.ascontiguousarray(array))`", path.display())]
    FortranOrder {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a float64 or float32 array of any shape.
pub fn read(path: &Path) -> Result<Array, NpyError> {
    let unreadable = |source| NpyError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    if bytes > MAX_FILE {
        return Err(NpyError::Oversized { path: path.to_owned(), claimed: bytes / 8, bytes });
    }
    let mut content = Vec::new();
    // A file may grow, or be a device that says it is empty.
    file.take(MAX_FILE).read_to_end(&mut content).map_err(unreadable)?;
    decode(path, &content)
}

/// Reads the array that the bytes of a file hold; `path` is for messages alone.
pub fn decode(path: &Path, content: &[u8]) -> Result<Array, NpyError> {
    let unreadable = |source| NpyError::Unreadable { path: path.to_owned(), source };
    let bytes = content.len() as u64;
    if claimed_header(content) > bytes {
        return Err(unreadable(io::ErrorKind::UnexpectedEof.into()));
    }
    let mut rest = content;
    let header = NpyHeader::from_reader(&mut rest).map_err(unreadable)?;
    let room = rest.len() as u64;
    let npy = NpyFile::with_header(header, rest);

    let dtype = npy.dtype().descr();
    let width = match dtype.trim_matches('\'') {
        "<f8" | ">f8" => 8,
        "<f4" | ">f4" => 4,
        _ => return Err(NpyError::NotReal { path: path.to_owned(), dtype }),
    };
    let claimed =
        npy.shape().iter().try_fold(1_u64, |product, &axis| product.checked_mul(axis)).unwrap_or(u64::MAX);
    if claimed.checked_mul(width).is_none_or(|size| size > room) {
        return Err(NpyError::Oversized { path: path.to_owned(), claimed, bytes });
    }
    if npy.order() == Order::Fortran && npy.shape().len() > 1 {
        return Err(NpyError::FortranOrder { path: path.to_owned() });
    }
    let shape = npy.shape().iter().map(|&axis| axis as usize).collect();
    let values = if width == 8 {
        npy.into_vec::<f64>().map_err(unreadable)?
    } else {
        npy.into_vec::<f32>().map_err(unreadable)?.into_iter().map(f64::from).collect()
    };
    Ok(Array { shape, values })
}

/// Length that the preamble claims for the header: it is allocated before it is read.
fn claimed_header(start: &[u8]) -> u64 {
    match start {
        [_, _, _, _, _, _, version, _, a, b, c, d, ..] if *version >= 2 => {
            u64::from(u32::from_le_bytes([*a, *b, *c, *d]))
        }
        // The first version of the format has room for 64 KiB.
        _ => 0,
    }
}

/// The bytes of a one-dimensional float64 array file.
pub fn vector_bytes(values: &[f64]) -> Vec<u8> {
    array_bytes(&[values.len() as u64], values)
}

/// The bytes of a float64 array file \[rows, N\].
pub fn matrix_bytes<const N: usize>(rows: &[[f64; N]]) -> Vec<u8> {
    array_bytes(&[rows.len() as u64, N as u64], rows.as_flattened())
}

fn array_bytes(shape: &[u64], values: &[f64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(shape)
        .writer(&mut bytes)
        .begin_nd()
        .expect("a vector accepts any header");
    writer.extend(values.iter().copied()).expect("a vector accepts any element");
    writer.finish().expect("as many elements as the shape says");
    bytes
}

#[cfg(test)]
mod tests {
    use super::{Array, NpyError, decode, matrix_bytes, read, vector_bytes};

    #[test]
    fn a_matrix_reads_back_row_by_row() {
        let read = decode("m.npy".as_ref(), &matrix_bytes(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]));
        let want = Array { shape: vec![2, 3], values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0] };
        assert_eq!(read.expect("its own bytes"), want);
    }

    #[test]
    fn a_vector_reads_back_bit_for_bit() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("x.npy");
        let values = vec![0.1, -1e300, f64::MIN_POSITIVE, 3.0];
        std::fs::write(&path, vector_bytes(&values)).expect("writable");
        assert_eq!(read(&path).expect("its own bytes"), Array { shape: vec![4], values });
    }

    #[test]
    fn a_header_that_claims_more_than_the_file_holds_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("lie.npy");
        let mut lie = vector_bytes(&[1.0, 2.0]);
        let axis =
            lie.windows(3).position(|window| window == b"(2,").expect("the shape stands in the header");
        lie[axis + 1] = b'9';
        std::fs::write(&path, lie).expect("writable");
        assert!(matches!(read(&path), Err(NpyError::Oversized { claimed: 9, .. })), "{:?}", read(&path));
    }
}
