//! Paints smooth-edged shapes. Owns pixels and coverage; must not know what a face is.
//!
//! Coordinates run from -1 (left, top) to 1 (right, bottom) of an image that is held upright; the canvas tilts,
//! scales and shifts what is painted. Only +, -, ×, ÷ and √ are used, which IEEE 754 fixes to the last bit.

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

/// Something that can be filled: negative distances lie inside.
pub(super) trait Shape {
    fn distance(&self, x: f32, y: f32) -> f32;
}

/// An ellipse, narrower at the bottom by `taper` (wider when negative).
#[derive(Debug, Clone, Copy)]
pub(super) struct Egg {
    pub(super) centre: [f32; 2],
    pub(super) radii: [f32; 2],
    pub(super) taper: f32,
}

impl Egg {
    pub(super) fn ellipse(centre: [f32; 2], radii: [f32; 2]) -> Self {
        Self { centre, radii, taper: 0.0 }
    }

    pub(super) fn circle(centre: [f32; 2], radius: f32) -> Self {
        Self::ellipse(centre, [radius, radius])
    }
}

impl Shape for Egg {
    fn distance(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x - self.centre[0], y - self.centre[1]);
        let down = (y / self.radii[1]).clamp(-1.2, 1.2);
        let (a, b) = (self.radii[0] * (1.0 - self.taper * down), self.radii[1]);
        let (u, v) = (x / a, y / b);
        let level = (u * u + v * v).sqrt();
        let slope = ((u / a) * (u / a) + (v / b) * (v / b)).sqrt();
        // The level set's value over its gradient: exact enough at the edge.
        if slope > 1e-4 { level * (level - 1.0) / slope } else { -a.min(b) }
    }
}

/// The ring along an ellipse's edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ring {
    pub(super) edge: Egg,
    pub(super) thickness: f32,
}

impl Shape for Ring {
    fn distance(&self, x: f32, y: f32) -> f32 {
        self.edge.distance(x, y).abs() - self.thickness / 2.0
    }
}

/// A brush stroke along a parabola, thinner towards its ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stroke {
    /// Its middle.
    pub(super) centre: [f32; 2],
    /// Half its width.
    pub(super) reach: f32,
    /// How far its ends lie below its middle.
    pub(super) bend: f32,
    /// How far its right end lies below its left one.
    pub(super) slant: f32,
    pub(super) thickness: f32,
}

impl Shape for Stroke {
    fn distance(&self, x: f32, y: f32) -> f32 {
        let along = (x - self.centre[0]) / self.reach;
        let inside = along.clamp(-1.0, 1.0);
        let height = self.centre[1] + self.bend * inside * inside + self.slant / 2.0 * inside;
        let slope = (2.0 * self.bend * inside + self.slant / 2.0) / self.reach;
        let across = (y - height) / (1.0 + slope * slope).sqrt();
        let beyond = (along - inside) * self.reach;
        (across * across + beyond * beyond).sqrt() - self.thickness / 2.0 * (1.0 - 0.6 * inside * inside)
    }
}

/// The part of a shape above (or, with a negative `side`, below) a height.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut<S> {
    pub(super) shape: S,
    pub(super) height: f32,
    pub(super) side: f32,
}

impl<S: Shape> Shape for Cut<S> {
    fn distance(&self, x: f32, y: f32) -> f32 {
        self.shape.distance(x, y).max((y - self.height) * self.side)
    }
}

/// A picture while it is painted.
#[derive(Debug)]
pub(super) struct Canvas {
    samples: Vec<Colour>,
    /// Where each sample lies on the upright image.
    places: Vec<[f32; 2]>,
}

impl Canvas {
    /// A canvas of a colour that runs from `top` to `bottom`, for a head in a pose.
    pub(super) fn new(top: Colour, bottom: Colour, pose: Pose) -> Self {
        let squared = pose.tilt * pose.tilt;
        let (cosine, sine) = ((1.0 - squared) / (1.0 + squared), 2.0 * pose.tilt / (1.0 + squared));
        let mut samples = Vec::with_capacity(SAMPLES * SAMPLES);
        let mut places = Vec::with_capacity(SAMPLES * SAMPLES);
        for row in 0..SAMPLES {
            for column in 0..SAMPLES {
                let [x, y] = [column, row].map(|step| (2 * step + 1) as f32 / SAMPLES as f32 - 1.0);
                samples.push(mix(top, bottom, (y + 1.0) / 2.0));
                let (x, y) = (x - pose.shift[0], y - pose.shift[1]);
                places.push([(cosine * x + sine * y) / pose.scale, (cosine * y - sine * x) / pose.scale]);
            }
        }
        Self { samples, places }
    }

    /// Fills a shape.
    pub(super) fn fill(&mut self, shape: &impl Shape, ink: Ink) {
        if ink.opacity <= 0.0 {
            return;
        }
        for (sample, place) in self.samples.iter_mut().zip(&self.places) {
            let coverage = 0.5 - shape.distance(place[0], place[1]) / ink.softness;
            if coverage > 0.0 {
                *sample = mix(*sample, ink.colour, coverage.min(1.0) * ink.opacity);
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
                let sample = self.samples[(row * FINENESS + down) * SAMPLES + column * FINENESS + right];
                for (sum, sample) in sum.iter_mut().zip(sample) {
                    *sum += sample;
                }
            }
        }
        sum.map(|sum| sum / (FINENESS * FINENESS) as f32)
    }
}
