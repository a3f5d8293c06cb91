use std::{collections::BTreeSet, path::Path, time::Duration};

use super::{TrackerFile, mlflow, plain, tensorboard};
use crate::frame::sample::Sample;

/// Two events as `TensorBoard` 2.21 writes them (`event_pb2.Event`, `RecordWriter`): its version, and `score` = 0.125, both at the
/// time 1700000000.
const EVENTS: &str = "1800000000000000a37f4b220900000040fc54d9411a0d627261696e2e4576656e743a32eced8f9d19000000000000008bf108280900000040fc54d9412a0e0a0c0a0573636f7265150000003e63cf0f1c";

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[test]
fn an_event_file_begins_as_tensorboard_writes_it() {
    let written = super::tensorboard::events(1_700_000_000.0, &[("score", 0.125)]);
    assert_eq!(hex(&written), EVENTS);
}

#[test]
fn every_finished_run_and_every_score_has_a_file_of_its_own() {
    let sample = Sample::finished(3);
    let frame = sample.frame();
    let finished = frame.runs.iter().filter(|run| run.measured.is_some()).count();
    let scored = frame.points.iter().filter(|point| point.score.is_ok()).count();
    let when = Duration::from_secs(1_700_000_000);
    let names = |files: &[TrackerFile]| files.iter().map(|file| file.path.clone()).collect::<BTreeSet<_>>();
    let files = tensorboard(&frame, when);
    assert_eq!((files.len(), names(&files).len()), (finished + scored, finished + scored));
    let files = mlflow(&frame, Path::new("/store"), when);
    let runs = files.iter().filter(|file| file.path.ends_with("meta.yaml")).count();
    assert_eq!((runs, names(&files).len()), (1 + finished + scored, files.len()));
}

#[test]
fn no_name_leads_out_of_the_folder() {
    for (title, name) in
        [("../../etc", "_.._.._etc"), ("a lr=1e-3", "a_lr=1e-3"), ("..", "_.."), ("a/b\\c\n", "a_b_c_")]
    {
        assert_eq!(plain(title), name);
    }
    let long = "a".repeat(130);
    assert_ne!(plain(&format!("{long}b")), plain(&format!("{long}c")), "titles that differ at the end alone");
    let hostile = Sample::finished(3).hostile("../../x");
    for file in tensorboard(&hostile.frame(), Duration::ZERO) {
        let parts: Vec<_> = file.path.components().collect();
        assert_eq!(parts.len(), 3, "{}", file.path.display());
        assert!(parts.iter().all(|part| matches!(part, std::path::Component::Normal(_))));
    }
}
