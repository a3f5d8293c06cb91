//! KILL-RAND: the scheduler is killed at random moments, and resumed, over and over.

use std::{
    process::Child,
    thread,
    time::{Duration, Instant},
};

use sweep_chance::Chance;

use crate::{
    report::Report,
    toy::{RUNS, Toy},
};

/// Makes `trials` kills.
pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    let undisturbed = Toy::new();
    let started = Instant::now();
    let expected = undisturbed.finish();
    let duration = started.elapsed();
    let mut chance = Chance::of_seed(trials);
    let (mut toy, mut sweeps, mut hits) = (Toy::new(), 0, 0);
    while report.trials < trials {
        let mut complete = false;
        // Half of them at any time, a little longer than a sweep takes, so that its start and end are hit too; half of them
        // once some more runs have ended.
        let moment = if chance.coin() {
            Moment::Time(duration.mul_f64(1.2 * chance.unit()))
        } else {
            let ended = toy.history().ended.len();
            Moment::Ended(ended + chance.below((RUNS - ended) as u64) as usize)
        };
        report.trial(&format!("killed at {moment:?}"), || {
            let before = toy.history();
            let mut scheduler = toy.command().spawn().expect("sweep starts");
            moment.wait_for(&toy, &mut scheduler);
            scheduler.kill().expect("a child of ours");
            scheduler.wait().expect("a child of ours");
            let after = toy.history();
            after.check_keeps(&before);
            hits += u64::from(!after.ended.is_empty() && after.ended.len() < RUNS);
            complete = after.ended.len() >= RUNS;
            if complete {
                assert_eq!(toy.finish(), expected, "the tables come out as if nothing had happened");
                toy.history().check_keeps(&after);
                toy.history().check_complete();
            }
        });
        if complete {
            toy = Toy::new();
            sweeps += 1;
        }
    }
    report.trials -= 1;
    report.trial("the last sweep", || {
        assert_eq!(toy.finish(), expected, "the tables come out as if nothing had happened");
        toy.history().check_complete();
    });
    report.figure(format!(
        "{sweeps} sweeps of {RUNS} runs completed, {hits} kills between the first and the last run"
    ));
    report
}

/// When the scheduler is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So long after its start.
    Time(Duration),
    /// When more than so many runs have ended.
    Ended(usize),
}

impl Moment {
    /// Returns then, or when the scheduler has ended by itself.
    fn wait_for(self, toy: &Toy, scheduler: &mut Child) {
        match self {
            Self::Time(delay) => thread::sleep(delay),
            Self::Ended(runs) => {
                while toy.history().ended.len() <= runs
                    && scheduler.try_wait().expect("a child of ours").is_none()
                {
                    thread::yield_now();
                }
            }
        }
    }
}
