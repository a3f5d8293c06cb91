//! The two faces that figures are set in, and how wide text comes out in them.
//!
//! They are bundled, because a server has none, and registered once, because plotters keeps them for the whole process.

use std::sync::OnceLock;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

/// `DejaVu Sans` reduced to Latin, Greek and mathematics; licence in `assets/fonts/LICENSE-DejaVu`.
static REGULAR: &[u8] = include_bytes!("../../assets/fonts/DejaVuSans.subset.ttf");
static BOLD: &[u8] = include_bytes!("../../assets/fonts/DejaVuSans-Bold.subset.ttf");

/// Em of a figure's title, of its text and of its small print, in logical pixels.
pub(super) const TITLE: f64 = 16.0;
pub(super) const BODY: f64 = 12.0;
pub(super) const SMALL: f64 = 10.5;

/// (Ascender + descender) / em of the bundled faces; plotters' rasteriser takes the former as the size of a font.
pub(super) const HEIGHT_PER_EM: f64 = 1.164;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

impl Weight {
    pub(super) fn style(self) -> FontStyle {
        match self {
            Self::Regular => FontStyle::Normal,
            Self::Bold => FontStyle::Bold,
        }
    }
}

/// Makes the faces known to plotters; later calls do nothing. `false` if it doesn't take them.
pub(super) fn register() -> bool {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    *REGISTERED.get_or_init(|| {
        let normal = register_font("sans-serif", FontStyle::Normal, REGULAR);
        let bold = register_font("sans-serif", FontStyle::Bold, BOLD);
        normal.is_ok() && bold.is_ok()
    })
}

/// Width of a line of text in logical pixels.
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    /// Measured large, because plotters rounds to whole pixels.
    const MEASURE: f64 = 200.0;
    register();
    let font = FontDesc::new(FontFamily::SansSerif, MEASURE * HEIGHT_PER_EM, weight.style());
    let measured = font.box_size(text).map_or(0.0, |(width, _)| f64::from(width));
    measured * size / MEASURE
}

/// The text cut with an ellipsis so that it is no wider than `room` at this size.
pub(super) fn fitted(text: &str, size: f64, room: f64) -> String {
    if width(text, size, Weight::Regular) <= room {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let cut = |count: usize| format!("{}…", characters[..count].iter().collect::<String>().trim_end());
    let fits = |count: &usize| width(&cut(*count), size, Weight::Regular) <= room;
    let (mut low, mut high) = (0, characters.len().min(400));
    while low < high {
        let middle = (low + high).div_ceil(2);
        if fits(&middle) { low = middle } else { high = middle - 1 }
    }
    cut(low)
}

#[cfg(test)]
mod tests {
    use super::{BODY, Weight, fitted, register, width};

    #[test]
    fn the_bundled_faces_are_taken_and_measured() {
        assert!(register());
        let (narrow, wide) = (width("iiii", BODY, Weight::Regular), width("MMMM", BODY, Weight::Regular));
        assert!(narrow > 0.0 && wide > 2.0 * narrow, "{narrow} {wide}");
        assert!(width("ε ½ ± … ≥", BODY, Weight::Bold) > 0.0);
    }

    #[test]
    fn text_is_cut_to_the_room_there_is() {
        let long = "finetune lr=0.001 epochs=5 momentum=0.9";
        let cut = fitted(long, BODY, 120.0);
        assert!(cut.ends_with('…') && width(&cut, BODY, Weight::Regular) <= 120.0, "{cut}");
        assert_eq!(fitted("short", BODY, 120.0), "short");
    }
}
