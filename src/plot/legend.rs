//! Which mark is which method: entries in rows, as many to a row as fit.

use super::{
    font::{self, Weight},
    palette::Look,
    scene::{Scene, Words},
    sheet::Sheet,
};

const ROW: f64 = 19.0;
const MARK: f64 = 16.0;
const GAP: f64 = 18.0;
const WIDEST: f64 = 240.0;

/// Entries at most; the tables name all.
const MOST: usize = 24;

/// Entries placed in rows within a width.
#[derive(Debug)]
pub(super) struct Legend {
    entries: Vec<(Look, String, f64, usize)>,
}

impl Legend {
    pub(super) fn new(looks: Vec<Look>, sheet: &Sheet) -> Self {
        let (mut x, mut row) = (sheet.margin, 0);
        let mut entries = Vec::new();
        for look in looks.into_iter().take(MOST) {
            let text = font::fitted_label(&look.label, font::SMALL, WIDEST.min(sheet.room() - MARK));
            let wide = MARK + font::width(&text, font::SMALL, Weight::Regular);
            if x + wide > sheet.width - sheet.margin && x > sheet.margin {
                (x, row) = (sheet.margin, row + 1);
            }
            entries.push((look, text, x, row));
            x += wide + GAP;
        }
        Self { entries }
    }

    /// Height of all rows in logical pixels.
    pub(super) fn height(&self) -> f64 {
        self.entries.last().map_or(0.0, |(_, _, _, row)| (*row as f64 + 1.0) * ROW)
    }

    pub(super) fn draw(&self, scene: &mut Scene, top: f64) {
        for (look, text, x, row) in &self.entries {
            let baseline = top + *row as f64 * ROW + 12.0;
            look.mark.draw(scene, (x + 5.0, baseline - 4.0), 4.0, look.colour);
            scene.write(Words::new(text, (x + MARK, baseline)).sized(font::SMALL));
        }
    }
}
