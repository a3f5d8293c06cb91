//! SCALE-RESUME: results with 10⁵ recorded runs are opened again within a second, counted in time on a core so that a busy
//! machine fails nobody.

use std::{
    fmt::Write as _,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use sweep::store::Damage;
use sweep_disk::OsDisk;

use crate::{report::Report, sample};

const RUNS: u64 = 100_000;
const LIMIT: Duration = Duration::from_secs(1);

pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    let parent = tempfile::tempdir().expect("a temporary folder");
    let dir = parent.path().join("large");
    let plan = sample::plan(RUNS);
    drop(sample::open(Arc::new(OsDisk), &dir, &plan, Damage::Refuse, "here").expect("room"));
    let path = dir.join("journal.jsonl");
    let mut journal = fs::read_to_string(&path).expect("it is there");
    for number in 0..RUNS {
        let run = sample::run_id(number);
        line(
            &mut journal,
            2 + 2 * number,
            &format!(r#"{{"started":{{"run":"{run}","attempt":1,"slot":0}}}}"#),
        );
        let outcome = serde_json::to_string(&sample::outcome(number)).expect("plain data");
        let ended =
            format!(r#"{{"ended":{{"run":"{run}","attempt":1,"outcome":{outcome},"source":"computed"}}}}"#);
        line(&mut journal, 3 + 2 * number, &ended);
    }
    report.figure(format!("a journal of {} lines, {:.1} MB", 1 + 2 * RUNS, journal.len() as f64 / 1e6));
    fs::write(&path, journal).expect("room");
    let mut slowest = (Duration::ZERO, Duration::ZERO);
    for number in 0..trials {
        report.trial(&format!("resume {number}"), || {
            let (started, before) = (Instant::now(), on_cpu());
            let (store, notices) =
                sample::open(Arc::new(OsDisk), &dir, &plan, Damage::Refuse, "here").expect("whole");
            let (took, waited) = (on_cpu().saturating_sub(before), started.elapsed());
            assert_eq!((store.records().len() as u64, notices.len()), (RUNS, 0), "{notices:?}");
            slowest = (slowest.0.max(took), slowest.1.max(waited));
            assert!(took <= LIMIT, "it took {took:?}");
        });
    }
    let (took, waited) = (slowest.0.as_secs_f64(), slowest.1.as_secs_f64());
    report.figure(format!(
        "slowest of {trials}: {took:.3} s on a core, {waited:.3} s with everybody else's work between"
    ));
    report
}

/// How long this thread has computed.
fn on_cpu() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    Duration::from_nanos(text.split(' ').next().and_then(|first| first.parse().ok()).expect("nanoseconds"))
}

/// Adds a line in the journal's format, written down here once more: what old versions wrote must stay readable.
fn line(journal: &mut String, seq: u64, event: &str) {
    let covered = format!(r#"{{"seq":{seq},"epoch":1,"event":{event}"#);
    let sum = crc32c::crc32c(covered.as_bytes());
    writeln!(journal, r#"{covered},"crc32c":"{sum:08x}"}}"#).expect("a string takes everything");
}
