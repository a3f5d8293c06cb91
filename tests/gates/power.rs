//! POWER: the power fails at every change of a sweep, and the device keeps none, all or some of what was not synced, torn
//! and in any order. Then at changes of the resume.

use std::sync::Arc;

use sweep::store::{Counting, Death, Kept, SimulatedDisk};

use crate::{
    report::Report,
    sample::{self, Done},
};

const RUNS: u64 = 5;

/// `seeds` draws of what the device keeps, at each change.
pub(crate) fn run(seeds: u64) -> Report {
    let mut report = Report::default();
    let changes = sample::changes(RUNS);
    report.figure(format!("{changes} changes in a sweep of {RUNS} runs"));
    let all_kept: Vec<Kept> = [Kept::None, Kept::All].into_iter().chain((0..seeds).map(Kept::Some)).collect();
    for at in 1..=changes {
        for (number, &kept) in all_kept.iter().enumerate() {
            report.trial(&format!("change {at}, {kept:?}"), || survive(&[(at, kept)]));
            // The change of the resume moves with the draw, so that all pairs come up.
            let again = 1 + (at * 7 + number as u64 * 13) % changes;
            let twice = [(at, kept), (again, all_kept[(number + 1) % all_kept.len()])];
            report.trial(&format!("{twice:?}"), || survive(&twice));
        }
    }
    report
}

fn survive(failures: &[(u64, Kept)]) {
    let disk = Arc::new(SimulatedDisk::default());
    let mut acknowledged = Vec::new();
    for &(at, kept) in failures {
        let dying = Arc::new(Counting::new(disk.clone(), at, Death::FailFromThen));
        let done = sample::scheduler(&dying, RUNS);
        let newly = check(done, &acknowledged);
        acknowledged.extend(newly);
        disk.lose_power(kept);
    }
    let last = sample::scheduler(&disk, RUNS);
    assert!(last.error.is_none(), "the last resume goes to the end: {:?}", last.error);
    check(last, &acknowledged);
    sample::check_results(disk.as_ref(), RUNS);
}

/// What a scheduler has newly acknowledged; it must not have started anything that was acknowledged before.
fn check(done: Done, acknowledged: &[u64]) -> Vec<u64> {
    let repeated: Vec<_> = done.started.iter().filter(|run| acknowledged.contains(run)).collect();
    assert!(repeated.is_empty(), "acknowledged and started again: {repeated:?}");
    if let Some(error) = done.error {
        let text = error.to_string();
        assert!(text.contains("failed to write") || text.contains("failed to read"), "another error: {text}");
    }
    done.acknowledged
}
