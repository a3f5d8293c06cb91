//! Paints smooth-edged shapes. Owns pixels and coverage; must not know what a face is.
//!
//! Coordinates run from -1 (left, top) to 1 (right, bottom) of an image that is held upright; the canvas tilts,
//! scales and shifts what is painted. Only +, -, ×, ÷ and √ are used, which IEEE 754 fixes to the last bit.

mod shape;

pub(super) use shape::{Cut, Egg, Ring, Shape, Stroke, Without};

use crate::dataset::{IMAGE_BYTES, SIDE};

/// Samples along an edge of a pixel.
const FINENESS: usize = 2;

/// Samples along an edge of the canvas.
const SAMPLES: usize = SIDE * FINENESS;

/// Red, green and blue, each 0 to 1.
pub(super) type Colour = [f32; 3];

/// `a` and `b` in the proportion 1 - `share` to `share`.
pub(super) fn mix(a: Colour, b: Colour, share: f32) -> Colour {
    let share = share.clamp(0.0, 1.0);
    [0, 1, 2].map(|channel| a[channel] + (b[channel] - a[channel]) * share)
}

/// A colour made brighter or, below 1, darker.
pub(super) fn scaled(colour: Colour, factor: f32) -> Colour {
    colour.map(|sample| (sample * factor).clamp(0.0, 1.0))
}

/// How the head is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pose {
    /// Tangent of half the tilt to the right.
    pub(super) tilt: f32,
    /// Size, 1 for life-size.
    pub(super) scale: f32,
    /// Shift to the right and down.
    pub(super) shift: [f32; 2],
}

/// How a shape is filled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink {
    pub(super) colour: Colour,
    /// 0 to 1.
    pub(super) opacity: f32,
    /// Width of the edge.
    pub(super) softness: f32,
}

impl Ink {
    /// Covers what is below, with an edge of one sample.
    pub(super) fn solid(colour: Colour) -> Self {
        Self { colour, opacity: 1.0, softness: 2.0 / SAMPLES as f32 }
    }

    /// Lets what is below shine through.
    pub(super) fn opacity(self, opacity: f32) -> Self {
        Self { opacity: opacity.clamp(0.0, 1.0), ..self }
    }

    /// Fades out over a wider edge.
    pub(super) fn soft(self, softness: f32) -> Self {
        Self { softness, ..self }
    }
}

/// Samples along an edge of a tile.
const TILE: usize = 4;

/// Farther than any sample of a tile from its middle, with room for a large pose and for inexact distances.
const TILE_REACH: f32 = 3.0 * TILE as f32 / SAMPLES as f32;

/// Row and column of a sample: tile by tile, and row by row within a tile.
fn position(index: usize) -> (usize, usize) {
    let (tile, inner) = (index / (TILE * TILE), index % (TILE * TILE));
    let tiles = SAMPLES / TILE;
    (tile / tiles * TILE + inner / TILE, tile % tiles * TILE + inner % TILE)
}

/// Where a sample lies in that order.
fn index_of(row: usize, column: usize) -> usize {
    let tile = row / TILE * (SAMPLES / TILE) + column / TILE;
    tile * TILE * TILE + row % TILE * TILE + column % TILE
}

/// A picture while it is painted.
#[derive(Debug)]
pub(super) struct Canvas {
    samples: Vec<Colour>,
    /// Where each sample lies on the upright image.
    places: Vec<[f32; 2]>,
}

impl Canvas {
    /// A canvas whose colour runs from one at the top to one at the bottom, for a head in a pose.
    pub(super) fn new([top, bottom]: [Colour; 2], pose: Pose) -> Self {
        let squared = pose.tilt * pose.tilt;
        let (cosine, sine) = ((1.0 - squared) / (1.0 + squared), 2.0 * pose.tilt / (1.0 + squared));
        let mut samples = Vec::with_capacity(SAMPLES * SAMPLES);
        let mut places = Vec::with_capacity(SAMPLES * SAMPLES);
        for (row, column) in (0..SAMPLES * SAMPLES).map(position) {
            let [x, y] = [column, row].map(|step| (2 * step + 1) as f32 / SAMPLES as f32 - 1.0);
            samples.push(mix(top, bottom, 0.5 * (y + 1.0)));
            let (x, y) = (x - pose.shift[0], y - pose.shift[1]);
            places.push([(cosine * x + sine * y) / pose.scale, (cosine * y - sine * x) / pose.scale]);
        }
        Self { samples, places }
    }

    /// Fills a shape.
    pub(super) fn fill(&mut self, shape: &impl Shape, ink: Ink) {
        if ink.opacity <= 0.0 {
            return;
        }
        // Most shapes are small: a tile whose middle is far outside is passed over.
        let far = ink.softness / 2.0 + TILE_REACH;
        for (samples, places) in
            self.samples.chunks_exact_mut(TILE * TILE).zip(self.places.chunks_exact(TILE * TILE))
        {
            let middle = places[TILE * TILE / 2 + TILE / 2];
            if shape.distance(middle[0], middle[1]) > far {
                continue;
            }
            for (sample, place) in samples.iter_mut().zip(places) {
                let coverage = 0.5 - shape.distance(place[0], place[1]) / ink.softness;
                if coverage > 0.0 {
                    *sample = mix(*sample, ink.colour, coverage.min(1.0) * ink.opacity);
                }
            }
        }
    }

    /// The finished image, [32, 32, 3], each pixel's colour changed by `develop` (of the pixel's column and row,
    /// each from -1 to 1).
    pub(super) fn develop(&self, mut develop: impl FnMut([f32; 2], Colour) -> Colour) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(IMAGE_BYTES);
        for row in 0..SIDE {
            for column in 0..SIDE {
                let place = [column, row].map(|step| (2 * step + 1) as f32 / SIDE as f32 - 1.0);
                let colour = develop(place, self.pixel(row, column));
                bytes.extend(colour.map(|sample| (sample.clamp(0.0, 1.0) * 255.0 + 0.5) as u8));
            }
        }
        bytes
    }

    /// The mean of a pixel's samples.
    fn pixel(&self, row: usize, column: usize) -> Colour {
        let mut sum = [0.0; 3];
        for down in 0..FINENESS {
            for right in 0..FINENESS {
                let sample = self.samples[index_of(row * FINENESS + down, column * FINENESS + right)];
                for (sum, sample) in sum.iter_mut().zip(sample) {
                    *sum += sample;
                }
            }
        }
        sum.map(|sum| sum / (FINENESS * FINENESS) as f32)
    }
}
