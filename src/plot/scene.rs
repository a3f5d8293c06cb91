//! A picture as data: shapes in logical pixels, (0, 0) at the top left.

use super::font::{self, Weight};

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Width in logical pixels.
    pub width: f64,
    /// Height in logical pixels.
    pub height: f64,
    /// Title and caption in one line, whether or not they are drawn.
    pub caption: String,
    pub(super) shapes: Vec<Shape>,
}

/// A place in logical pixels: x to the right, y downwards.
pub(super) type Place = (f64, f64);

/// Red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub(super) u8, pub(super) u8, pub(super) u8);

impl Colour {
    /// Half way to the paper.
    pub(super) fn faint(self) -> Self {
        let half = |part: u8| part / 2 + 0x80;
        Self(half(self.0), half(self.1), half(self.2))
    }
}

pub(super) const PAPER: Colour = Colour(0xff, 0xff, 0xff);
pub(super) const INK: Colour = Colour(0x1f, 0x23, 0x28);
pub(super) const MUTED: Colour = Colour(0x59, 0x63, 0x6e);
pub(super) const RULE: Colour = Colour(0xe3, 0xe6, 0xea);
pub(super) const AXIS: Colour = Colour(0x8c, 0x95, 0x9f);

/// One element, drawn in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// A straight line.
    Line {
        from: Place,
        to: Place,
        colour: Colour,
        width: f64,
    },
    /// A filled, axis-parallel rectangle.
    Box {
        from: Place,
        to: Place,
        colour: Colour,
        opacity: f64,
    },
    Disc {
        centre: Place,
        radius: f64,
        colour: Colour,
    },
    /// A filled polygon.
    Polygon {
        corners: Vec<Place>,
        colour: Colour,
    },
    /// A square picture.
    Image {
        at: Place,
        /// Its side in logical pixels.
        side: f64,
        /// Pixels of its side.
        pixels: usize,
        /// \[3, pixels, pixels\], colour by colour.
        bytes: Vec<u8>,
    },
    Words(Words),
}

/// One line of text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Words {
    pub(super) text: String,
    /// Where the anchor meets the baseline.
    pub(super) at: Place,
    pub(super) anchor: Anchor,
    /// Size of the em in logical pixels.
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) colour: Colour,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// The rectangle that something covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Extent {
    pub(super) fn around((x, y): Place, radius: f64) -> Self {
        Self { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius }
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    pub(super) fn holds(&self, other: &Self) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && self.right >= other.right
            && self.bottom >= other.bottom
    }
}

impl Words {
    pub(super) fn new(text: impl Into<String>, at: Place) -> Self {
        let (size, weight) = (font::BODY, Weight::Regular);
        Self { text: text.into(), at, anchor: Anchor::Start, size, weight, colour: INK }
    }

    pub(super) fn anchored(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(super) fn sized(self, size: f64) -> Self {
        Self { size, ..self }
    }

    pub(super) fn bold(self) -> Self {
        Self { weight: Weight::Bold, ..self }
    }

    pub(super) fn coloured(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    /// The rectangle that the words cover, from ascenders to descenders.
    pub(super) fn extent(&self) -> Extent {
        let width = font::width(&self.text, self.size, self.weight);
        let left = match self.anchor {
            Anchor::Start => self.at.0,
            Anchor::Middle => self.at.0 - width / 2.0,
            Anchor::End => self.at.0 - width,
        };
        let (top, bottom) = (self.at.1 - 0.76 * self.size, self.at.1 + 0.24 * self.size);
        Extent { left, top, right: left + width, bottom }
    }
}

impl Scene {
    pub(super) fn new(width: f64, height: f64, caption: String) -> Self {
        Self { width, height, caption, shapes: Vec::new() }
    }

    pub(super) fn line(&mut self, from: Place, to: Place, colour: Colour, width: f64) {
        self.shapes.push(Shape::Line { from, to, colour, width });
    }

    /// A line of dashes.
    pub(super) fn dashes(&mut self, from: Place, to: Place, colour: Colour) {
        const DASH: f64 = 5.0;
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let along = |way: f64| {
            let share = (way / length).min(1.0);
            (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
        };
        let mut way = 0.0;
        while way < length {
            self.line(along(way), along(way + DASH), colour, 1.2);
            way += 2.0 * DASH;
        }
    }

    pub(super) fn fill(&mut self, from: Place, to: Place, colour: Colour) {
        self.shade(from, to, colour, 1.0);
    }

    pub(super) fn shade(&mut self, from: Place, to: Place, colour: Colour, opacity: f64) {
        self.shapes.push(Shape::Box { from, to, colour, opacity });
    }

    pub(super) fn disc(&mut self, centre: Place, radius: f64, colour: Colour) {
        self.shapes.push(Shape::Disc { centre, radius, colour });
    }

    pub(super) fn polygon(&mut self, corners: Vec<Place>, colour: Colour) {
        self.shapes.push(Shape::Polygon { corners, colour });
    }

    /// A square picture of so many pixels a side, its bytes colour by colour.
    pub(super) fn image(&mut self, at: Place, side: f64, (pixels, bytes): (usize, Vec<u8>)) {
        self.shapes.push(Shape::Image { at, side, pixels, bytes });
    }

    pub(super) fn write(&mut self, words: Words) {
        self.shapes.push(Shape::Words(words));
    }
}
