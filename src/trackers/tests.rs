use std::{collections::BTreeSet, path::Path, time::Duration};

use sha2::{Digest, Sha256};

use super::{TrackerFile, mlflow, plain, tensorboard, trackio, wandb_offline};
use crate::{
    frame::sample::Sample,
    plan::{Point, Role},
};

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

/// Hashes (SHA-256) of logs as W&B 0.22 writes them (`wandb.sdk.internal.datastore.DataStore`): how long each entry is, of bytes
/// 1, 2 and so on. They end near the border of a block, on it and far behind it.
const LOGS: [(&[usize], &str); 3] = [
    (&[3, 0, 32_732, 40_000], "d36af8a4f749267fbca4620f7c12d713d500576f784ea39d68dc721c55db829c"),
    (&[32_751, 10], "83dcd2e64bd2cf7d77e9feb7d852b710048790bdc003ac9dd475500dc371a05e"),
    (&[100_000, 1], "0390b6d6d14873ba2723481429fdf2ccb6c783da9a45bcffc13d226ed961ffbc"),
];

#[test]
fn a_log_is_what_wandb_writes() {
    for (lengths, hash) in LOGS {
        let entries: Vec<Vec<u8>> = (1..).zip(lengths).map(|(byte, length)| vec![byte; *length]).collect();
        assert_eq!(hex(&Sha256::digest(super::wandb::log(&entries))), hash, "{lengths:?}");
    }
}

#[test]
fn a_stranger_names_neither_folders_nor_the_database() {
    let hostile = Sample::finished(3).hostile("../../x\u{202e}");
    let frame = hostile.frame();
    for file in wandb_offline(&frame, Duration::ZERO) {
        let path = file.path.to_str().expect("ASCII");
        let run = path.strip_prefix("offline-run-19700101_000000-").and_then(|rest| rest.split_once("/run-"));
        let (folder, name) = run.unwrap_or_else(|| panic!("{path}"));
        assert!(folder.len() == 32 && folder.chars().all(|digit| digit.is_ascii_hexdigit()), "{path}");
        assert_eq!(name, format!("{folder}.wandb"));
    }
    let files = trackio(&frame, Duration::ZERO);
    let names: Vec<_> = files.iter().map(|file| file.path.to_str()).collect();
    assert_eq!(names, [Some("-------x-u-202e-.db")]);
}

#[test]
fn it_is_said_how_much_a_tracker_is_told() {
    let sample = Sample::finished(3);
    let frame = sample.frame();
    let tally = super::tally(&frame);
    let runs = frame.runs.iter().filter(|run| run.measured.is_some()).count();
    let points = frame.points.iter().filter(|point| point.score.is_ok()).count();
    assert_eq!((tally.runs, tally.points), (runs, points));
    assert_eq!(wandb_offline(&frame, Duration::ZERO).len(), runs + points);
}

#[test]
fn a_confirmed_point_is_another_one_than_that_of_its_title_in_the_search() {
    let mut sample = Sample::finished(3);
    let points = &mut sample.plan.points;
    let judged: Vec<usize> = (0..points.len()).filter(|at| points[*at].is_judged()).collect();
    let [.., found, fresh] = judged[..] else { panic!("three methods") };
    points[fresh] = Point { role: Role::Confirm, ..points[found].clone() };
    let frame = sample.frame();
    assert_eq!(frame.points[found].title, frame.points[fresh].title);
    let tally = super::tally(&frame);
    for files in [tensorboard(&frame, Duration::ZERO), wandb_offline(&frame, Duration::ZERO)] {
        let names: BTreeSet<_> = files.iter().map(|file| &file.path).collect();
        assert_eq!(names.len(), tally.runs + tally.points);
    }
}
