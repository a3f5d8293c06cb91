//! IOERR: every durable change of a sweep fails, once or from then on, because the disk is broken or full. Nothing recorded
//! is lost, and no failure is silent: a sweep that could not record everything ends with exit code 4 and says why. Where
//! schedulers share the sweep, the others finish what the one couldn't. In memory a change may also be made and yet be said
//! to have failed.

use std::{path::Path, sync::Arc};

use sweep::store::Damage;
use sweep_disk::Disk;
use sweep_faults::{Counting, Death, Kept, SimulatedDisk};

use crate::{
    crowd::{self, Shared},
    kill_enum::spread,
    report::Report,
    sample,
    toy::{History, Rows, Toy},
};

const WAYS: [&str; 4] = ["eio", "eio-once", "enospc", "enospc-once"];
/// The change is made, and the answer lost.
const BEHIND: [&str; 2] = ["eio-behind", "enospc-behind"];

/// Up to `trials` changes, each failing in all four ways, by real processes; every change in memory.
pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    for way in WAYS.into_iter().chain(BEHIND) {
        each(&mut report, &format!("{way} in memory"), |at| fail_once(at, way, crate::toy::RUNS as u64));
        each(&mut report, &format!("{way} at a sharer in memory"), |at| fail_beside_another(at, way));
    }
    processes(&mut report, trials);
    processes_together(&mut report, trials);
    report
}

fn processes(report: &mut Report, trials: u64) {
    let undisturbed = Toy::new();
    let expected = undisturbed.finish();
    let changes = Toy::changes(Toy::new);
    let mut absorbed = 0;
    for at in spread(changes, trials) {
        for way in WAYS {
            report.trial(&format!("process with {way} at change {at}"), || {
                let toy = Toy::new();
                if let Some(after) = fails(&toy, (at, way), &expected) {
                    after.check_complete();
                    absorbed += 1;
                }
            });
        }
    }
    report.figure(format!(
        "{changes} changes; {absorbed} failures were made good on the spot, all others end with 4"
    ));
}

/// Lets one change of a sweep fail, and the next one finish. The history behind the failure, where it was made good or
/// nothing depended on it.
fn fails(toy: &Toy, (at, way): (u64, &str), expected: &Rows) -> Option<History> {
    let output = toy.crash(at, way);
    let said = String::from_utf8_lossy(&output.stderr);
    let after = toy.history();
    let absorbed = match output.status.code() {
        Some(4) => {
            let last = said.trim_end().lines().last().unwrap_or_default();
            assert!(last.starts_with("error: "), "the last line says why: {said}");
            false
        }
        Some(0) => {
            assert_eq!(&toy.measured(), expected);
            true
        }
        other => panic!("exit code {other:?}: {said}"),
    };
    assert_eq!(&toy.finish(), expected, "the resume comes out as if nothing had happened");
    toy.history().check_keeps(&after);
    toy.history().check_complete();
    absorbed.then_some(after)
}

/// Lets change after change fail, as long as there are any; `fail` returns how many there were.
fn each(report: &mut Report, circumstances: &str, fail: impl Fn(u64) -> u64) {
    for at in 1.. {
        let mut changes = 0;
        report.trial(&format!("{circumstances}, change {at}"), || changes = fail(at));
        if changes < at {
            return;
        }
    }
}

fn failing(disk: &Arc<SimulatedDisk>, at: u64, way: &str) -> Arc<Counting> {
    let death = match way {
        "eio-once" | "enospc-once" => Death::FailOnce,
        "eio-behind" | "enospc-behind" => Death::FailBehind,
        _ => Death::FailFromThen,
    };
    let failing = Counting::new(disk.clone(), at, death);
    Arc::new(if way.starts_with("enospc") { failing.full() } else { failing })
}

/// Lets one change fail, resumes, and returns the number of changes that were asked for.
fn fail_once(at: u64, way: &str, runs: u64) -> u64 {
    let (disk, plan, dir) = (Arc::new(SimulatedDisk::default()), sample::plan(runs), Path::new(sample::DIR));
    let failing = failing(&disk, at, way);
    let mut acknowledged = Vec::new();
    if let Ok((mut store, _)) = sample::open(failing.clone(), dir, &plan, Damage::Refuse, "here") {
        let done = sample::carry_out(disk.as_ref(), &mut store, &plan);
        assert!(done.error.is_some() || done.acknowledged.len() as u64 == runs, "a silent failure");
        acknowledged = done.acknowledged;
    }
    let changes = failing.changes();
    let (mut store, _) = sample::open(disk.clone(), dir, &plan, Damage::Refuse, "here").expect("a resume");
    let done = sample::carry_out(disk.as_ref(), &mut store, &plan);
    assert!(done.error.is_none(), "{:?}", done.error);
    assert!(done.started.iter().all(|run| !acknowledged.contains(run)), "acknowledged and started again");
    drop(store);
    sample::check_results(disk.as_ref(), runs);
    changes
}

/// Lets one change of the first of two fail, and returns the number of changes that it asked for.
fn fail_beside_another(at: u64, way: &str) -> u64 {
    let disk = Arc::new(SimulatedDisk::default());
    let chronicle = Shared::default();
    let failing = failing(&disk, at, way);
    let disks: [Arc<dyn Disk>; 2] = [failing.clone(), disk.clone()];
    let both = [1, 2].map(|number| crowd::start(&disks[number as usize - 1], number, &chronicle));
    crowd::work(&disk, both.into(), &chronicle);
    disk.lose_power(Kept::None);
    crowd::check_results(&disk, &chronicle);
    let chronicle = crowd::lock(&chronicle);
    assert!(chronicle.errors.iter().all(|(number, _)| *number == 1), "{:?}", chronicle.errors);
    assert!(chronicle.restarted.is_empty(), "recorded and started again: {:?}", chronicle.restarted);
    chronicle.check_errors();
    failing.changes()
}

fn processes_together(report: &mut Report, trials: u64) {
    let expected = Toy::shared().finish();
    let changes = Toy::changes(Toy::shared);
    for at in spread(changes, trials) {
        for way in WAYS {
            report.trial(&format!("process on a shared folder with {way} at change {at}"), || {
                fails(&Toy::shared(), (at, way), &expected);
            });
        }
    }
}
