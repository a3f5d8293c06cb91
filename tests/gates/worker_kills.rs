//! WORKER: a worker is killed every 50 to 500 ms; every run comes out as it does in peace, or has cost two workers.

use std::{thread, time::Duration};

use crate::{
    chance::Chance,
    processes::{Scene, children, kill},
    report::Report,
};

const SEEDS: u64 = 100;

/// A trial is a run.
pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    let scene = Scene::new(trials.div_ceil(SEEDS), SEEDS, 20);
    let peace = scene.sweep("peace", "8").wait().expect("a child of ours");
    assert!(peace.success(), "the grid runs in peace");

    let mut chance = Chance::new(trials);
    let mut sweep = scene.sweep("war", "8");
    let mut kills = 0;
    while sweep.try_wait().expect("a child of ours").is_none() {
        thread::sleep(Duration::from_millis(50 + chance.below(451)));
        let workers = children(sweep.id());
        if !workers.is_empty() {
            kill("KILL", chance.pick(&workers));
            kills += 1;
        }
    }
    let (expected, found) = (scene.outcomes("peace"), scene.outcomes("war"));
    let (mut failed, mut repeated) = (0, 0);
    for (id, expected) in &expected {
        report.trial(id, || {
            let found = found.get(id).expect("it is there");
            repeated += u64::from(found.attempt > 1);
            if found.status == "failed" {
                failed += 1;
                assert!(found.attempt >= 2, "given up after {} attempts", found.attempt);
            } else {
                assert!(found.is_like(expected), "{found:?} instead of {expected:?}");
            }
        });
    }
    report.figure(format!("{kills} kills, {repeated} runs tried again, {failed} had cost two workers"));
    if kills == 0 || repeated == 0 {
        report.failures.push(format!("{kills} kills hit {repeated} runs, which is no test"));
    }
    report
}
