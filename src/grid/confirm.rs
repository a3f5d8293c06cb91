//! The `[confirm]` table: which points are carried out once more on fresh seeds when all are measured.

use super::{
    error::Problems,
    table::{Table, wrong_type},
};
use crate::{
    plan::{Confirm, HELD_OUT_SEEDS},
    score::MIN_HALVED,
};

/// Points that are confirmed unless the grid says otherwise.
const TOP: u64 = 3;
/// Models of each, unless the grid says otherwise.
const SEEDS: u64 = 64;
/// Most points.
const MOST: u64 = 1000;

/// Reads `[confirm]`; without it nothing is confirmed. What is found at N models per point is chosen by its quality × utility,
/// which takes halves of them.
pub(super) fn read(root: &Table<'_>, n: Option<u64>, problems: &mut Problems) -> Option<Confirm> {
    let table = root.table("confirm", problems)?;
    table.refuse_unknown(&["top", "seeds"], problems);
    let top = table.whole("top", 1..=MOST, TOP, problems);
    let seeds = table.whole("seeds", MIN_HALVED as u64..=HELD_OUT_SEEDS, SEEDS, problems);
    if let (Some(node), true) = (root.get("seeds"), n.is_some_and(|n| n < MIN_HALVED as u64)) {
        let expected = format!("at least {MIN_HALVED}, so that `[confirm]` can choose by quality × utility");
        problems.push(wrong_type("seeds", &expected, node));
    }
    Some(Confirm { top, seeds })
}
