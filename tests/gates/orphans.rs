//! ORPHAN: `kill -9` of the scheduler at any moment leaves none of its processes after five seconds.

use std::{thread, time::Duration};

use crate::{
    chance::Chance,
    processes::{Scene, children, wait_until},
    report::Report,
};

/// How long a process may outlive its scheduler.
const OUTLIVES: Duration = Duration::from_secs(5);

pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    let mut chance = Chance::new(trials);
    let (mut longest, mut orphaned) = (Duration::ZERO, 0);
    for number in 0..trials {
        report.trial(&format!("kill {number}"), || {
            let scene = Scene::new(1, 400, 30);
            let mut sweep = scene.sweep("r", "4");
            // Half of the kills come while workers start, the others while they work.
            wait_until("a worker", || !children(sweep.id()).is_empty());
            if chance.once_in(2) {
                wait_until("a run", || scene.ended("r") > 0);
            }
            thread::sleep(Duration::from_micros(chance.below(40_000)));
            let workers = children(sweep.id()).len();
            sweep.kill().expect("a child of ours");
            sweep.wait().expect("a child of ours");
            orphaned += workers;
            longest = longest.max(scene.expect_empty(OUTLIVES));
        });
    }
    report.figure(format!("{orphaned} workers lost their scheduler, the last was gone after {longest:?}"));
    if orphaned == 0 {
        report.failures.push("no worker lost its scheduler, which is no test".to_owned());
    }
    report
}
