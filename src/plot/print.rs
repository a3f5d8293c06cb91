//! Figures for a paper: so wide on paper, with letters so large.

use thiserror::Error;

use super::font;
use super::sheet::Sheet;

/// Room at the edges of a printed figure, in logical pixels: a paper has margins of its own.
const MARGIN: f64 = 3.0;
/// Narrowest figure that can be laid out, in logical pixels.
const NARROWEST: f64 = 256.0;
/// Points in a centimetre.
const CENTIMETRE: f64 = 72.0 / 2.54;
/// Widest figure, in points: what a poster has room for.
const WIDEST: f64 = 60.0 * CENTIMETRE;
/// Letters that can be read and that aren't a headline, in points.
const LETTERS: std::ops::RangeInclusive<f64> = 4.0..=24.0;

/// How large a figure is on paper. Lengths are in PostScript points, 1/72 inch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Print {
    width: f64,
    letters: f64,
}

/// A size that no figure can have.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PrintError {
    /// Letters.
    #[error("letters of {points} pt: from {} to {} pt can be drawn", LETTERS.start(), LETTERS.end())]
    Letters {
        /// Their size.
        points: f64,
    },
    /// Too wide, or no width at all.
    #[error("a width of {:.2} cm: figures are up to {:.0} cm wide", width / CENTIMETRE, WIDEST / CENTIMETRE)]
    Width {
        /// The width.
        width: f64,
    },
    /// Too narrow for its letters.
    #[error(
        "letters of {letters} pt need a figure of {:.1} cm, and this one is {:.1} cm wide: take a wider one, or letters of \
         at most {:.1} pt",
        (least(*letters) / CENTIMETRE * 10.0).ceil() / 10.0, width / CENTIMETRE,
        (width / least(1.0) * 10.0).floor() / 10.0
    )]
    TooNarrow {
        /// The width.
        width: f64,
        /// Size of the letters.
        letters: f64,
    },
}

/// Narrowest figure with letters of this size, in points.
fn least(letters: f64) -> f64 {
    NARROWEST * letters / font::SMALL
}

impl Print {
    /// A figure of this width whose text has letters of this size, both in points. Titles are larger, numbers at the axes of
    /// small panels by a tenth smaller.
    pub fn new(width: f64, letters: f64) -> Result<Self, PrintError> {
        if !LETTERS.contains(&letters) {
            return Err(PrintError::Letters { points: letters });
        }
        if !(width > 0.0 && width <= WIDEST) {
            return Err(PrintError::Width { width });
        }
        if width < least(letters) {
            return Err(PrintError::TooNarrow { width, letters });
        }
        Ok(Self { width, letters })
    }

    /// What the figure is drawn on, with title and caption or without.
    pub fn sheet(&self, headed: bool) -> Sheet {
        Sheet { width: self.width / self.points(), margin: MARGIN, headed }
    }

    /// Points of a logical pixel.
    pub(super) fn points(&self) -> f64 {
        self.letters / font::SMALL
    }
}

#[cfg(test)]
mod tests {
    use super::{CENTIMETRE, Print};

    #[test]
    fn sizes_that_no_figure_can_have_are_refused_with_the_way_out() {
        let said =
            |width: f64, letters| Print::new(width * CENTIMETRE, letters).expect_err("refused").to_string();
        for (width, letters, part) in [
            (0.0, 8.0, "up to 60 cm wide"),
            (-8.0, 8.0, "up to 60 cm"),
            (f64::NAN, 8.0, "up to 60 cm"),
            (1e9, 8.0, "up to 60 cm"),
            (8.0, 0.0, "from 4 to 24 pt"),
            (8.0, f64::INFINITY, "from 4 to 24 pt"),
            (
                8.0,
                12.0,
                "need a figure of 10.4 cm, and this one is 8.0 cm wide: take a wider one, or letters of at most 9.3 pt",
            ),
        ] {
            let said = said(width, letters);
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn the_way_out_of_a_refusal_is_accepted() {
        assert!(Print::new(8.0 * CENTIMETRE, 9.3).is_ok() && Print::new(10.4 * CENTIMETRE, 12.0).is_ok());
    }
}
