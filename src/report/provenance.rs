//! Where results come from, as `provenance.json` beside them says: read again for every report.

use std::path::Path;

use crate::frame::{printable, shortened};

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Longest value that is shown, in characters.
const MAX_VALUE: usize = 300;

/// Names and values in the order of the file's keys; nothing where there is no such file or it isn't a JSON object.
pub(super) fn read(results: &Path) -> Vec<(String, String)> {
    let read = sweep_files::read(&results.join("provenance.json"), MAX_FILE);
    let parsed = read.ok().and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let Some(serde_json::Value::Object(entries)) = parsed else { return Vec::new() };
    let value = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => "–".to_owned(),
        other => other.to_string(),
    };
    let shown = |text: &str| printable(&shortened(text, MAX_VALUE));
    entries.iter().map(|(name, entry)| (shown(name), shown(&value(entry)))).collect()
}
