//! Weights & Biases: one folder for each run as it is written offline, with the log that `wandb sync` uploads and
//! `wandb leet` shows.
//!
//! A log is `LevelDB`'s (`doc/log_format.md` there, with CRC-32 in place of CRC-32C) behind a head of seven bytes, each entry a
//! `Record` in the wire format of Protocol Buffers (`wandb/proto/wandb_internal.proto`).

use std::path::Path;

use serde_json::{Value, json};

use super::{
    Since1970, Tracked, TrackerFile, dated, entries, project,
    wire::{message, text, whole},
};
use crate::frame::Frame;

/// What every log begins with: name, magic number, version.
const HEAD: [u8; 7] = *b":W&B\xe1\xbe\x00";
/// Entries don't cross the border of a block other than in parts.
const BLOCK: usize = 32_768;
/// Checksum, length and kind of a part.
const PART_HEAD: usize = 7;
/// Longest name that a server takes, in characters.
const LONGEST: usize = 128;

/// The runs and points of a frame as folders of offline runs.
pub fn wandb_offline(frame: &Frame, when: Since1970) -> Vec<TrackerFile> {
    let project = project(&frame.sweep.name);
    let start = dated(when, "%Y%m%d_%H%M%S");
    let file = |entry: Tracked<'_>| {
        let folder = format!("offline-run-{start}-{}", entry.id);
        let path = Path::new(&folder).join(format!("run-{}.wandb", entry.id));
        TrackerFile { path, bytes: log(&records(&entry, &project, when)) }
    };
    entries(frame).into_iter().map(file).collect()
}

/// The entries of a run: head, run with its configuration, one row of history, the same as summary, and the end.
fn records(entry: &Tracked<'_>, project: &str, when: Since1970) -> Vec<Vec<u8>> {
    let oldest_reader = "0.70.0";
    let versions =
        message(1, &[text(1, concat!("sweep ", env!("CARGO_PKG_VERSION"))), text(2, oldest_reader)].concat());
    let config = entry.config().into_iter().flat_map(|(key, value)| message(1, &item(1, &key, &value)));
    let start = [whole(1, when.as_secs()), whole(2, when.subsec_nanos().into())].concat();
    let run = [
        text(1, &entry.id),
        text(3, project),
        message(4, &config.collect::<Vec<u8>>()),
        text(6, &short(&entry.title)),
        text(7, entry.role),
        text(8, &short(&entry.name)),
        message(17, &start),
    ];
    let by_wandb = [("_step", json!(0)), ("_runtime", json!(0)), ("_timestamp", json!(when.as_secs_f64()))];
    let metrics = entry.finite().map(|(name, value)| (name, json!(value)));
    let row: Vec<Vec<u8>> =
        metrics.chain(by_wandb).map(|(name, value)| message(1, &item(2, name, &value))).collect();
    let step = message(2, &whole(1, 0));
    let kinds = [
        message(21, &versions),
        message(17, &run.concat()),
        message(2, &[row.concat(), step].concat()),
        message(3, &row.concat()),
        message(18, &whole(1, 0)),
    ];
    (1..).zip(kinds).map(|(number, kind)| [whole(1, number), kind].concat()).collect()
}

/// A key with its value; `field` says whether the key is plain or the first of nested ones.
fn item(field: u32, key: &str, value: &Value) -> Vec<u8> {
    [text(field, key), text(16, &value.to_string())].concat()
}

/// A name that a server takes.
fn short(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    // Long names may differ in their ends alone.
    let hash = blake3::hash(name.as_bytes()).to_hex();
    let begin: String = name.chars().take(LONGEST - 9).collect();
    format!("{begin}-{}", &hash[..8])
}

/// A log with these entries.
pub(super) fn log(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut log = HEAD.to_vec();
    for entry in entries {
        let mut rest = &entry[..];
        let mut is_first = true;
        loop {
            let room = BLOCK - log.len() % BLOCK;
            if room < PART_HEAD {
                log.resize(log.len() + room, 0);
                continue;
            }
            let (part, after) = rest.split_at(rest.len().min(room - PART_HEAD));
            let kind = match (is_first, after.is_empty()) {
                (true, true) => 1,
                (true, false) => 2,
                (false, false) => 3,
                (false, true) => 4,
            };
            let mut sum = crc32fast::Hasher::new();
            sum.update(&[kind]);
            sum.update(part);
            log.extend(sum.finalize().to_le_bytes());
            log.extend((part.len() as u16).to_le_bytes());
            log.push(kind);
            log.extend(part);
            (rest, is_first) = (after, false);
            if rest.is_empty() {
                break;
            }
        }
    }
    log
}
