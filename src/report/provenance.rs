//! Where results come from, as `provenance.json` beside them says: read again for every report.

use std::{fs::File, io::Read, path::Path};

use crate::frame::{printable, shortened};

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Longest value that is shown, in characters.
const MAX_VALUE: usize = 300;

/// Names and values in the order of the file's keys; nothing where there is no such file or it isn't a JSON object.
pub(super) fn read(results: &Path) -> Vec<(String, String)> {
    let mut text = String::new();
    let opened = File::open(results.join("provenance.json"));
    let read = opened.and_then(|file| file.take(MAX_FILE).read_to_string(&mut text));
    let parsed = read.ok().and_then(|_| serde_json::from_str::<serde_json::Value>(&text).ok());
    let Some(serde_json::Value::Object(entries)) = parsed else { return Vec::new() };
    let value = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let shown = |text: &str| printable(&shortened(text, MAX_VALUE));
    entries.iter().map(|(name, entry)| (shown(name), shown(&value(entry)))).collect()
}
