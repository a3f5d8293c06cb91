//! Samples of 8 bits in one NumPy file, read row by row: tens of thousands of images need no file each. Owns where a row
//! begins; must not know what it shows.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use crate::npy::{self, NpyError};

/// Longest header that is read, in bytes; NumPy's own have 128.
const LONGEST_HEADER: usize = 64 << 10;

/// An array of uint8 in a file; its first axis counts the rows.
#[derive(Debug)]
pub struct Pixels {
    file: File,
    path: PathBuf,
    shape: Vec<usize>,
    /// Where the first row begins.
    start: u64,
    /// Bytes of a row.
    width: usize,
}

impl Pixels {
    /// Opens the array in a regular file; `path` is for messages. The file holds as many bytes as its header says.
    pub fn of(file: File, path: &Path) -> Result<Self, NpyError> {
        let unreadable = |source| NpyError::Unreadable { path: path.to_owned(), source };
        let bytes = file.metadata().map_err(unreadable)?.len();
        let mut head =
            vec![0; usize::try_from(bytes).map_or(LONGEST_HEADER, |bytes| bytes.min(LONGEST_HEADER))];
        file.read_exact_at(&mut head, 0).map_err(unreadable)?;
        let (start, shape) = npy::bytes_of(path, &head)?;
        let start = start as u64;
        let width = shape.iter().skip(1).try_fold(1_usize, |product, &axis| product.checked_mul(axis));
        let rows = shape.first().copied().unwrap_or(1);
        let claimed = width.and_then(|width| width.checked_mul(rows)).unwrap_or(usize::MAX);
        match width {
            Some(width) if (claimed as u64).checked_add(start) == Some(bytes) => {
                Ok(Self { file, path: path.to_owned(), shape, start, width })
            }
            _ => Err(NpyError::Oversized { path: path.to_owned(), claimed: claimed as u64, bytes }),
        }
    }

    /// Length of each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Where the first row begins in the file.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Bytes of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Reads a row that there is into `row`, of as many bytes as a row has.
    pub fn read(&self, number: usize, row: &mut [u8]) -> Result<(), NpyError> {
        let place = self.start + (number * self.width) as u64;
        let unreadable = |source| NpyError::Unreadable { path: self.path.clone(), source };
        self.file.read_exact_at(&mut row[..self.width], place).map_err(unreadable)
    }
}

/// What a file of uint8 of this shape begins with, so that the first element is aligned to 64 bytes.
pub fn header(shape: [usize; 4]) -> Vec<u8> {
    let [rows, channels, height, width] = shape;
    let dictionary = format!(
        "{{'descr': '|u1', 'fortran_order': False, 'shape': ({rows}, {channels}, {height}, {width}), }}"
    );
    let mut header = b"\x93NUMPY\x01\0".to_vec();
    let length =
        (header.len() + 2 + dictionary.len() + 1).next_multiple_of(HEADER_ALIGNMENT) - header.len() - 2;
    header.extend_from_slice(&(length as u16).to_le_bytes());
    header.extend_from_slice(format!("{dictionary:<width$}\n", width = length - 1).as_bytes());
    header
}

/// NumPy's own.
const HEADER_ALIGNMENT: usize = 64;

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{NpyError, Pixels, header};

    fn opened(bytes: &[u8]) -> Result<Pixels, NpyError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("x.npy");
        fs::write(&path, bytes).expect("writable");
        Pixels::of(fs::File::open(&path).expect("there"), Path::new("x.npy"))
    }

    #[test]
    fn the_header_is_as_numpy_writes_it() {
        // np.lib.format.write_array_header_1_0(f, {"descr": "|u1", "fortran_order": False, "shape": (5, 3, 8, 8)})
        let numpys = "\u{76}\0{'descr': '|u1', 'fortran_order': False, 'shape': (5, 3, 8, 8), }";
        let ours = header([5, 3, 8, 8]);
        assert_eq!(ours.len(), 128);
        assert_eq!(ours[8..8 + numpys.len()], *numpys.as_bytes());
        assert!(ours.ends_with(b"  \n"));
    }

    #[test]
    fn rows_are_read_one_by_one() {
        let rows: Vec<u8> = (0..24).collect();
        let pixels = opened(&[header([2, 3, 2, 2]), rows].concat()).expect("sound");
        assert_eq!((pixels.shape(), pixels.width()), ([2, 3, 2, 2].as_slice(), 12));
        let mut row = [0; 12];
        pixels.read(1, &mut row).expect("there");
        assert_eq!(row, std::array::from_fn(|at| 12 + at as u8));
    }

    #[test]
    fn a_file_that_does_not_hold_what_it_says_is_refused() {
        let sound = [header([2, 3, 2, 2]), vec![0; 24]].concat();
        for bytes in
            [&sound[..sound.len() - 1], &[&sound[..], &[0]].concat(), &sound[..127], &sound[..9], &[]]
        {
            opened(bytes).expect_err("cut or too long");
        }
        let vast = [header([usize::MAX, 3, 1 << 20, 1 << 40]), vec![0; 24]].concat();
        assert!(matches!(opened(&vast), Err(NpyError::Oversized { .. })));
        let real = String::from_utf8_lossy(&sound).replace("|u1", "<f4").into_bytes();
        assert!(matches!(opened(&real[..]), Err(NpyError::NotBytes { .. } | NpyError::Foreign { .. })));
    }
}
