//! The two faces that figures are set in, and how wide text comes out in them.
//!
//! They are bundled, because a server has none, and registered once, because plotters keeps them for the whole process.

use std::sync::OnceLock;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

use crate::frame::{Name, hollow};

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
    /// The face, as TrueType.
    pub(super) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Regular => REGULAR,
            Self::Bold => BOLD,
        }
    }

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

/// The name of a point, no wider than `room` at this size.
pub(super) fn fitted_name(name: &Name, size: f64, room: f64) -> String {
    name.fitted(|text| width(text, size, Weight::Regular) <= room)
}

/// A label that keeps both its ends, no wider than `room` at this size.
pub(super) fn fitted_label(label: &str, size: f64, room: f64) -> String {
    let mut letters = label.chars().count();
    let mut text = label.to_owned();
    while letters > 1 && width(&text, size, Weight::Regular) > room {
        // Long ones lose a tenth at a time.
        letters -= 1 + letters / 10;
        text = hollow(label, letters);
    }
    text
}

/// The text in lines no wider than `room`; a word that is wider is cut. A line doesn't begin with the dot that parts what
/// stands in one line.
pub(super) fn lines(text: &str, size: f64, weight: Weight, room: f64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if line.is_empty() || width(&longer, size, weight) <= room {
            line = longer;
        } else {
            lines.push(std::mem::replace(
                &mut line,
                if word == "·" { String::new() } else { word.to_owned() },
            ));
        }
    }
    lines.push(line);
    lines.iter().map(|line| fitted(line.trim_end_matches(" ·"), size, room)).collect()
}

#[cfg(test)]
mod tests {
    use super::{BODY, Weight, fitted, fitted_label, lines, register, width};

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
        let cut = fitted_label("a-label-that-nobody-wants-to-read", BODY, 90.0);
        assert!(cut.starts_with("a-") && cut.ends_with("ead") && cut.contains('…'), "{cut}");
    }

    #[test]
    fn a_paragraph_is_broken_between_words_and_never_before_a_dot() {
        let text = "N = 4 · given one original · split none · engine toy · a-word-that-is-wider-than-the-room-there-is";
        let broken = lines(text, BODY, Weight::Regular, 120.0);
        assert!(broken.len() > 3, "{broken:?}");
        for line in &broken {
            assert!(width(line, BODY, Weight::Regular) <= 120.0, "{line}");
            assert!(!line.starts_with('·') && !line.ends_with('·'), "{broken:?}");
        }
        assert_eq!(lines("N = 4", BODY, Weight::Regular, 120.0), ["N = 4"]);
    }
}
