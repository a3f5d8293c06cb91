//! Figures of a sweep, as PNG (at twice the size) and as SVG.
//!
//! A figure is a pure function from a [`Frame`] to a [`Scene`]: lines, marks and words at places in pixels. `render`
//! draws scenes with plotters, `font` measures text with it; no figure knows it. Adding one is a file here and a line in
//! [`FIGURES`].

mod axis;
mod differences;
mod epsilon_histogram;
mod font;
mod legend;
mod losses;
mod palette;
mod render;
mod scene;
mod scores;
mod sheet;
mod trade_off;

pub use render::{PlotError, png, svg};
pub use scene::Scene;

use crate::frame::Frame;

/// A registered figure.
#[derive(Debug)]
pub struct Figure {
    /// Its name, and that of its files.
    pub name: &'static str,
    /// What it shows, in one sentence.
    pub about: &'static str,
    /// Draws it. A frame without scores gives a figure that says so.
    pub draw: fn(&Frame) -> Scene,
}

/// All figures of a report, in its order.
pub const FIGURES: &[Figure] =
    &[scores::FIGURE, differences::FIGURE, trade_off::FIGURE, epsilon_histogram::FIGURE];

/// Figures of audits, each with what it needs.
const AUDIT_FIGURES: &[Figure] = &[losses::FIGURE];

/// The figures of a report: all of [`FIGURES`], and those of the audits where there is something to show.
pub fn figures(frame: &Frame) -> impl Iterator<Item = &'static Figure> {
    let audited = !frame.losses.is_empty();
    FIGURES.iter().chain(AUDIT_FIGURES.iter().filter(move |_| audited))
}

#[cfg(test)]
mod tests;
