//! WORKER: a worker is killed every 50 to 500 ms; every run comes out as it does in peace, or has cost two workers.

use std::{process::Child, thread, time::Duration};

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

    let expected = scene.outcomes("peace");
    let mut chance = Chance::new(trials);
    for (results, cohort) in [("war", 1), ("war-of-cohorts", 4)] {
        let sweep = scene.sweep_in_cohorts(results, "8", cohort);
        let kills = disturb(sweep, &mut chance);
        let found = scene.outcomes(results);
        let (mut failed, mut repeated) = (0, 0);
        for (id, expected) in &expected {
            report.trial(&format!("{id}, {cohort} at once"), || {
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
        let told = format!("{kills} kills, {repeated} runs tried again, {failed} had cost two workers");
        report.figure(format!("{told}, {cohort} at once"));
        if kills == 0 || repeated == 0 {
            report.failures.push(format!("{kills} kills hit {repeated} runs, which is no test"));
        }
    }
    report
}

/// Kills workers of a sweep until it ends; returns how many.
fn disturb(mut sweep: Child, chance: &mut Chance) -> u64 {
    let mut kills = 0;
    while sweep.try_wait().expect("a child of ours").is_none() {
        thread::sleep(Duration::from_millis(50 + chance.below(451)));
        let workers = children(sweep.id());
        if !workers.is_empty() {
            kill("KILL", chance.pick(&workers));
            kills += 1;
        }
    }
    kills
}
