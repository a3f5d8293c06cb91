use std::path::Path;

use super::{Verdict, existing, storage};
use crate::disk::{Disk, OsDisk};

#[test]
fn a_place_that_can_be_written_to_is_tried_out_and_left_as_it_was() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let findings = storage::examine(&OsDisk, folder.path());
    for what in ["results", "locks", "commit", "free space"] {
        let finding =
            findings.iter().find(|finding| finding.what == what).unwrap_or_else(|| panic!("{what}"));
        assert_ne!(finding.verdict, Verdict::Fail, "{finding:?}");
    }
    assert!(OsDisk.list(folder.path()).expect("a folder").is_empty(), "nothing is left behind");
}

#[test]
fn a_place_that_can_not_be_written_to_fails_with_the_way_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let missing = folder.path().join("missing");
    let findings = storage::examine(&OsDisk, &missing);
    let failed = findings.iter().find(|finding| finding.what == "writing").expect("it was tried");
    assert!(failed.verdict == Verdict::Fail && failed.way_out.is_some(), "{failed:?}");
    assert!(failed.line().contains("\n      → "), "{}", failed.line());
}

#[test]
fn a_folder_that_is_not_there_is_judged_by_the_one_above() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(existing(&folder.path().join("a/b/c")), folder.path());
    assert_eq!(existing(Path::new("no-such-folder/x")), Path::new("."));
}
