//! The `[sweep]` table: after how many models per point a staged sweep decides who goes on.

use toml::de::DeValue;

use super::{
    error::Problems,
    table::{Node, Table, integer, wrong_type},
};
use crate::{plan::HELD_OUT_SEEDS, score::MIN_MODELS};

/// Most stages: each is a start of all workers.
const MOST: usize = 16;

/// Reads `[sweep]`; none without it, or where it says none.
pub(super) fn read(root: &Table<'_>, problems: &mut Problems) -> Vec<u64> {
    let Some(table) = root.table("sweep", problems) else { return Vec::new() };
    table.refuse_unknown(&["stages"], problems);
    let Some(node) = table.require("stages", problems) else { return Vec::new() };
    let stages = whole_numbers(node).filter(|stages| is_usable(stages));
    if stages.is_none() {
        let expected = format!("a list of 2 to {MOST} ascending numbers of models, from {MIN_MODELS} on");
        problems.push(wrong_type("stages", &expected, node));
    }
    stages.unwrap_or_default()
}

fn whole_numbers(node: &Node<'_>) -> Option<Vec<u64>> {
    let DeValue::Array(items) = node.get_ref() else { return None };
    items.iter().map(|item| integer(item).and_then(|value| u64::try_from(value).ok())).collect()
}

/// A score needs models, and a stage more of them than the one before it.
fn is_usable(stages: &[u64]) -> bool {
    (2..=MOST).contains(&stages.len())
        && stages[0] >= MIN_MODELS as u64
        && stages[stages.len() - 1] <= HELD_OUT_SEEDS
        && stages.is_sorted_by(|left, right| left < right)
}
