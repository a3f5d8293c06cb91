//! The `[data]` table: what networks are trained on, and which of it is forgotten.

use std::path::Path;

use toml::de::DeValue;

use super::{
    engine::EngineChoice,
    error::{Mistake, Problem, Problems, shown},
    table::{Node, Table, is_safe_name, path, wrong_type},
};

/// Forget sets that one grid may name.
pub(super) const MOST_FORGET_SETS: usize = 100;

/// What a grid says of its data.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct DataSets {
    /// Folder of the data set as the grid names it.
    pub(super) path: Option<String>,
    /// Folders of data sets with the same training images, whose forget sets are forgotten in place of its own.
    pub(super) forget: Vec<String>,
}

/// Reads `[data]`.
pub(super) fn read(root: &Table<'_>, engine: &EngineChoice, problems: &mut Problems) -> DataSets {
    if root.get("data").is_none() {
        if *engine == EngineChoice::Torch {
            let mistake = Mistake::Missing { key: "data", table: "a grid for the torch engine".to_owned() };
            problems.push(
                Problem::nowhere(mistake).help("add `[data]` with `path = \"…\"`, or engine = \"toy\""),
            );
        }
        return DataSets::default();
    }
    let Some(table) = root.table("data", problems) else { return DataSets::default() };
    table.refuse_unknown(&["path", "forget"], problems);
    let forget = table.get("forget").map(|node| forget_sets(node, problems)).unwrap_or_default();
    let path = table.require("path", problems).and_then(|node| path("path", node, problems));
    DataSets { path, forget }
}

/// One folder, or several, each with a name of its own: results are called by it.
fn forget_sets(node: &Node<'_>, problems: &mut Problems) -> Vec<String> {
    let DeValue::Array(items) = node.get_ref() else {
        return path("forget", node, problems).into_iter().collect();
    };
    let mut paths: Vec<String> = Vec::new();
    for item in items {
        let Some(path) = path("forget", item, problems) else { continue };
        let name = name_of(&path);
        if !is_safe_name(name) {
            let expected = "folders whose names have 1 to 64 of the characters A-Z a-z 0-9 . _ -, since results are called by them";
            problems.push(wrong_type("forget", expected, item));
        } else if paths.iter().any(|known| name_of(known) == name) {
            let mistake = Mistake::SameForgetSet { name: shown(name) };
            problems.push(
                Problem::at(item.span(), mistake)
                    .help("results are called by the names of these folders; rename one"),
            );
        }
        paths.push(path);
    }
    if !(1..=MOST_FORGET_SETS).contains(&items.len()) {
        let expected = format!("a list of 1 to {MOST_FORGET_SETS} folders that `sweep split` has written");
        problems.push(wrong_type("forget", &expected, node));
    }
    paths
}

/// What a forget set is called: the last part of its path.
pub(super) fn name_of(path: &str) -> &str {
    Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or_default()
}
