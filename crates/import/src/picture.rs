//! Decodes one PNG or JPEG of a stranger and makes it square and as large as wanted. Owns what is done to its pixels; must not
//! know where it came from.

use std::io::{self, Cursor};

use png::{ColorType, Decoder, Limits, Transformations};
use thiserror::Error;

/// Colours of a pixel: red, green, blue.
const CHANNELS: usize = 3;

/// Largest file of an image, in bytes.
pub(crate) const LARGEST_FILE: u64 = 32 << 20;

/// Most pixels of an image: more than a telephone's camera gives.
const MOST_PIXELS: usize = 1 << 24;

/// Memory that a decoder may take beyond the image, in bytes.
const DECODER_MEMORY: usize = 64 << 20;

/// Why an image can't be used.
#[derive(Debug, Error)]
pub enum PictureError {
    /// Neither PNG nor JPEG.
    #[error("is neither PNG nor JPEG; save it as one of them")]
    Foreign,
    /// Larger than is decoded.
    #[error("has {width} by {height} pixels, more than {MOST_PIXELS} in all; make it smaller")]
    TooLarge {
        /// Width, in pixels.
        width: usize,
        /// Height, in pixels.
        height: usize,
    },
    /// It isn't as wide and high as the images before it.
    #[error("has {width} by {height} pixels, and images have one size, square; ask for one with `--size 32`")]
    Size {
        /// Width, in pixels.
        width: usize,
        /// Height, in pixels.
        height: usize,
    },
    /// Some of it can be seen through.
    #[error("has transparent pixels; flatten it onto a background")]
    Transparent,
    /// It is an animation.
    #[error("is an animation; save a single frame")]
    Animated,
    /// Its colours are not those of a screen.
    #[error("is in the colours of a printer (CMYK) or has 16 bits; save it as RGB with 8 bits")]
    Colours,
    /// It is cut off or damaged.
    #[error("is no intact PNG: {0}; save it again")]
    DamagedPng(#[source] png::DecodingError),
    /// It is cut off or damaged.
    #[error("is no intact JPEG: {0}; save it again")]
    DamagedJpeg(#[source] jpeg_decoder::Error),
}

/// Samples row by row, each pixel red, green, blue.
pub(crate) struct Bitmap {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) samples: Vec<u8>,
}

/// Decodes an image into planes, shape [3, side, side], and says its side. Where `side` is given, the image is cut to the
/// square in its middle and each pixel becomes the mean of what it covers; else it has to be square already.
pub fn picture(file: &[u8], side: Option<usize>) -> Result<(usize, Vec<u8>), PictureError> {
    let picture = decode(file)?;
    let Bitmap { width, height, .. } = picture;
    match side {
        None if width == height => Ok((width, planes(&picture.samples, width))),
        None => Err(PictureError::Size { width, height }),
        Some(side) => {
            let square = picture.middle();
            let resized = if square.width == side { square.samples } else { square.resized(side) };
            Ok((side, planes(&resized, side)))
        }
    }
}

pub(crate) fn decode(file: &[u8]) -> Result<Bitmap, PictureError> {
    if file.starts_with(b"\x89PNG\r\n\x1a\n") {
        decode_png(file)
    } else if file.starts_with(b"\xff\xd8\xff") {
        decode_jpeg(file)
    } else {
        Err(PictureError::Foreign)
    }
}

fn within_bounds(width: usize, height: usize) -> Result<(), PictureError> {
    match width.checked_mul(height) {
        Some(1..=MOST_PIXELS) => Ok(()),
        _ => Err(PictureError::TooLarge { width, height }),
    }
}

fn decode_png(file: &[u8]) -> Result<Bitmap, PictureError> {
    let mut decoder = Decoder::new(Cursor::new(file));
    decoder.set_limits(Limits { bytes: DECODER_MEMORY });
    // Palettes become colours, 1 to 4 bits become 8, and 16 are cut to 8.
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    let header = decoder.read_header_info().map_err(PictureError::DamagedPng)?;
    let (width, height) = (header.width as usize, header.height as usize);
    within_bounds(width, height)?;
    let mut reader = decoder.read_info().map_err(PictureError::DamagedPng)?;
    if reader.info().animation_control().is_some() {
        return Err(PictureError::Animated);
    }
    let (colour, _) = reader.output_color_type();
    let mut samples = vec![0; width * height * colour.samples()];
    reader.next_frame(&mut samples).map_err(PictureError::DamagedPng)?;
    reader.finish().map_err(PictureError::DamagedPng)?;
    let samples = match colour {
        ColorType::Grayscale => coloured(&samples, 1),
        ColorType::Rgb => samples,
        ColorType::GrayscaleAlpha => coloured(&opaque::<2>(&samples)?, 1),
        ColorType::Rgba => opaque::<4>(&samples)?,
        ColorType::Indexed => return Err(PictureError::Colours),
    };
    Ok(Bitmap { width, height, samples })
}

/// The samples without those of opacity, which all are full.
fn opaque<const N: usize>(samples: &[u8]) -> Result<Vec<u8>, PictureError> {
    let (pixels, _) = samples.as_chunks::<N>();
    if pixels.iter().any(|pixel| pixel[N - 1] != u8::MAX) {
        return Err(PictureError::Transparent);
    }
    Ok(pixels.iter().flat_map(|pixel| &pixel[..N - 1]).copied().collect())
}

/// Grey samples, each three times.
fn coloured(samples: &[u8], width: usize) -> Vec<u8> {
    samples.chunks_exact(width).flat_map(|grey| [grey[0]; CHANNELS]).collect()
}

fn decode_jpeg(file: &[u8]) -> Result<Bitmap, PictureError> {
    use jpeg_decoder::PixelFormat;
    let mut decoder = jpeg_decoder::Decoder::new(Cursor::new(file));
    decoder.set_max_decoding_buffer_size(MOST_PIXELS * CHANNELS);
    decoder.read_info().map_err(PictureError::DamagedJpeg)?;
    let none = || io::Error::from(io::ErrorKind::InvalidData);
    let info = decoder.info().ok_or_else(|| PictureError::DamagedJpeg(none().into()))?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    within_bounds(width, height)?;
    let samples = decoder.decode().map_err(PictureError::DamagedJpeg)?;
    let samples = match info.pixel_format {
        PixelFormat::L8 => coloured(&samples, 1),
        PixelFormat::RGB24 => samples,
        PixelFormat::L16 | PixelFormat::CMYK32 => return Err(PictureError::Colours),
    };
    if samples.len() != width * height * CHANNELS {
        return Err(PictureError::DamagedJpeg(none().into()));
    }
    Ok(Bitmap { width, height, samples })
}

impl Bitmap {
    /// The largest square in its middle; where that isn't whole, nearer to the left or the top.
    fn middle(self) -> Self {
        let side = self.width.min(self.height);
        if self.width == self.height {
            return self;
        }
        let (left, top) = ((self.width - side) / 2, (self.height - side) / 2);
        let row = |y: usize| {
            let start = ((top + y) * self.width + left) * CHANNELS;
            &self.samples[start..start + side * CHANNELS]
        };
        Self { width: side, height: side, samples: (0..side).flat_map(row).copied().collect() }
    }

    /// A square one of another size: each sample is the mean of the area that it covers, rounded to the nearest.
    fn resized(&self, side: usize) -> Vec<u8> {
        let (from, area) = (self.width, (self.width * self.width) as u64);
        let mut resized = Vec::with_capacity(side * side * CHANNELS);
        for y in 0..side {
            for x in 0..side {
                let mut sums = [0_u64; CHANNELS];
                for (row, height) in covered(y, from, side) {
                    for (column, width) in covered(x, from, side) {
                        let at = (row * from + column) * CHANNELS;
                        for (sum, sample) in sums.iter_mut().zip(&self.samples[at..]) {
                            *sum += height * width * u64::from(*sample);
                        }
                    }
                }
                resized.extend(sums.map(|sum| ((sum + area / 2) / area) as u8));
            }
        }
        resized
    }
}

/// What the pixel `at` of `side` covers of `from` pixels, each with its part in units of 1/`side`.
fn covered(at: usize, from: usize, side: usize) -> impl Iterator<Item = (usize, u64)> {
    let (start, end) = (at * from, (at + 1) * from);
    (start / side..end.div_ceil(side)).map(move |pixel| {
        let part = end.min((pixel + 1) * side) - start.max(pixel * side);
        (pixel, part as u64)
    })
}

/// All red samples row by row, then green, then blue.
fn planes(samples: &[u8], side: usize) -> Vec<u8> {
    let plane = side * side;
    let mut planes = vec![0; CHANNELS * plane];
    for (at, pixel) in samples.chunks_exact(CHANNELS).enumerate() {
        for (channel, sample) in pixel.iter().enumerate() {
            planes[channel * plane + at] = *sample;
        }
    }
    planes
}
