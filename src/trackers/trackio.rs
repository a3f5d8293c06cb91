//! Trackio: one `SQLite` database, a project with a run for each run and for each point.
//!
//! Tables of `trackio/sqlite_storage.py`, since its version 0.24. Those that hold nothing here Trackio adds when it opens the
//! database, and the indices too.

use std::path::PathBuf;

use serde_json::json;

use super::{
    Since1970, Tracked, TrackerFile, dated, entries, project,
    sqlite::{SqlCell, SqlTable, database},
};
use crate::frame::Frame;

const METRICS: &str = "CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, \
     timestamp TEXT NOT NULL, run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL)";
/// Trackio's own says besides that no run has two; that would need an index here.
const CONFIGS: &str = "CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, \
     run_name TEXT NOT NULL, config TEXT NOT NULL, created_at TEXT NOT NULL)";
/// `SQLite` wants it where ids count on.
const COUNTED: &str = "CREATE TABLE sqlite_sequence(name,seq)";

/// The runs and points of a frame as a database, which lies in the folder that `TRACKIO_DIR` names.
pub fn trackio(frame: &Frame, when: Since1970) -> Vec<TrackerFile> {
    let entries = entries(frame);
    let time = dated(when, "%Y-%m-%dT%H:%M:%S+00:00");
    let rows = entries.len() as i64;
    let counted =
        ["metrics", "configs"].map(|table| vec![SqlCell::Text(table.to_owned()), SqlCell::Whole(rows)]);
    let bytes = database(&[
        SqlTable {
            name: "metrics",
            sql: METRICS,
            rows: entries.iter().map(|entry| metrics(entry, &time)).collect(),
        },
        SqlTable {
            name: "configs",
            sql: CONFIGS,
            rows: entries.iter().map(|entry| config(entry, &time)).collect(),
        },
        SqlTable { name: "sqlite_sequence", sql: COUNTED, rows: counted.into() },
    ]);
    vec![TrackerFile { path: PathBuf::from(format!("{}.db", project(&frame.sweep.name))), bytes }]
}

fn metrics(entry: &Tracked<'_>, time: &str) -> Vec<SqlCell> {
    let metrics: serde_json::Map<_, _> =
        entry.finite().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    vec![
        SqlCell::Null,
        SqlCell::Text(entry.id.clone()),
        SqlCell::Text(time.to_owned()),
        SqlCell::Text(entry.name.clone()),
        SqlCell::Whole(0),
        SqlCell::Text(json!(metrics).to_string()),
    ]
}

fn config(entry: &Tracked<'_>, time: &str) -> Vec<SqlCell> {
    let mut config = entry.config();
    // Words of Trackio's own, which its page groups runs by.
    config.insert("_Group".to_owned(), json!(entry.title));
    config.insert("_Created".to_owned(), json!(time));
    vec![
        SqlCell::Null,
        SqlCell::Text(entry.id.clone()),
        SqlCell::Text(entry.name.clone()),
        SqlCell::Text(json!(config).to_string()),
        SqlCell::Text(time.to_owned()),
    ]
}
