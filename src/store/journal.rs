//! The lines of `journal.jsonl`: how they are written, and what damage to them looks like.
//!
//! `{"seq":7,"epoch":2,"event":{…},"crc32c":"0a1b2c3d"}`: the checksum covers every byte before `,"crc32c"`, and any JSON
//! reader can still read the line.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sweep_protocol::terms::RunId;

use super::opening::Holder;
use crate::outcome::Outcome;

/// Length of `,"crc32c":"xxxxxxxx"}`.
const TRAILER: usize = 21;

/// Where an outcome comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A worker carried the run out.
    Computed,
    /// The cache of finished runs.
    Cached,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Event {
    /// A scheduler opened the results; its epoch is that of the line.
    Opened(Holder),
    /// An attempt at a run was handed to a worker.
    Started { run: RunId, attempt: u32, slot: usize },
    /// An attempt ended; attempt 0 where none was made.
    Ended { run: RunId, attempt: u32, outcome: Outcome, source: Source },
    /// The user asked to carry a run out again.
    Reopened { run: RunId },
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// Counts lines; grows, with gaps only where damaged lines were set aside.
    pub(super) seq: u64,
    /// Counts openings.
    pub(super) epoch: u64,
    /// What happened.
    pub(super) event: Event,
}

/// The end of a journal, to which lines are appended.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    length: u64,
    seq: u64,
    epoch: u64,
}

/// A line that is to be appended.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) path: PathBuf,
    pub(super) at: u64,
    pub(super) bytes: Vec<u8>,
}

impl Journal {
    /// The end behind these entries, one epoch later.
    pub(super) fn behind(path: PathBuf, length: u64, entries: &[Entry]) -> Self {
        let (seq, epoch) = entries.last().map_or((0, 0), |last| (last.seq, last.epoch));
        Self { path, length, seq, epoch: epoch + 1 }
    }

    /// Where the lines are.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The next line.
    pub(super) fn line(&self, event: Event) -> Line {
        let bytes = encode(&Entry { seq: self.seq + 1, epoch: self.epoch, event });
        Line { path: self.path.clone(), at: self.length, bytes }
    }

    /// Moves the end behind a line that was written, and returns it as every reader will see it.
    pub(super) fn wrote(&mut self, line: &Line) -> Option<Entry> {
        self.length += line.bytes.len() as u64;
        self.seq += 1;
        decode(line.bytes.strip_suffix(b"\n")?)
    }
}

pub(super) fn encode(entry: &Entry) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(entry).expect("plain data serialises");
    bytes.pop();
    let trailer = trailer(&bytes);
    bytes.extend_from_slice(trailer.as_bytes());
    bytes.push(b'\n');
    bytes
}

fn trailer(covered: &[u8]) -> String {
    format!(r#","crc32c":"{:08x}"}}"#, crc32c::crc32c(covered))
}

pub(super) fn decode(line: &[u8]) -> Option<Entry> {
    let (covered, found) = line.split_at_checked(line.len().checked_sub(TRAILER)?)?;
    if found != trailer(covered).as_bytes() {
        return None;
    }
    let mut object = covered.to_vec();
    object.push(b'}');
    serde_json::from_slice(&object).ok()
}

/// What a journal holds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Scan {
    /// The whole lines, in order.
    pub(super) entries: Vec<Entry>,
    /// The damaged lines in front of the last line.
    pub(super) damaged: Vec<Damaged>,
    /// Bytes up to the end of the last line that is followed by a newline and isn't a damaged last one.
    pub(super) length: u64,
    /// Bytes behind that: a record that was never completed.
    pub(super) torn: u64,
}

/// A damaged line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Damaged {
    /// Its number, counted from 1.
    pub(super) number: u64,
    /// Its bytes, newline included.
    pub(super) bytes: std::ops::Range<usize>,
}

/// Tells whole lines from damaged ones; never fails.
pub(super) fn scan(bytes: &[u8]) -> Scan {
    let mut found = Scan::default();
    let mut start = 0;
    for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let range = start..start + line.len();
        start = range.end;
        let whole = line.strip_suffix(b"\n").and_then(decode);
        let entry = whole.filter(|entry| found.entries.last().is_none_or(|last| follows(last, entry)));
        match entry {
            Some(entry) => found.entries.push(entry),
            None if range.end == bytes.len() => {
                found.torn = line.len() as u64;
                break;
            }
            None => found.damaged.push(Damaged { number: index as u64 + 1, bytes: range.clone() }),
        }
        found.length = range.end as u64;
    }
    found
}

fn follows(last: &Entry, next: &Entry) -> bool {
    next.seq > last.seq && next.epoch >= last.epoch
}
