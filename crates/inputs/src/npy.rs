//! NumPy's `.npy` files of real numbers: what workers write and what `sweep score` is given.
//!
//! Files may come from strangers: the size is bounded before anything is allocated, pickled objects are refused.

use std::{
    io,
    path::{Path, PathBuf},
};

use npyz::WriterBuilder;
use thiserror::Error;

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 4 << 30;

/// How every such file starts.
const MAGIC: &[u8] = b"\x93NUMPY";

/// Axes that an array may have at most, as in NumPy 1.
const MOST_AXES: usize = 32;

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
    /// The file can't be read.
    #[error("failed to read `{}` as a NumPy array: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no `.npy` file, or not as NumPy writes it.
    #[error("`{}` is no NumPy array: {problem}; save it with `np.save(path, array)`", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
    },
    /// Its elements are not real numbers.
    #[error("`{}` holds {dtype}, not float64 or float32; save it with `np.save(path, array.astype(np.float64))`", path.display())]
    NotReal {
        /// The file.
        path: PathBuf,
        /// What it holds.
        dtype: String,
    },
    /// Its elements are not whole numbers.
    #[error("`{}` holds {dtype}, not whole numbers; save it with `np.save(path, array.astype(np.int64))`", path.display())]
    NotWhole {
        /// The file.
        path: PathBuf,
        /// What it holds.
        dtype: String,
    },
    /// Its elements are not samples of 8 bits.
    #[error("`{}` holds {dtype}, not samples from 0 to 255; save it with `np.save(path, array.astype(np.uint8))`, multiplied by 255 where they end at 1", path.display())]
    NotBytes {
        /// The file.
        path: PathBuf,
        /// What it holds.
        dtype: String,
    },
    /// It is larger than anything that is read here, or than its file.
    #[error("`{}` claims {claimed} elements in {bytes} bytes; it is damaged, or larger than is read", path.display())]
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

/// Whole numbers, row-major.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integers {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// The elements; as many as the product of the axes.
    pub values: Vec<i64>,
}

/// Reads an array of integers of 8 to 64 bits, of any shape.
pub fn read_integers(path: &Path) -> Result<Integers, NpyError> {
    decode_integers(path, &content(path)?)
}

/// Reads the array of integers that the bytes of a file hold; `path` is for messages alone.
pub fn decode_integers(path: &Path, content: &[u8]) -> Result<Integers, NpyError> {
    let (shape, values) = elements(path, content, |descr| {
        let read: (usize, fn(&[u8]) -> i64) = match descr {
            "<i8" => (8, |bytes| i64::from_le_bytes(eight(bytes))),
            ">i8" => (8, |bytes| i64::from_be_bytes(eight(bytes))),
            "<i4" => (4, |bytes| i64::from(i32::from_le_bytes(four(bytes)))),
            ">i4" => (4, |bytes| i64::from(i32::from_be_bytes(four(bytes)))),
            "<u4" => (4, |bytes| i64::from(u32::from_le_bytes(four(bytes)))),
            "<i2" => (2, |bytes| i64::from(i16::from_le_bytes([bytes[0], bytes[1]]))),
            "<u2" => (2, |bytes| i64::from(u16::from_le_bytes([bytes[0], bytes[1]]))),
            "|i1" => (1, |bytes| i64::from(bytes[0].cast_signed())),
            "|u1" => (1, |bytes| i64::from(bytes[0])),
            _ => return Err(|path, dtype| NpyError::NotWhole { path, dtype }),
        };
        Ok(read)
    })?;
    Ok(Integers { shape, values })
}

/// Where the elements of an array of uint8 begin and its shape, from the first bytes of its file.
pub(crate) fn bytes_of(path: &Path, head: &[u8]) -> Result<(usize, Vec<usize>), NpyError> {
    let (header, elements) = header(path, head)?;
    if header.descr != "|u1" {
        let dtype = header.descr.escape_debug().to_string();
        return Err(NpyError::NotBytes { path: path.to_owned(), dtype });
    }
    if header.fortran && header.shape.len() > 1 {
        return Err(NpyError::FortranOrder { path: path.to_owned() });
    }
    Ok((head.len() - elements.len(), header.shape))
}

/// Reads a float64 or float32 array of any shape.
pub fn read(path: &Path) -> Result<Array, NpyError> {
    decode(path, &content(path)?)
}

/// The bytes of a file that is not larger than anything that is read here.
pub(crate) fn content(path: &Path) -> Result<Vec<u8>, NpyError> {
    let unreadable = |source| NpyError::Unreadable { path: path.to_owned(), source };
    let bytes = sweep_files::given(path).and_then(|file| file.metadata()).map_err(unreadable)?.len();
    if bytes > MAX_FILE {
        return Err(NpyError::Oversized { path: path.to_owned(), claimed: bytes / 8, bytes });
    }
    // No more is read of what is neither an array nor an archive of arrays.
    sweep_files::given_content(path, &[MAGIC, b"PK"], MAX_FILE).map_err(unreadable)
}

/// Reads the array that the bytes of a file hold; `path` is for messages alone.
pub fn decode(path: &Path, content: &[u8]) -> Result<Array, NpyError> {
    let (shape, values) = elements(path, content, |descr| {
        let read: (usize, fn(&[u8]) -> f64) = match descr {
            "<f8" => (8, |bytes| f64::from_le_bytes(eight(bytes))),
            ">f8" => (8, |bytes| f64::from_be_bytes(eight(bytes))),
            "<f4" => (4, |bytes| f64::from(f32::from_le_bytes(four(bytes)))),
            ">f4" => (4, |bytes| f64::from(f32::from_be_bytes(four(bytes)))),
            _ => return Err(|path, dtype| NpyError::NotReal { path, dtype }),
        };
        Ok(read)
    })?;
    Ok(Array { shape, values })
}

/// Makes the refusal of a file whose elements are something else, from its path and what they are.
type DtypeRefusal = fn(PathBuf, String) -> NpyError;

/// How many bytes an element has and how it is read.
type ElementReader<T> = (usize, fn(&[u8]) -> T);

/// Shape and elements of an array; `element` says how those of a dtype are read.
fn elements<T>(
    path: &Path,
    content: &[u8],
    element: impl FnOnce(&str) -> Result<ElementReader<T>, DtypeRefusal>,
) -> Result<(Vec<usize>, Vec<T>), NpyError> {
    let (header, elements) = header(path, content)?;
    let (width, read) = element(header.descr)
        .map_err(|refusal| refusal(path.to_owned(), header.descr.escape_debug().to_string()))?;
    let count = header.shape.iter().try_fold(1_usize, |product, &axis| product.checked_mul(axis));
    let size = count.and_then(|count| count.checked_mul(width)).filter(|&size| size <= elements.len());
    let Some(size) = size else {
        let (claimed, bytes) = (count.unwrap_or(usize::MAX) as u64, content.len() as u64);
        return Err(NpyError::Oversized { path: path.to_owned(), claimed, bytes });
    };
    if header.fortran && header.shape.len() > 1 {
        return Err(NpyError::FortranOrder { path: path.to_owned() });
    }
    Ok((header.shape, elements[..size].chunks_exact(width).map(read).collect()))
}

/// The header of a file, and what stands behind it.
fn header<'a>(path: &Path, content: &'a [u8]) -> Result<(Header<'a>, &'a [u8]), NpyError> {
    let foreign = |problem| NpyError::Foreign { path: path.to_owned(), problem };
    let (header, elements) = split(content).ok_or_else(|| foreign("its preamble is not NumPy's"))?;
    let header = Header::parse(header).ok_or_else(|| foreign("its header is not as `np.save` writes it"))?;
    Ok((header, elements))
}

fn eight(bytes: &[u8]) -> [u8; 8] {
    bytes.try_into().expect("a chunk of eight bytes")
}

fn four(bytes: &[u8]) -> [u8; 4] {
    bytes.try_into().expect("a chunk of four bytes")
}

/// Header and elements of the file formats 1 to 3:
/// <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
fn split(content: &[u8]) -> Option<(&str, &[u8])> {
    let (&version, rest) = content.strip_prefix(MAGIC)?.split_first()?;
    let (&0, rest) = rest.split_first()? else { return None };
    let (length, rest) = match version {
        1 => {
            rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_le_bytes(*length)), rest))?
        }
        2 | 3 => {
            rest.split_first_chunk().map(|(length, rest)| (u32::from_le_bytes(*length) as usize, rest))?
        }
        _ => return None,
    };
    let (header, elements) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(header).ok()?, elements))
}

/// What the header says: a Python dictionary of three keys, in any order.
struct Header<'a> {
    descr: &'a str,
    fortran: bool,
    shape: Vec<usize>,
}

impl<'a> Header<'a> {
    /// Reads what NumPy and its imitators write, in one pass; more of Python than that is not understood.
    fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text.trim_end().strip_prefix('{')?.strip_suffix('}')?.trim();
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        while !rest.is_empty() {
            let (key, behind) = quoted(rest)?;
            let value = behind.trim_start().strip_prefix(':')?.trim_start();
            let (before, behind) = match key {
                "descr" => {
                    // What has fields is no real number; its start is enough to say so.
                    let (text, behind) =
                        quoted(value).or_else(|| value.starts_with('[').then_some((value, "")))?;
                    (descr.replace(text).is_some(), behind)
                }
                "fortran_order" => {
                    let (word, behind) = value.split_at(value.find([',', '}']).unwrap_or(value.len()));
                    let truth = match word.trim_end() {
                        "True" => true,
                        "False" => false,
                        _ => return None,
                    };
                    (fortran.replace(truth).is_some(), behind)
                }
                "shape" => {
                    let (axes, behind) = value.strip_prefix('(')?.split_once(')')?;
                    (shape.replace(self::shape(axes)?).is_some(), behind)
                }
                _ => return None,
            };
            let behind = behind.trim_start();
            if before || !(behind.is_empty() || behind.starts_with(',')) {
                return None;
            }
            rest = behind.trim_start_matches(',').trim_start();
        }
        let descr = descr?;
        // Without its fields nothing else of a record is read.
        if descr.starts_with('[') {
            return Some(Self { descr, fortran: false, shape: Vec::new() });
        }
        Some(Self { descr, fortran: fortran?, shape: shape? })
    }
}

/// A word in quotes, and what stands behind it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    text[1..].split_once(quote)
}

/// `2, 3` or `2,` or nothing.
fn shape(axes: &str) -> Option<Vec<usize>> {
    let axes = axes.trim();
    if axes.is_empty() {
        return Some(Vec::new());
    }
    let mut numbers: Vec<&str> = axes.split(',').map(str::trim).collect();
    numbers.pop_if(|last| last.is_empty());
    if numbers.is_empty() || numbers.len() > MOST_AXES {
        return None;
    }
    let digits = |number: &str| number.bytes().all(|byte| byte.is_ascii_digit());
    numbers.into_iter().map(|number| number.parse().ok().filter(|_| digits(number))).collect()
}

/// The bytes of a one-dimensional float64 array file.
pub fn vector_bytes(values: &[f64]) -> Vec<u8> {
    array_bytes(&[values.len() as u64], values)
}

/// The bytes of a float64 array file \[rows, N\].
pub fn matrix_bytes<const N: usize>(rows: &[[f64; N]]) -> Vec<u8> {
    array_bytes(&[rows.len() as u64, N as u64], rows.as_flattened())
}

/// The bytes of a float64 array file of any shape; as many values as the shape says.
pub fn array_bytes(shape: &[u64], values: &[f64]) -> Vec<u8> {
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
    use std::path::Path;

    use proptest::{prop_assert_eq, proptest};

    use super::{Array, NpyError, decode, matrix_bytes, vector_bytes};

    fn decoded(bytes: &[u8]) -> Result<Array, NpyError> {
        decode(Path::new("x.npy"), bytes)
    }

    /// A file with this header, of the second format.
    fn file(header: &str, elements: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x02\0".to_vec();
        bytes.extend_from_slice(&(header.len() as u32).to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(elements);
        bytes
    }

    proptest! {
        #[test]
        fn a_vector_reads_back_bit_for_bit(values in proptest::collection::vec(proptest::num::f64::ANY, 0..40)) {
            let bytes = vector_bytes(&values);
            let array = decoded(&bytes).expect("its own bytes");
            prop_assert_eq!(array.shape, [values.len()]);
            let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&array.values), bits(&values));
        }
    }

    #[test]
    fn a_matrix_reads_back_row_by_row() {
        let read = decode("m.npy".as_ref(), &matrix_bytes(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]));
        let want = Array { shape: vec![2, 3], values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0] };
        assert_eq!(read.expect("its own bytes"), want);
    }

    #[test]
    fn every_layout_of_the_header_that_numpy_accepts_of_itself_is_read() {
        let two = [0, 0, 0, 63, 0, 0, 0, 192];
        for header in [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n",
            "{\"shape\": (2, 1), \"fortran_order\": False, \"descr\": \"<f4\"}",
            "{'descr':'<f4','fortran_order':True,'shape':(2,)}   \n",
        ] {
            assert_eq!(decoded(&file(header, &two)).expect(header).values, [0.5, -2.0], "{header}");
        }
        let scalar = file("{'descr': '>f4', 'fortran_order': False, 'shape': ()}", &[63, 0, 0, 0]);
        assert_eq!(decoded(&scalar).expect("a scalar"), Array { shape: Vec::new(), values: vec![0.5] });
    }

    #[test]
    fn a_header_that_claims_more_than_the_file_holds_is_refused() {
        for (shape, claimed) in
            [("(9,)", 9), ("(4294967296, 4294967296)", u64::MAX), ("(9223372036854775807,)", 1 << 63)]
        {
            let claimed = if claimed == 1 << 63 { claimed - 1 } else { claimed };
            let lie =
                file(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}"), &[0; 64]);
            match decoded(&lie) {
                Err(NpyError::Oversized { claimed: found, .. }) => assert_eq!(found, claimed, "{shape}"),
                other => panic!("{shape}: {other:?}"),
            }
        }
    }

    /// A general parser of Python's literals took seconds over a few dozen open parentheses.
    #[test]
    fn a_header_that_is_no_such_dictionary_is_refused_at_once() {
        for header in [
            "",
            "{}",
            "{'descr': '<f8'}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (+1,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}",
            "{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x",
            &"{'shape': (".repeat(20_000),
            &format!("{{'shape': {}", "(".repeat(100_000)),
        ] {
            assert!(matches!(decoded(&file(header, &[0; 8])), Err(NpyError::Foreign { .. })), "{header:.60}");
        }
        let records = file("{'descr': [('\u{1b}', '<f8')], 'fortran_order': False, 'shape': (1,)}", &[0; 8]);
        let refusal = decoded(&records).expect_err("records").to_string();
        assert!(refusal.contains("not float64") && !refusal.contains('\u{1b}'), "{refusal}");
        let order = file("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2)}", &[0; 8]);
        assert!(matches!(decoded(&order), Err(NpyError::FortranOrder { .. })));
    }
}
