//! One colour and mark per method's table, the same in every figure.

use super::scene::{Colour, Place, Scene};
use crate::frame::{Frame, PointRow};

/// Okabe and Ito's colours, told apart by every kind of colour vision (<https://jfly.uni-koeln.de/color/>); black is
/// kept for the ceiling, grey for the floor, and yellow, faint on white, comes last.
const COLOURS: [Colour; 7] = [
    Colour(0x00, 0x72, 0xb2),
    Colour(0xe6, 0x9f, 0x00),
    Colour(0x00, 0x9e, 0x73),
    Colour(0xcc, 0x79, 0xa7),
    Colour(0xd5, 0x5e, 0x00),
    Colour(0x56, 0xb4, 0xe9),
    Colour(0xe0, 0xcf, 0x1f),
];

const CEILING: Colour = Colour(0x1f, 0x23, 0x28);
const FLOOR: Colour = Colour(0x8c, 0x95, 0x9f);

/// The look of one method.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Look {
    pub(super) label: String,
    pub(super) colour: Colour,
    pub(super) mark: Mark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Disc,
    Square,
    Triangle,
    Diamond,
    /// The ceiling.
    Star,
    /// The floor.
    Cross,
}

const MARKS: [Mark; 4] = [Mark::Disc, Mark::Square, Mark::Triangle, Mark::Diamond];

/// The looks of all methods of a frame, in the order of the grid; the mark changes with the colour, so that
/// neighbours differ in greyscale too, and no two of 28 are alike.
pub(super) fn looks(frame: &Frame) -> Vec<Look> {
    let mut looks: Vec<Look> = Vec::new();
    for point in frame.points.iter().filter(|point| point.is_ranked()) {
        if looks.iter().all(|look| look.label != point.label) {
            looks.push(nth(looks.len(), &point.label));
        }
    }
    looks
}

/// The look of the nth of several things that are told apart.
pub(super) fn nth(nth: usize, label: &str) -> Look {
    Look { label: label.to_owned(), colour: colour(nth), mark: MARKS[nth % MARKS.len()] }
}

/// The nth of the colours that are told apart.
pub(super) fn colour(nth: usize) -> Colour {
    COLOURS[nth % COLOURS.len()]
}

/// The look of one point.
pub(super) fn look(looks: &[Look], point: &PointRow) -> Look {
    if point.is_ceiling() {
        return ceiling();
    }
    let own = looks.iter().find(|look| point.is_ranked() && look.label == point.label);
    own.cloned().unwrap_or_else(floor)
}

pub(super) fn ceiling() -> Look {
    Look { label: "ceiling (retrained, held out)".to_owned(), colour: CEILING, mark: Mark::Star }
}

pub(super) fn floor() -> Look {
    Look { label: "floor (identity)".to_owned(), colour: FLOOR, mark: Mark::Cross }
}

impl Mark {
    /// Draws the mark; `radius` is half its size in logical pixels.
    pub(super) fn draw(self, scene: &mut Scene, (x, y): Place, radius: f64, colour: Colour) {
        let wide = radius * 0.9;
        match self {
            Self::Disc => scene.disc((x, y), radius, colour),
            Self::Square => scene.fill((x - wide, y - wide), (x + wide, y + wide), colour),
            Self::Triangle => {
                let base = y + radius * 0.8;
                scene.polygon(
                    vec![(x, y - radius * 1.1), (x + radius * 1.1, base), (x - radius * 1.1, base)],
                    colour,
                );
            }
            Self::Diamond => {
                let far = radius * 1.25;
                scene.polygon(vec![(x, y - far), (x + far, y), (x, y + far), (x - far, y)], colour);
            }
            Self::Star => scene.polygon(star((x, y), radius * 1.7), colour),
            Self::Cross => {
                scene.line((x - wide, y - wide), (x + wide, y + wide), colour, 2.0);
                scene.line((x - wide, y + wide), (x + wide, y - wide), colour, 2.0);
            }
        }
    }
}

fn star((x, y): Place, radius: f64) -> Vec<Place> {
    (0..10)
        .map(|corner| {
            let angle = std::f64::consts::PI * (f64::from(corner) / 5.0 - 0.5);
            let reach = if corner % 2 == 0 { radius } else { radius * 0.42 };
            (x + reach * angle.cos(), y + reach * angle.sin())
        })
        .collect()
}
