//! POWER: the power fails at every change of a sweep, and the device keeps none, all or some of what was not synced, torn
//! and in any order. Then at changes of the resume. The same where two schedulers share the sweep and a third has died
//! before them.

use std::sync::Arc;

use sweep_disk::Disk;
use sweep_faults::{Counting, Death, Kept, SimulatedDisk};

use crate::{
    crowd::{self, Shared},
    report::Report,
    sample::{self, Done},
};

const RUNS: u64 = 5;

/// `seeds` draws of what the device keeps, at each change.
pub(crate) fn run(seeds: u64) -> Report {
    let mut report = Report::default();
    let changes = sample::changes(RUNS);
    report.figure(format!("{changes} changes in a sweep of {RUNS} runs"));
    each(&mut report, seeds, changes, survive);
    let changes = crowd_changes();
    report.figure(format!("{changes} changes in one of {} runs that schedulers share", crowd::RUNS));
    each(&mut report, seeds, changes, survive_together);
    report
}

fn each(report: &mut Report, seeds: u64, changes: u64, survive: fn(&[(u64, Kept)])) {
    let all_kept: Vec<Kept> = [Kept::None, Kept::All].into_iter().chain((0..seeds).map(Kept::Some)).collect();
    for at in 1..=changes {
        for (number, &kept) in all_kept.iter().enumerate() {
            report.trial(&format!("change {at} of {changes}, {kept:?}"), || survive(&[(at, kept)]));
            // The change of the resume moves with the draw, so that all pairs come up.
            let again = 1 + (at * 7 + number as u64 * 13) % changes;
            let twice = [(at, kept), (again, all_kept[(number + 1) % all_kept.len()])];
            report.trial(&format!("{twice:?} of {changes}"), || survive(&twice));
        }
    }
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

fn crowd_changes() -> u64 {
    let disk = Arc::new(SimulatedDisk::default());
    let chronicle = Shared::default();
    let counting = Arc::new(Counting::new(disk.clone(), u64::MAX, Death::FailOnce));
    together(&disk, &(counting.clone() as Arc<dyn Disk>), 1, &chronicle);
    counting.changes()
}

/// One dies early, two share the rest.
fn together(disk: &SimulatedDisk, on: &Arc<dyn Disk>, first: u64, chronicle: &Shared) {
    if first == 1 {
        crowd::die_early(disk, on, 0, chronicle);
    }
    let both = [first, first + 1].map(|number| crowd::start(on, number, chronicle));
    crowd::work(disk, both.into(), chronicle);
}

fn survive_together(failures: &[(u64, Kept)]) {
    let disk = Arc::new(SimulatedDisk::default());
    let chronicle = Shared::default();
    let mut first = 1;
    for &(at, kept) in failures {
        let dying: Arc<dyn Disk> = Arc::new(Counting::new(disk.clone(), at, Death::FailFromThen));
        together(&disk, &dying, first, &chronicle);
        first += 2;
        disk.lose_power(kept);
        disk.pass(crowd::LONG);
    }
    let early = crowd::lock(&chronicle).errors.len();
    together(&disk, &(disk.clone() as Arc<dyn Disk>), first, &chronicle);
    crowd::check_results(&disk, &chronicle);
    let chronicle = crowd::lock(&chronicle);
    assert_eq!(chronicle.errors.len(), early, "the last resume goes to the end: {:?}", chronicle.errors);
    assert!(chronicle.restarted.is_empty(), "recorded and started again: {:?}", chronicle.restarted);
    chronicle.check_errors();
}
