//! Where results come from, as `provenance.json` beside them says: read again for every report.

use std::path::Path;

use minijinja::{Value as Shown, context};
use serde_json::Value;

use crate::{
    frame::{printable, shortened},
    grid::Remarks,
    store::Folder,
};

/// Longest value that is shown, in characters.
const MAX_VALUE: usize = 300;

/// Tags and note, which stand above everything else; nothing where there are none.
pub(super) fn remarks(results: &Path) -> Option<Shown> {
    let Remarks { tags, note } = Remarks::of(&Folder::new(results).read_provenance());
    let note = note.map(|note| note.lines().map(printable).collect::<Vec<_>>().join("\n"));
    (!tags.is_empty() || note.is_some()).then(|| context! { tags, note })
}

/// Names and values in the order of the file's keys, but for what stands elsewhere.
pub(super) fn read(results: &Path) -> Vec<(String, String)> {
    let shown = |text: &str| printable(&shortened(text, MAX_VALUE));
    let entries = Folder::new(results).read_provenance();
    let elsewhere = |name: &str| matches!(name, "tags" | "note");
    let entries = entries.iter().filter(|(name, _)| !elsewhere(name));
    entries.map(|(name, entry)| (shown(name), shown(&value(entry)))).collect()
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        Value::Array(items) => items.iter().map(self::value).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
