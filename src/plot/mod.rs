//! Figures of a sweep: PNG (at twice the size) and SVG for a report; PDF, SVG and PNG of a chosen size for a paper.
//!
//! A figure is a pure function from a [`Frame`] and a [`Sheet`] to a [`Scene`]: lines, marks and words at places in pixels.
//! `render` draws scenes with plotters, `pdf` without it; `font` measures text. No figure knows them. Adding one is a file here and a line in
//! [`FIGURES`].

mod axis;
mod curves;
mod differences;
mod epsilon_histogram;
mod font;
mod forget_sets;
mod image;
mod legend;
mod losses;
mod memorization;
mod palette;
mod panels;
mod pdf;
mod print;
mod reconstruction;
mod render;
mod scene;
mod scores;
mod sheet;
mod trade_off;

pub use forget_sets::forget_sets;
pub use pdf::pdf;
pub use print::{Print, PrintError};
pub use render::{PlotError, png, svg};
pub use scene::Scene;
pub use sheet::Sheet;

use crate::frame::Frame;

/// A registered figure.
#[derive(Debug)]
pub struct Figure {
    /// Its name, and that of its files.
    pub name: &'static str,
    /// What it shows, in one sentence.
    pub about: &'static str,
    /// Draws it. A frame without scores gives a figure that says so.
    pub draw: fn(&Frame, &Sheet) -> Scene,
}

/// All figures of a report, in its order.
pub const FIGURES: &[Figure] =
    &[scores::FIGURE, differences::FIGURE, trade_off::FIGURE, epsilon_histogram::FIGURE];

/// A figure of what not every sweep has.
struct FurtherFigure {
    figure: Figure,
    /// Whether there is something to show.
    is_there: fn(&Frame) -> bool,
}

const FURTHER_FIGURES: &[FurtherFigure] = &[
    FurtherFigure { figure: curves::FIGURE, is_there: |frame| !frame.curves.rows.is_empty() },
    FurtherFigure { figure: losses::FIGURE, is_there: |frame| !frame.losses.is_empty() },
    FurtherFigure {
        figure: memorization::FIGURE,
        is_there: |frame| frame.shadows.as_ref().is_some_and(|rows| !rows.images.is_empty()),
    },
    FurtherFigure { figure: reconstruction::FIGURE, is_there: |frame| !frame.pictures.is_empty() },
];

/// The figures of a report: all of [`FIGURES`], and those of training and of the audits where there is something to show.
pub fn figures(frame: &Frame) -> impl Iterator<Item = &'static Figure> {
    let further = FURTHER_FIGURES.iter().filter(|own| (own.is_there)(frame));
    FIGURES.iter().chain(further.map(|own| &own.figure))
}

/// Every figure that there may be.
pub fn all_figures() -> impl Iterator<Item = &'static Figure> {
    FIGURES.iter().chain(FURTHER_FIGURES.iter().map(|own| &own.figure))
}

#[cfg(test)]
mod tests;
