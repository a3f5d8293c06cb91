//! CORRUPT: a journal is cut at every byte, and every byte of it is changed. No reader panics, asks for much memory, or takes
//! an outcome for another than was recorded.

use std::{path::Path, sync::Arc};

use sweep::{
    outcome::Outcome,
    store::{Damage, Recorded, StoreError},
};
use sweep_disk::Disk;
use sweep_faults::SimulatedDisk;

use sweep_protocol::terms::RunId;

use crate::{meter, report::Report, sample};

const JOURNAL: &str = "journal.jsonl";
/// Most memory that a reader may hold at once, in bytes.
const MOST: usize = 64 << 20;

/// Damages the journal of a sweep of `runs` runs.
pub(crate) fn run(runs: u64) -> Report {
    let mut report = Report::default();
    let whole = swept(runs).read(&Path::new(sample::DIR).join(JOURNAL), u64::MAX).expect("it is there");
    let mut largest = 0;
    let mut try_one = |circumstances: String, damaged: &[u8]| {
        report.trial(&circumstances, || {
            let ((), asked) = meter::peak(|| read(runs, damaged));
            largest = largest.max(asked);
            assert!(asked <= MOST, "asked for {asked} bytes");
        });
    };
    for length in 0..whole.len() {
        try_one(format!("cut to {length} bytes"), &whole[..length]);
    }
    for place in 0..whole.len() {
        for (change, mask) in [("one bit flipped", 1 << (place % 8)), ("all bits flipped", 0xff)] {
            let mut damaged = whole.clone();
            damaged[place] ^= mask;
            try_one(format!("byte {place}: {change}"), &damaged);
        }
        let mut damaged = whole.clone();
        damaged.insert(place, b'\n');
        try_one(format!("a newline before byte {place}"), &damaged);
    }
    report.figure(format!("a journal of {} bytes; no reading above {largest} bytes", whole.len()));
    report
}

/// Results of a whole sweep on a disk of their own.
fn swept(runs: u64) -> Arc<SimulatedDisk> {
    let disk = Arc::new(SimulatedDisk::default());
    let done = sample::scheduler(&disk, runs);
    assert!(done.error.is_none(), "{:?}", done.error);
    disk
}

/// Reads results with a damaged journal in every way.
fn read(runs: u64, damaged: &[u8]) {
    let (disk, plan, dir) = (swept(runs), sample::plan(runs), Path::new(sample::DIR));
    let path = dir.join(JOURNAL);
    disk.put(&path, damaged).expect("room");

    let recorded = Recorded::read_on(disk.as_ref(), dir).expect("readers always read");
    check(recorded.outcomes.iter().map(|(run, record)| (run, &record.outcome)), runs);
    match sample::open(disk.clone(), dir, &plan, Damage::Refuse, "here") {
        Ok((store, _)) => check(store.records().iter().map(|(run, record)| (run, &record.outcome)), runs),
        Err(StoreError::Damaged { .. } | StoreError::Missing { .. }) => {
            assert_eq!(disk.read(&path, u64::MAX).expect("there"), damaged, "a refusal touches nothing");
        }
        Err(other) => panic!("{other}"),
    }
    match sample::open(disk.clone(), dir, &plan, Damage::Repair, "here") {
        Ok((mut store, _)) => {
            let done = sample::carry_out(disk.as_ref(), &mut store, &plan);
            assert!(done.error.is_none(), "{:?}", done.error);
            check(store.records().iter().map(|(run, record)| (run, &record.outcome)), runs);
            assert_eq!(store.records().len() as u64, runs, "the repaired sweep goes to its end");
        }
        // A journal that says nothing, beside runs, is no fresh start.
        Err(StoreError::Missing { .. }) => assert!(!damaged.contains(&b'\n'), "lines are there"),
        Err(other) => panic!("{other}"),
    }
}

fn check<'a>(outcomes: impl Iterator<Item = (&'a RunId, &'a Outcome)>, runs: u64) {
    for (run, outcome) in outcomes {
        let number = (0..runs).find(|&number| sample::run_id(number) == *run).expect("a run of the plan");
        assert_eq!(*outcome, sample::outcome(number), "a wrong value");
    }
}
