//! Decodes one PNG. Owns what an image of a data set is; must not know where it came from.

use std::io::Cursor;

use png::{BitDepth, ColorType, DecodeOptions, Decoder, DecodingError, Limits};
use thiserror::Error;

use super::fault::FileFault;
use crate::npy::NpyError;

/// Colours of a pixel: red, green, blue.
pub const CHANNELS: usize = 3;

/// Bytes of a decoded image that is so many pixels wide and high.
pub const fn image_bytes(side: usize) -> usize {
    CHANNELS * side * side
}

/// Largest file of an image, in bytes.
pub(super) const LARGEST_FILE: u64 = 4 << 20;

/// Memory that decoding one image may take, in bytes.
const DECODER_MEMORY: usize = 8 << 20;

/// Why an image can't be used.
#[derive(Debug, Error)]
pub enum ImageFault {
    /// Its file can't be opened.
    #[error(transparent)]
    File(#[from] FileFault),
    /// It is not as wide and high as the network's images.
    #[error("is {width} by {height} pixels; resize it to {side} by {side}")]
    Size {
        /// Width and height that it should have, in pixels.
        side: usize,
        /// Width, in pixels.
        width: u32,
        /// Height, in pixels.
        height: u32,
    },
    /// It is not RGB with 8 bits for each colour.
    #[error("is {colour:?} with {bits} bits; save it as RGB with 8 bits")]
    Colour {
        /// Its kind of colour.
        colour: ColorType,
        /// Bits of each sample.
        bits: u8,
    },
    /// It is an animation.
    #[error("is an animation; save a single frame")]
    Animated,
    /// There is no such row in the array of images.
    #[error("is none of its rows 0 to {}; the number behind the hyphen of an image_id is its row", rows.saturating_sub(1))]
    NoRow {
        /// Rows that there are.
        rows: usize,
    },
    /// The array of images can't be read.
    #[error("can't be read: {0}")]
    Unreadable(#[from] NpyError),
    /// It is no PNG, or cut off, or damaged.
    #[error("is no intact PNG: {0}; save it again")]
    Damaged(#[source] DecodingError),
}

/// Decodes a PNG of `side` pixels into `planes`: all red samples row by row, then green, then blue (shape [3, side, side]).
pub(super) fn decode(file: &[u8], side: usize, planes: &mut [u8]) -> Result<(), ImageFault> {
    let mut options = DecodeOptions::default();
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = Decoder::new_with_options(Cursor::new(file), options);
    decoder.set_limits(Limits { bytes: DECODER_MEMORY });

    let header = decoder.read_header_info().map_err(ImageFault::Damaged)?;
    let (width, height) = (header.width, header.height);
    if (width as usize, height as usize) != (side, side) {
        return Err(ImageFault::Size { side, width, height });
    }
    if (header.color_type, header.bit_depth) != (ColorType::Rgb, BitDepth::Eight) {
        return Err(ImageFault::Colour { colour: header.color_type, bits: header.bit_depth as u8 });
    }
    let mut reader = decoder.read_info().map_err(ImageFault::Damaged)?;
    if reader.info().animation_control().is_some() {
        return Err(ImageFault::Animated);
    }
    let mut pixels = vec![0; image_bytes(side)];
    reader.next_frame(&mut pixels).map_err(ImageFault::Damaged)?;
    reader.finish().map_err(ImageFault::Damaged)?;

    for (index, pixel) in pixels.chunks_exact(CHANNELS).enumerate() {
        for (channel, &sample) in pixel.iter().enumerate() {
            planes[channel * side * side + index] = sample;
        }
    }
    Ok(())
}
