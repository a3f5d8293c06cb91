//! The `[sweep]` table: after how many models per point a staged sweep decides who goes on, and among which points the best is
//! looked for.

use toml::de::DeValue;

use super::{
    error::Problems,
    table::{Node, Table, integer, wrong_type},
};
use crate::{
    plan::{BestOf, HELD_OUT_SEEDS},
    score::MIN_MODELS,
};

/// Most stages: each is a start of all workers.
const MOST: usize = 16;

/// How the search goes about it.
#[derive(Debug, Clone, Default)]
pub(super) struct Search {
    /// Models per point after each stage; empty where all come at once.
    pub stages: Vec<u64>,
    /// Among which points the best is looked for.
    pub best_of: BestOf,
}

/// Reads `[sweep]`.
pub(super) fn read(root: &Table<'_>, problems: &mut Problems) -> Search {
    let Some(table) = root.table("sweep", problems) else { return Search::default() };
    table.refuse_unknown(&["stages", "best-of"], problems);
    let chosen = table.get("best-of").map(|node| best_of(node, problems));
    // Without stages the best is looked for by `[confirm]` alone.
    let confirmed_alone = chosen.is_some() && root.get("confirm").is_some() && table.get("stages").is_none();
    let stages = if confirmed_alone { Vec::new() } else { stages(&table, problems) };
    Search { stages, best_of: chosen.unwrap_or_default() }
}

fn best_of(node: &Node<'_>, problems: &mut Problems) -> BestOf {
    match node.get_ref().as_str() {
        Some("method") => return BestOf::Method,
        Some("grid") => {}
        _ => problems.push(wrong_type("best-of", "\"grid\" or \"method\"", node)),
    }
    BestOf::Grid
}

fn stages(table: &Table<'_>, problems: &mut Problems) -> Vec<u64> {
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
