//! Handwritten digits, the test images of E. Alpaydin and C. Kaynak, Optical recognition of handwritten digits, UCI, 1998
//! (doi:10.24432/C50P49, CC BY 4.0), as scikit-learn ships them: 1,797 images of 8×8 pixels in 17 shades of grey.
//! Owns that file and how it becomes images.

use std::{io::Read, path::Path};

use flate2::read::{DeflateDecoder, GzDecoder};
use zip::{CompressionMethod, ZipArchive};

use crate::{
    Division, OnProgress,
    album::{ImportSummary, NewDataset},
    error::ImportError,
    source,
};

/// The file in a wheel of scikit-learn.
const MEMBER: &str = "sklearn/datasets/data/digits.csv.gz";

/// Largest wheel, in bytes.
const LARGEST_WHEEL: u64 = 256 << 20;

/// Largest compressed and uncompressed list, in bytes.
const LARGEST_LIST: u64 = 4 << 20;

/// Width and height of a digit, in pixels.
const SIDE: usize = 8;

/// The darkest shade.
const DARKEST: u32 = 16;

/// Classes.
const CLASSES: usize = 10;

/// Imports the digits from `digits.csv.gz` or from the wheel that holds it, in images of `size` pixels, a multiple of 8: each
/// pixel becomes a square of them, each shade v of 0 to 16 the grey 255 v/16, rounded, in all three colours.
pub fn digits(
    from: &Path,
    out: &Path,
    size: usize,
    division: &Division,
    progress: OnProgress<'_>,
) -> Result<ImportSummary, ImportError> {
    if !size.is_multiple_of(SIDE) || !(SIDE..=256).contains(&size) {
        return Err(ImportError::Side { side: size, least: SIDE, most: 256 });
    }
    let (compressed, told) = compressed(from)?;
    let mut list = String::new();
    let bounded = GzDecoder::new(&compressed[..]).take(LARGEST_LIST + 1).read_to_string(&mut list);
    bounded.map_err(ImportError::unreadable(from))?;
    if list.len() as u64 > LARGEST_LIST {
        return Err(ImportError::Archive { path: from.to_owned(), problem: "holds more than 1,797 digits" });
    }
    let total = list.lines().count();
    let mut album = NewDataset::begin(out, size)?;
    for (number, line) in list.lines().enumerate() {
        let wrong = |problem| ImportError::Line { path: from.to_owned(), line: number + 1, problem };
        let (shades, class) = digit(line).map_err(wrong)?;
        album.push(&enlarged(&shades, size / SIDE), class)?;
        progress(number + 1, total);
    }
    album.came_from(told);
    album.finish("digits", division)
}

/// The compressed list.
fn compressed(from: &Path) -> Result<(Vec<u8>, source::SourceFile), ImportError> {
    let name = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (content, told) = source::whole(from, name, LARGEST_WHEEL)?;
    if !content.starts_with(b"PK") {
        return Ok((content, told));
    }
    let wrong = |problem| ImportError::Archive { path: from.to_owned(), problem };
    let mut archive =
        ZipArchive::new(std::io::Cursor::new(content)).map_err(|_| wrong("is no intact wheel"))?;
    let index = archive.index_for_name(MEMBER).ok_or_else(|| wrong("is no wheel of scikit-learn"))?;
    let member = archive.by_index_raw(index).map_err(|_| wrong("is no intact wheel"))?;
    let method = member.compression();
    let mut list = Vec::new();
    let read = match method {
        CompressionMethod::Stored => member.take(LARGEST_LIST).read_to_end(&mut list),
        _ => DeflateDecoder::new(member.take(LARGEST_LIST)).take(LARGEST_LIST).read_to_end(&mut list),
    };
    read.map_err(ImportError::unreadable(from))?;
    Ok((list, told))
}

/// 64 shades and the digit.
fn digit(line: &str) -> Result<([u32; SIDE * SIDE], u32), &'static str> {
    let mut numbers = line.split(',').map(|field| {
        let digits = !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit());
        field.parse::<u32>().ok().filter(|_| digits)
    });
    let mut shades = [0; SIDE * SIDE];
    for shade in &mut shades {
        let found = numbers.next().flatten().filter(|shade| *shade <= DARKEST);
        *shade = found.ok_or("64 shades from 0 to 16 and a digit are wanted")?;
    }
    match (numbers.next().flatten(), numbers.next()) {
        (Some(digit), None) if (digit as usize) < CLASSES => Ok((shades, digit)),
        _ => Err("64 shades are to be followed by a digit from 0 to 9, and by nothing else"),
    }
}

/// Each pixel as a square of `scale` by `scale`, in three planes.
fn enlarged(shades: &[u32; SIDE * SIDE], scale: usize) -> Vec<u8> {
    let side = SIDE * scale;
    let grey = |at: usize| {
        let shade = shades[at / side / scale * SIDE + at % side / scale];
        ((shade * 255 + DARKEST / 2) / DARKEST) as u8
    };
    let plane: Vec<u8> = (0..side * side).map(grey).collect();
    plane.repeat(3)
}
