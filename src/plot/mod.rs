//! Figures of a sweep, as PNG (at twice the size) and as SVG.
//!
//! A figure is a pure function from a [`Frame`] to a [`Scene`]: lines, marks and words at places in pixels. `render`
//! draws scenes with plotters, `font` measures text with it; no figure knows it. Adding one is a file here and a line in
//! [`FIGURES`].

mod axis;
mod differences;
mod epsilon_histogram;
mod font;
mod image;
mod legend;
mod losses;
mod palette;
mod reconstruction;
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

/// A figure of an audit.
struct AuditFigure {
    figure: Figure,
    /// Whether there is something to show.
    is_there: fn(&Frame) -> bool,
}

const AUDIT_FIGURES: &[AuditFigure] = &[
    AuditFigure { figure: losses::FIGURE, is_there: |frame| !frame.losses.is_empty() },
    AuditFigure { figure: reconstruction::FIGURE, is_there: |frame| !frame.pictures.is_empty() },
];

/// The figures of a report: all of [`FIGURES`], and those of the audits where there is something to show.
pub fn figures(frame: &Frame) -> impl Iterator<Item = &'static Figure> {
    let audited = AUDIT_FIGURES.iter().filter(|own| (own.is_there)(frame));
    FIGURES.iter().chain(audited.map(|own| &own.figure))
}

#[cfg(test)]
mod tests;
