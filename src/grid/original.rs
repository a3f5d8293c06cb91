//! The `[original]` table: where unlearning starts, and how many originals there are.

use toml::de::DeValue;

use super::{
    error::Problems,
    table::{Node, Table, path, wrong_type},
};
use crate::plan::MOST_ORIGINALS;

/// Where unlearning starts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Originals {
    /// Checkpoints as the grid names them; without any the originals are trained.
    pub(super) checkpoints: Vec<String>,
    /// How many there are (K).
    pub(super) models: u64,
}

/// Reads `[original]`; without it there is one original. Each of them must have a model of every point whenever points are
/// compared, which happens at `fewest` models first.
pub(super) fn read(root: &Table<'_>, fewest: u64, problems: &mut Problems) -> Originals {
    let none = Originals { checkpoints: Vec::new(), models: 1 };
    let Some(table) = root.table("original", problems) else { return none };
    table.refuse_unknown(&["checkpoint", "models"], problems);
    let most = fewest.min(MOST_ORIGINALS);
    let Some(node) = table.get("checkpoint") else {
        return Originals { models: table.whole("models", 1..=most, 1, problems), ..none };
    };
    if let Some(models) = table.get("models") {
        let problem = wrong_type("models", "left out, because there are as many as checkpoints", models);
        problems.push(problem.help("remove `models`, or name no checkpoint"));
    }
    let checkpoints = checkpoints(node, most, problems);
    Originals { models: checkpoints.len().max(1) as u64, checkpoints }
}

/// One path, or a list of different ones.
fn checkpoints(node: &Node<'_>, most: u64, problems: &mut Problems) -> Vec<String> {
    let DeValue::Array(items) = node.get_ref() else {
        return path("checkpoint", node, problems).into_iter().collect();
    };
    let mut paths: Vec<String> = Vec::new();
    for item in items {
        let Some(path) = path("checkpoint", item, problems) else { continue };
        if paths.contains(&path) {
            problems.push(wrong_type("checkpoint", "a list of different files", item));
        }
        paths.push(path);
    }
    if !(1..=most).contains(&(items.len() as u64)) {
        let expected = format!("a list of 1 to {most} files, each of which has a model of every point");
        problems.push(wrong_type("checkpoint", &expected, node));
    }
    paths
}
