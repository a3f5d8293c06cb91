//! The lines of `journal.jsonl`: how they are written, and what damage to them looks like.
//!
//! `{"seq":7,"epoch":2,"event":{…},"crc32c":"0a1b2c3d"}`: the checksum covers every byte before `,"crc32c"`, and any JSON
//! reader can still read the line. A length in front of it would add nothing: JSON has no newline inside, so the newline
//! ends the line, and a damaged length would cost the lines behind it as well.
//!
//! Every line is synced before the next is written. So a crash can damage the last line alone, and damage in front of it
//! is never taken for a crash.

use std::path::PathBuf;

use serde::{Deserialize, Serialize, de::IgnoredAny};
use sweep_protocol::terms::RunId;

use super::opening::Holder;
use crate::outcome::Outcome;

/// Lines, openings and attempts beyond these are none that a sweep can have come to: whoever wrote such a line meant to break
/// the counting of those behind it.
const MOST_LINES: u64 = 1 << 48;
const MOST_ATTEMPTS: u32 = 1 << 30;

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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Entry {
    /// Counts lines; grows, with gaps only where damaged lines were set aside.
    pub(super) seq: u64,
    /// Counts openings, over all journals of the sweep.
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
    /// The end of a journal of this length behind line `seq`, one epoch later than any that was seen.
    pub(super) fn new(path: PathBuf, length: u64, seq: u64, epoch_before: u64) -> Self {
        Self { path, length, seq, epoch: epoch_before + 1 }
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
        only_line(&line.bytes)
    }
}

/// The one line that these bytes are.
pub(super) fn only_line(bytes: &[u8]) -> Option<Entry> {
    match decode(bytes.strip_suffix(b"\n")?) {
        Reading::Whole(entry) => Some(entry),
        Reading::Foreign | Reading::Damaged => None,
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

/// What the bytes of a line turn out to be.
#[derive(Debug, PartialEq)]
enum Reading {
    /// A line as it was written.
    Whole(Entry),
    /// A line as it was written, by a version that knows more.
    Foreign,
    /// Anything else.
    Damaged,
}

fn decode(line: &[u8]) -> Reading {
    let split = line.len().checked_sub(TRAILER).and_then(|end| line.split_at_checked(end));
    let Some((covered, found)) = split else { return Reading::Damaged };
    if found != trailer(covered).as_bytes() {
        return Reading::Damaged;
    }
    match serde_json::from_slice(line) {
        Ok(Sealed { seq, epoch, event, .. }) => {
            let entry = Entry { seq, epoch, event };
            if entry.is_countable() { Reading::Whole(entry) } else { Reading::Damaged }
        }
        // Every version writes JSON.
        Err(_) if serde_json::from_slice::<serde_json::Value>(line).is_ok() => Reading::Foreign,
        Err(_) => Reading::Damaged,
    }
}

impl Entry {
    /// Whether lines can still be counted on from here.
    fn is_countable(&self) -> bool {
        let attempt = match self.event {
            Event::Started { attempt, .. } | Event::Ended { attempt, .. } => attempt,
            Event::Opened(_) | Event::Reopened { .. } => 0,
        };
        self.seq < MOST_LINES && self.epoch < MOST_LINES && attempt < MOST_ATTEMPTS
    }
}

/// An entry as it lies on the disk.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    seq: u64,
    epoch: u64,
    event: Event,
    #[expect(dead_code, reason = "checked before the line is parsed, on its bytes")]
    crc32c: IgnoredAny,
}

/// What a journal holds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Scan {
    /// The whole lines, in order.
    pub(super) entries: Vec<Entry>,
    /// The damaged lines in front of the last line.
    pub(super) damaged: Vec<Damaged>,
    /// Number of the first line that another version of `sweep` wrote.
    pub(super) foreign: Option<u64>,
    /// Lines of schedulers that no longer held the results when they wrote them; none was acknowledged.
    pub(super) fenced: u64,
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
        let (number, range) = (index as u64 + 1, start..start + line.len());
        start = range.end;
        match line.strip_suffix(b"\n").map_or(Reading::Damaged, decode) {
            Reading::Whole(entry) if follows(found.entries.last(), &entry) => found.entries.push(entry),
            Reading::Whole(entry) if found.entries.last().is_some_and(|last| entry.epoch < last.epoch) => {
                found.fenced += 1;
            }
            Reading::Foreign => found.foreign = found.foreign.or(Some(number)),
            Reading::Whole(_) | Reading::Damaged if range.end == bytes.len() => {
                found.torn = line.len() as u64;
                break;
            }
            Reading::Whole(_) | Reading::Damaged => {
                found.damaged.push(Damaged { number, bytes: range.clone() });
            }
        }
        found.length = range.end as u64;
    }
    found
}

fn follows(last: Option<&Entry>, next: &Entry) -> bool {
    last.is_none_or(|last| next.seq > last.seq && next.epoch >= last.epoch)
}
