//! `TensorBoard`: one folder for each run, with one event file of scalars.
//!
//! A file is a row of records (length, its checksum, data, its checksum: `TFRecord`), each an `Event` in the wire format of
//! Protocol Buffers (`tensorflow/core/util/event.proto`, `framework/summary.proto`).

use std::path::Path;

use super::{
    Since1970, TrackerFile, entries,
    wire::{double, float, message, text},
};
use crate::frame::Frame;

/// What every event file begins with.
const VERSION: &str = "brain.Event:2";

/// The runs and points of a frame as event files.
pub fn tensorboard(frame: &Frame, when: Since1970) -> Vec<TrackerFile> {
    let seconds = when.as_secs_f64();
    let file = |entry: super::Tracked<'_>| {
        // TensorBoard wants `tfevents` in the name, and a time for an order among the files of one folder.
        let name = format!("events.out.tfevents.{:010}.sweep", when.as_secs());
        TrackerFile { path: Path::new(&entry.folder).join(name), bytes: events(seconds, &entry.metrics) }
    };
    entries(frame).into_iter().map(file).collect()
}

/// An event file of scalars.
pub(super) fn events(seconds: f64, metrics: &[(&'static str, f64)]) -> Vec<u8> {
    let mut bytes = record(&event(seconds, &text(3, VERSION)));
    for (name, value) in metrics {
        let scalar = [text(1, name), float(2, *value as f32)].concat();
        bytes.extend(record(&event(seconds, &message(5, &message(1, &scalar)))));
    }
    bytes
}

/// An event of step 0.
fn event(seconds: f64, what: &[u8]) -> Vec<u8> {
    [&double(1, seconds)[..], what].concat()
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), data, &masked(data)].concat()
}

/// The checksum of a `TFRecord`: CRC-32C, turned and moved.
fn masked(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}
