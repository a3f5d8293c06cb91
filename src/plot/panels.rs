//! Small figures beside each other and below each other.

use super::{scene::Extent, sheet::Sheet};

/// Narrowest panel.
const NARROWEST: f64 = 122.0;
/// Panels at most, on a page and in a column of a paper.
const MOST: usize = 9;
const MOST_NARROW: usize = 6;
/// Below the last row.
const FOOT: f64 = 6.0;

/// Panels of one size, in rows.
#[derive(Debug)]
pub(super) struct Panels {
    columns: usize,
    rows: usize,
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    gap: f64,
}

impl Panels {
    /// How many a sheet has room for.
    pub(super) fn most(sheet: &Sheet) -> usize {
        if sheet.is_narrow() { MOST_NARROW } else { MOST }
    }

    /// So many panels, `height` high on a page and lower in a column of a paper.
    pub(super) fn new(count: usize, height: f64, (sheet, top): (&Sheet, f64)) -> Self {
        let (gap, height) = if sheet.is_narrow() { (14.0, height * 0.74) } else { (26.0, height) };
        let wanted = match count {
            0 | 1 => 1,
            2 | 4 => 2,
            _ => 3,
        };
        let fitting = ((sheet.room() + gap) / (NARROWEST + gap)).floor().max(1.0);
        let columns = wanted.min(fitting as usize);
        let width = (sheet.room() - gap * (columns - 1) as f64) / columns as f64;
        Self { columns, rows: count.div_ceil(columns), left: sheet.margin, top, width, height, gap }
    }

    /// Where the nth stands.
    pub(super) fn cell(&self, nth: usize) -> Extent {
        let left = self.left + (nth % self.columns) as f64 * (self.width + self.gap);
        let top = self.top + (nth / self.columns) as f64 * (self.height + self.gap);
        Extent { left, top, right: left + self.width, bottom: top + self.height }
    }

    /// Where all of them end, with air below.
    pub(super) fn bottom(&self) -> f64 {
        let rows = self.rows as f64;
        self.top + rows * self.height + (rows - 1.0).max(0.0) * self.gap + FOOT
    }
}
