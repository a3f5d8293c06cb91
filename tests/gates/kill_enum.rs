//! KILL-ENUM: the scheduler is killed in the middle of every durable change of a sweep, and in the middle of every change of
//! the resume behind it.
//!
//! In memory every pair of changes is tried, and in the end the power fails. With real processes every change is, each
//! followed by one of the resume. The same where schedulers share the sweep: in memory one dies at every change, the one
//! beside it at every change of its own, and a third finishes.

use std::sync::Arc;

use sweep_disk::Disk;
use sweep_faults::{Counting, Death, Kept, SimulatedDisk};

use crate::{
    crowd::{self, Shared},
    report::Report,
    sample,
    toy::{Rows, Toy},
};

/// Up to `trials` kills of real processes and as many pairs in memory, spread over the whole sweep.
pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    processes(&mut report, trials, Toy::new, "each alone");
    processes(&mut report, trials, Toy::in_cohorts, "in cohorts");
    in_memory(&mut report, trials);
    processes_together(&mut report, trials);
    together_in_memory(&mut report, trials);
    retries_in_memory(&mut report);
    report
}

/// Kills the resume of a killed sweep at a change of its own, and lets the next one finish.
fn survives_another(toy: &Toy, at: u64, expected: &Rows) {
    let first = toy.history();
    toy.crash(at, "kill");
    let second = toy.history();
    second.check_keeps(&first);
    assert_eq!(&toy.finish(), expected, "the tables come out as if nothing had happened");
    let last = toy.history();
    last.check_keeps(&second);
    last.check_complete();
}

/// Real processes have no certain number of changes: they show each other signs of life as time passes.
fn processes_together(report: &mut Report, trials: u64) {
    let expected = Toy::shared().finish();
    let changes = Toy::changes(Toy::shared);
    report.figure(format!("about {changes} changes in a shared sweep of {} runs", crate::toy::RUNS));
    for at in spread(changes, trials) {
        report.trial(&format!("process on a shared folder killed at change {at}"), || {
            let toy = Toy::shared();
            toy.crash(at, "kill");
            survives_another(&toy, 1 + at * 31 % changes, &expected);
        });
    }
}

fn together_in_memory(report: &mut Report, trials: u64) {
    let changes = crowd::changes_of_one();
    report.figure(format!("{changes} changes of a scheduler that shares {} runs, in memory", crowd::RUNS));
    for first in 1..=changes {
        for second in spread(changes, trials) {
            for between in [Between::Nothing, Between::PowerFailure] {
                report.trial(&format!("sharers killed at changes {first} and {second}, {between:?}"), || {
                    kill_both(first, second, between);
                });
            }
        }
    }
}

/// What happens before the third of three schedulers comes.
#[derive(Debug, Clone, Copy)]
enum Between {
    Nothing,
    PowerFailure,
}

/// Kills two of three.
fn kill_both(first: u64, second: u64, between: Between) {
    let disk = Arc::new(SimulatedDisk::default());
    let chronicle = Shared::default();
    let dying = |at| -> Arc<dyn Disk> { Arc::new(Counting::new(disk.clone(), at, Death::FailFromThen)) };
    let both = [(1, first), (2, second)].map(|(number, at)| crowd::start(&dying(at), number, &chronicle));
    crowd::work(&disk, both.into(), &chronicle);
    match between {
        // Whoever reads now may see what no scheduler has counted on yet.
        Between::Nothing => crowd::lock(&chronicle).read(&*disk),
        Between::PowerFailure => disk.lose_power(Kept::None),
    }
    disk.pass(crowd::LONG);
    let third = crowd::start(&(disk.clone() as Arc<dyn Disk>), 3, &chronicle);
    assert!(third.is_some(), "the third is let in: {:?}", crowd::lock(&chronicle).errors);
    crowd::work(&disk, vec![third], &chronicle);
    disk.lose_power(Kept::None);
    crowd::check_results(&disk, &chronicle);
    let chronicle = crowd::lock(&chronicle);
    assert!(chronicle.errors.iter().all(|(number, _)| *number < 3), "{:?}", chronicle.errors);
    assert!(chronicle.restarted.is_empty(), "recorded and started again: {:?}", chronicle.restarted);
}

fn processes(report: &mut Report, trials: u64, new: fn() -> Toy, how: &str) {
    let expected = Toy::new().finish();
    let changes = Toy::changes(new);
    report.figure(format!(
        "{changes} changes in a sweep of {} runs by real processes, {how}",
        crate::toy::RUNS
    ));
    for at in spread(changes, trials) {
        report.trial(&format!("process killed at change {at}, runs {how}"), || {
            let toy = new();
            assert_eq!(toy.crash(at, "kill").status.code(), None, "it is killed");
            // A resume has fewer changes the later the crash; where it has not so many, it goes to its end.
            survives_another(&toy, 1 + at * 31 % changes, &expected);
        });
    }
}

fn in_memory(report: &mut Report, trials: u64) {
    let runs = crate::toy::RUNS as u64;
    let changes = sample::changes(runs);
    report.figure(format!("{changes} changes in a sweep of {runs} runs in memory"));
    for pair in spread(changes * changes, trials.saturating_mul(trials)) {
        let (first, second) = (1 + (pair - 1) / changes, 1 + (pair - 1) % changes);
        report.trial(&format!("killed at changes {first} and {second}"), || kill_twice(first, second, runs));
    }
}

fn kill_twice(first: u64, second: u64, runs: u64) {
    let disk = Arc::new(SimulatedDisk::default());
    let mut acknowledged = Vec::new();
    for at in [first, second, u64::MAX] {
        let dying = Arc::new(Counting::new(disk.clone(), at, Death::FailFromThen));
        let done = sample::scheduler(&dying, runs);
        assert!(done.started.iter().all(|run| !acknowledged.contains(run)), "acknowledged and started again");
        acknowledged.extend(done.acknowledged);
    }
    disk.lose_power(Kept::None);
    sample::check_results(disk.as_ref(), runs);
}

/// At most `count` of the numbers `1..=all`, evenly spread, first and last among them.
pub(crate) fn spread(all: u64, count: u64) -> impl Iterator<Item = u64> {
    let count = count.clamp(2, all.max(2)).min(all);
    let step = move |index: u64| {
        1 + (u128::from(index) * u128::from(all - 1) / u128::from((count - 1).max(1))) as u64
    };
    (0..count).map(step)
}

/// A scheduler dies at every change of taking a run back and carrying it out again.
fn retries_in_memory(report: &mut Report) {
    for at in 1.. {
        let mut changes = 0;
        report.trial(&format!("killed at change {at} of a retry on a shared folder"), || changes = retry(at));
        if changes < at {
            return;
        }
    }
}

fn retry(at: u64) -> u64 {
    const TAKEN_BACK: u64 = 2;
    let disk = Arc::new(SimulatedDisk::default());
    let calm: Arc<dyn Disk> = disk.clone();
    let chronicle = Shared::default();
    crowd::work(&disk, vec![crowd::start(&calm, 1, &chronicle)], &chronicle);
    let dying = Arc::new(Counting::new(disk.clone(), at, Death::FailFromThen));
    let second = crowd::start(&(dying.clone() as Arc<dyn Disk>), 2, &chronicle)
        .and_then(|mut second| second.retry(TAKEN_BACK).is_ok().then_some(second));
    crowd::work(&disk, vec![second], &chronicle);
    crowd::lock(&chronicle).read(&*calm);
    disk.pass(crowd::LONG);
    crowd::work(&disk, vec![crowd::start(&calm, 3, &chronicle)], &chronicle);
    disk.lose_power(Kept::None);
    crowd::check_results(&disk, &chronicle);
    let chronicle = crowd::lock(&chronicle);
    assert!(chronicle.errors.iter().all(|(number, _)| *number == 2), "{:?}", chronicle.errors);
    assert!(chronicle.restarted.is_empty(), "recorded and started again: {:?}", chronicle.restarted);
    dying.changes()
}
