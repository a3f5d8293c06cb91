//! LOCK: of two schedulers that want the same results at the same moment, one gets them and the other is told who.

use std::{
    path::Path,
    sync::{Arc, Barrier},
    thread,
};

use sweep::store::{Damage, Store, StoreError};
use sweep_disk::OsDisk;

use crate::{report::Report, sample};

pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    let parent = tempfile::tempdir().expect("a temporary folder");
    for number in 0..trials {
        // Half of the races are for results that don't exist yet.
        let dir = parent.path().join(format!("race-{}", number / 2));
        report.trial(&format!("race {number}"), || race(&dir));
    }
    report
}

fn race(dir: &Path) {
    let (start, end) = (Barrier::new(2), Barrier::new(2));
    let runner = |host: &'static str| {
        let (start, end) = (&start, &end);
        move || {
            start.wait();
            let opened = sample::open(Arc::new(OsDisk), dir, &sample::plan(1), Damage::Refuse, host);
            end.wait();
            opened.map(|(store, _): (Store, _)| drop(store))
        }
    };
    let (left, right) = thread::scope(|scope| {
        let left = scope.spawn(runner("left"));
        let right = scope.spawn(runner("right"));
        (left.join().expect("no panic"), right.join().expect("no panic"))
    });
    let (loser, winner) = match (left, right) {
        (Ok(()), Err(error)) => (error, "left"),
        (Err(error), Ok(())) => (error, "right"),
        (left, right) => panic!("not one winner: {left:?}, {right:?}"),
    };
    let StoreError::Locked { holder, .. } = loser else { panic!("the loser isn't told so: {loser:?}") };
    assert!(holder.contains(winner), "the loser is told that {holder} holds them, not {winner}");
}
