//! EVIL: hostile files and names, each built here. Every file is refused with a message, every name is refused or shown so
//! that nothing obeys it, and canaries stay as they are: nothing outside is written, read aloud or run.

mod checkpoint;
mod dataset;
pub(crate) mod import;
mod names;

use std::{fs, path::Path};

use crate::report::Report;

/// Content of a file beside everything that is read; no message may hold it and nothing may change it.
const CANARY: &str = "canary-4b1f0c77 sings";

pub(crate) fn run(_: u64) -> Report {
    let mut report = Report::default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("canary"), CANARY).expect("a canary");
    checkpoint::run(&mut report, folder.path());
    let checkpoints = report.trials;
    dataset::run(&mut report, folder.path());
    let files = report.trials;
    import::run(&mut report, folder.path());
    let imports = report.trials;
    names::run(&mut report, folder.path());
    report.figure(format!(
        "{checkpoints} checkpoints, {} data sets, {} imports, {} names",
        files - checkpoints,
        imports - files,
        report.trials - imports
    ));
    report
}

/// A message says something, obeys nothing and tells no secret; the canary lives, and nothing came beside it.
fn check(message: &str, folder: &Path) {
    assert!(message.len() > 10, "a refusal without a message: {message:?}");
    assert!(!message.chars().any(|c| c != '\n' && c.is_control()), "it controls the terminal: {message:?}");
    assert!(!message.contains("canary-4b1f0c77"), "it tells what stands outside: {message}");
    assert_eq!(fs::read_to_string(folder.join("canary")).expect("the canary lives"), CANARY);
    assert!(!folder.join("owned").exists(), "something was run");
}
