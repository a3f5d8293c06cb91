//! Where results come from, as `provenance.json` beside them says. Nothing rests on it: what can't be read is not there.

use serde_json::{Map, Value};

use super::Folder;

/// Largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

impl Folder {
    /// The provenance; empty where there is no such file or it isn't a JSON object. It may have been written by anybody.
    pub fn read_provenance(&self) -> Map<String, Value> {
        let bytes = sweep_files::read(&self.provenance(), LARGEST).ok();
        match bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            Some(Value::Object(entries)) => entries,
            _ => Map::new(),
        }
    }
}
