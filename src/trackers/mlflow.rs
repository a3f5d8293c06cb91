//! `MLflow`: the folders of its file store, one experiment with a run for each run and for each point.
//!
//! Layout of `mlflow/store/tracking/file_store.py`: `<experiment>/meta.yaml`, and below it `<run>/meta.yaml` with one file for
//! each parameter, metric and tag.

use std::path::{Path, PathBuf};

use super::{Since1970, Tracked, TrackerFile, entries};
use crate::frame::Frame;

/// The runs and points of a frame as a file store that lies in the folder `store`, a whole path.
pub fn mlflow(frame: &Frame, store: &Path, when: Since1970) -> Vec<TrackerFile> {
    let experiment = experiment(&frame.sweep.name);
    let place = store.join(&experiment);
    let millis = when.as_millis();
    let meta = [
        ("artifact_location", quoted(&uri(&place))),
        ("creation_time", millis.to_string()),
        ("experiment_id", quoted(&experiment)),
        ("last_update_time", millis.to_string()),
        ("lifecycle_stage", "active".to_owned()),
        ("name", quoted(&frame.sweep.name)),
    ];
    let mut files = vec![file(Path::new(&experiment).join("meta.yaml"), &yaml(&meta))];
    for entry in entries(frame) {
        files.extend(run(&entry, &experiment, &place, millis));
    }
    files
}

/// A number that `MLflow` takes for the id of an experiment, the same for the same name.
fn experiment(name: &str) -> String {
    let hash = blake3::hash(name.as_bytes());
    let digits = hash.as_bytes().iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    // Eighteen digits, the first of them no 0.
    (digits % 900_000_000_000_000_000 + 100_000_000_000_000_000).to_string()
}

fn run(entry: &Tracked<'_>, experiment: &str, place: &Path, millis: u128) -> Vec<TrackerFile> {
    let folder = Path::new(experiment).join(&entry.id);
    let meta = [
        ("artifact_uri", quoted(&uri(&place.join(&entry.id).join("artifacts")))),
        ("end_time", millis.to_string()),
        ("entry_point_name", quoted("")),
        ("experiment_id", quoted(experiment)),
        ("lifecycle_stage", "active".to_owned()),
        ("run_id", quoted(&entry.id)),
        ("run_name", quoted(&entry.name)),
        ("run_uuid", quoted(&entry.id)),
        ("source_name", quoted("sweep")),
        ("source_type", "4".to_owned()),
        ("source_version", quoted("")),
        ("start_time", millis.to_string()),
        ("status", "3".to_owned()),
        ("tags", "[]".to_owned()),
        ("user_id", quoted("sweep")),
    ];
    let mut files = vec![file(folder.join("meta.yaml"), &yaml(&meta))];
    let seed = entry.seed.map(|seed| ("seed".to_owned(), seed.to_string()));
    let parameters = entry.parameters.iter().map(|(name, value)| ((*name).to_owned(), value.to_string()));
    files.extend(
        parameters
            .chain(seed)
            .map(|(name, value)| file(folder.join("params").join(super::plain(&name)), &value)),
    );
    files.extend(
        entry
            .metrics
            .iter()
            .map(|(name, value)| file(folder.join("metrics").join(name), &format!("{millis} {value} 0\n"))),
    );
    let tags = [("mlflow.runName", entry.name.as_str()), ("role", entry.role)];
    files.extend(tags.map(|(name, value)| file(folder.join("tags").join(name), value)));
    files
}

fn file(path: PathBuf, text: &str) -> TrackerFile {
    TrackerFile { path, bytes: text.as_bytes().to_vec() }
}

fn yaml(entries: &[(&str, String)]) -> String {
    entries.iter().fold(String::new(), |text, (key, value)| text + key + ": " + value + "\n")
}

/// A string as YAML reads it back: JSON's is one of YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A folder as a URI, with everything that isn't plain written as `%XX`.
fn uri(path: &Path) -> String {
    use std::fmt::Write;
    let mut uri = "file://".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
