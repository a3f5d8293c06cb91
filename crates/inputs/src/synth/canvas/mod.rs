//! Paints smooth-edged shapes. Owns pixels and coverage; must not know what a face is.
//!
//! Coordinates run from -1 (left, top) to 1 (right, bottom) of an image that is held upright; the canvas tilts,
//! scales and shifts what is painted. Only +, -, ×, ÷ and √ are used, which IEEE 754 fixes to the last bit.

mod shape;

pub(super) use shape::{Cut, Egg, Ring, Shape, Stroke, Without};

use crate::dataset::image_bytes;

/// Samples along an edge of a pixel.
const FINENESS: usize = 2;

/// Width of a hard edge: one sample of an image of 32 pixels.
const EDGE: f32 = 2.0 / 64.0;

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
        Self { colour, opacity: 1.0, softness: EDGE }
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

/// Row and column of a sample: tile by tile, and row by row within a tile.
fn position(index: usize, along: usize) -> (usize, usize) {
    let (tile, inner) = (index / (TILE * TILE), index % (TILE * TILE));
    let tiles = along / TILE;
    (tile / tiles * TILE + inner / TILE, tile % tiles * TILE + inner % TILE)
}

/// Where a sample lies in that order.
fn index_of(row: usize, column: usize, along: usize) -> usize {
    let tile = row / TILE * (along / TILE) + column / TILE;
    tile * TILE * TILE + row % TILE * TILE + column % TILE
}

/// A picture while it is painted.
#[derive(Debug)]
pub(super) struct Canvas {
    /// Pixels along an edge, an even number.
    side: usize,
    samples: Vec<Colour>,
    /// Where each sample lies on the upright image.
    places: Vec<[f32; 2]>,
}

impl Canvas {
    /// A canvas of so many pixels, an even number, whose colour runs from one at the top to one at the bottom, for a head in a pose.
    pub(super) fn new([top, bottom]: [Colour; 2], pose: Pose, side: usize) -> Self {
        let along = side * FINENESS;
        let squared = pose.tilt * pose.tilt;
        let (cosine, sine) = ((1.0 - squared) / (1.0 + squared), 2.0 * pose.tilt / (1.0 + squared));
        let mut samples = Vec::with_capacity(along * along);
        let mut places = Vec::with_capacity(along * along);
        for (row, column) in (0..along * along).map(|index| position(index, along)) {
            let [x, y] = [column, row].map(|step| (2 * step + 1) as f32 / along as f32 - 1.0);
            samples.push(mix(top, bottom, 0.5 * (y + 1.0)));
            let (x, y) = (x - pose.shift[0], y - pose.shift[1]);
            places.push([(cosine * x + sine * y) / pose.scale, (cosine * y - sine * x) / pose.scale]);
        }
        Self { side, samples, places }
    }

    /// Fills a shape.
    pub(super) fn fill(&mut self, shape: &impl Shape, ink: Ink) {
        if ink.opacity <= 0.0 {
            return;
        }
        // Most shapes are small: a tile whose middle is far outside is passed over.
        // Farther than any sample of a tile from its middle, with room for a large pose and for inexact distances.
        let reach = 3.0 * TILE as f32 / (self.side * FINENESS) as f32;
        let far = ink.softness / 2.0 + reach;
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

    /// The finished image, [side, side, 3], each pixel's colour changed by `develop` (of the pixel's column and row,
    /// each from -1 to 1).
    pub(super) fn develop(&self, mut develop: impl FnMut([f32; 2], Colour) -> Colour) -> Vec<u8> {
        let side = self.side;
        let mut bytes = Vec::with_capacity(image_bytes(side));
        for row in 0..side {
            for column in 0..side {
                let place = [column, row].map(|step| (2 * step + 1) as f32 / side as f32 - 1.0);
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
                let (row, column) = (row * FINENESS + down, column * FINENESS + right);
                let sample = self.samples[index_of(row, column, self.side * FINENESS)];
                for (sum, sample) in sum.iter_mut().zip(sample) {
                    *sum += sample;
                }
            }
        }
        sum.map(|sum| sum / (FINENESS * FINENESS) as f32)
    }
}
