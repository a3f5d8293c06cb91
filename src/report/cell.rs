//! Rows and cells of the page's tables: how many, how long, and how an interval is written.

use crate::frame::{Interval, decimals};

/// Lists on the page end after as many entries; the tables hold all.
pub(super) const MOST_ROWS: usize = 100;
/// Longest title of a point, in characters.
pub(super) const LONGEST_TITLE: usize = 160;

/// Both ends of an interval, or nothing.
pub(super) fn interval(interval: Option<Interval>) -> String {
    interval.map_or_else(String::new, |ends| format!("{} – {}", decimals(ends.low), decimals(ends.high)))
}
