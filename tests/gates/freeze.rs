//! FREEZE: of two schedulers that share a sweep, one stands still at one call, whether that changes or only looks, while the
//! other goes on; then it goes on as if nothing had happened. Either it stood still for so long that its claims are taken
//! over, or just long enough for the other to come between two calls. No run is recorded twice, nobody ever sees two
//! outcomes of one, and what anybody counted on is there after a power failure.

use std::sync::{Arc, Mutex, PoisonError};

use sweep_disk::Disk;
use sweep_faults::{Counting, Death, Kept, SimulatedDisk};

use crate::{
    crowd::{self, Scheduler, Shared, Step, lock},
    kill_enum::spread,
    report::Report,
};

/// For how long a scheduler stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Still {
    /// Until its claims may be taken over.
    Long,
    /// Not that long.
    Short,
}

/// How far the other has come when the first goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Other {
    /// Nothing is left that it could do.
    Finished,
    /// It has a run in hand, most often the first one's.
    AtWork,
}

const WAYS: [(Still, Other); 4] = [
    (Still::Long, Other::Finished),
    (Still::Long, Other::AtWork),
    (Still::Short, Other::Finished),
    (Still::Short, Other::AtWork),
];

/// Up to `trials` calls, evenly spread, each in all ways.
pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    let (calls, _) = freeze(u64::MAX, WAYS[0]);
    let mut taken_over = 0;
    report.figure(format!("{calls} calls of a scheduler that shares {} runs", crowd::RUNS));
    for at in spread(calls, trials) {
        for way in WAYS {
            report.trial(&format!("still at call {at}, {way:?}"), || {
                let (_, late) = freeze(at, way);
                taken_over += u64::from(late);
            });
        }
    }
    report.figure(format!("{taken_over} times it came back to a run that was another's by then"));
    report
}

/// Returns the number of calls that the first scheduler made, and whether its run was taken over.
fn freeze(at: u64, (still, other_is): (Still, Other)) -> (u64, bool) {
    let disk = Arc::new(SimulatedDisk::default());
    let calm: Arc<dyn Disk> = disk.clone();
    let chronicle = Shared::default();
    crowd::ask(&calm).expect("room");
    let other: Arc<Mutex<Option<Scheduler>>> = Arc::default();
    let interlude = {
        let (disk, calm, chronicle, other) = (disk.clone(), calm.clone(), chronicle.clone(), other.clone());
        move |call| {
            if call == at {
                lock(&chronicle).read(&*calm);
                if still == Still::Long {
                    disk.pass(crowd::LONG);
                }
                let mut second = Scheduler::join(&calm, 2, &chronicle).expect("it is let in");
                let step = match other_is {
                    Other::Finished => second.hurry(),
                    Other::AtWork => second.take_one(),
                }
                .expect("nothing fails");
                lock(&chronicle).read(&*calm);
                *other.lock().unwrap_or_else(PoisonError::into_inner) =
                    (step != Step::Done).then_some(second);
            }
        }
    };
    let counting = Arc::new(Counting::new(disk.clone(), u64::MAX, Death::FailOnce).before_each(interlude));
    let mut first =
        Scheduler::join(&(counting.clone() as Arc<dyn Disk>), 1, &chronicle).expect("nothing fails");
    first.hurry().expect("nothing fails");
    let late = first.late();
    let second = other.lock().unwrap_or_else(PoisonError::into_inner).take();
    crowd::work(&disk, vec![Some(first), second], &chronicle);
    lock(&chronicle).read(&*calm);
    disk.lose_power(Kept::None);
    crowd::check_results(&disk, &chronicle);
    let chronicle = lock(&chronicle);
    assert!(chronicle.errors.is_empty(), "{:?}", chronicle.errors);
    let by_others = chronicle.restarted.iter().filter(|(_, number)| *number != 1).count();
    // Who stood still between claiming a run and starting it can't know.
    assert!(by_others == 0 && chronicle.restarted.len() <= 1, "started again: {:?}", chronicle.restarted);
    (counting.calls(), late)
}
