//! FUZZ: whatever bytes a parser is given, it answers: no panic, at most a second, at most 512 MiB, and what it says can't
//! control a terminal.
//!
//! Every input follows from the parser's name and a number alone: `SWEEP_FUZZ=grid:136652 scripts/gates FUZZ` repeats one and
//! leaves it as `fuzz-grid-136652` in the folder for temporary files.

mod corpus;
mod mutate;
mod target;

use std::{
    env, fs,
    io::{Write, stderr},
    ops::Range,
    panic::{self, AssertUnwindSafe, catch_unwind},
    process,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{meter, report::Report};
use target::{Said, Target};

/// Threads that feed a parser.
const LANES: u64 = 2;
/// Longest answer.
const LONGEST: Duration = Duration::from_secs(1);
/// Most memory, in bytes.
const MOST: usize = 512 << 20;
/// A parser that says nothing for so long hangs.
const HANGING: Duration = Duration::from_mins(1);

pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    // Panics are counted and told with their number; a hundred thousand backtraces would hide it.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let one = env::var("SWEEP_FUZZ").ok();
    let one = one
        .as_deref()
        .and_then(|one| one.split_once(':'))
        .and_then(|(name, number)| Some((name, number.parse().ok()?)));
    for target in target::all() {
        let (numbers, trials) = match one {
            Some((name, _)) if name != target.name => continue,
            Some((_, number)) => {
                let kept = env::temp_dir().join(format!("fuzz-{}-{number}", target.name));
                fs::write(kept, target.input(number)).expect("writable");
                (number..number + 1, 1)
            }
            None => (0..trials, trials),
        };
        let lanes = feed(&target, &numbers);
        report.trials += trials;
        let most = |pick: fn(&Lane) -> u64| lanes.iter().map(pick).max().unwrap_or(0);
        report.figure(format!(
            "{}: {trials} inputs, {} accepted, {} failed, slowest {} ms, most memory {} KiB",
            target.name,
            lanes.iter().map(|lane| lane.accepted).sum::<u64>(),
            lanes.iter().map(|lane| lane.failures.len()).sum::<usize>(),
            most(|lane| lane.slowest.as_millis() as u64),
            most(|lane| lane.most as u64 >> 10),
        ));
        report.failures.extend(lanes.into_iter().flat_map(|lane| lane.failures));
    }
    panic::set_hook(hook);
    report
}

/// What one thread has seen.
#[derive(Default)]
struct Lane {
    accepted: u64,
    slowest: Duration,
    most: usize,
    failures: Vec<String>,
}

fn feed(target: &Target, numbers: &Range<u64>) -> Vec<Lane> {
    let at: Vec<AtomicU64> = (0..LANES).map(AtomicU64::new).collect();
    thread::scope(|scope| {
        let lanes: Vec<_> = at
            .iter()
            .zip(0..)
            .map(|(at, first)| {
                scope.spawn(move || {
                    lane(target, (numbers.start + first..numbers.end).step_by(LANES as usize), at)
                })
            })
            .collect();
        watch(target, &at, || lanes.iter().all(thread::ScopedJoinHandle::is_finished));
        lanes.into_iter().map(|lane| lane.join().expect("a lane catches every panic")).collect()
    })
}

fn lane(target: &Target, numbers: impl Iterator<Item = u64>, at: &AtomicU64) -> Lane {
    let mut seen = Lane::default();
    for number in numbers {
        at.store(number, Ordering::Relaxed);
        let input = target.input(number);
        let mut failed = |what: &str| seen.failures.push(format!("{} input {number}: {what}", target.name));
        let (answer, memory, time) = answer_to(target, &input);
        match answer {
            Ok(Said::Accepted) => seen.accepted += 1,
            Ok(Said::Refused(message)) if message.is_empty() => failed("refused without a word"),
            Ok(Said::Refused(message)) if message.chars().any(|c| c != '\n' && c.is_control()) => {
                failed(&format!("a message that controls the terminal: {message:?}"));
            }
            Ok(Said::Refused(_)) => {}
            Err(panic) => failed(&format!("panicked: {panic}")),
        }
        if memory > MOST {
            failed(&format!("{} MiB of memory", memory >> 20));
        }
        // A machine that is busy elsewhere is not the parser's fault.
        if time > LONGEST {
            let before = processor();
            let _ = answer_to(target, &input);
            let time = processor().saturating_sub(before);
            if time > LONGEST {
                failed(&format!("{} ms", time.as_millis()));
            }
        }
        seen.slowest = seen.slowest.max(time);
        seen.most = seen.most.max(memory);
    }
    at.store(u64::MAX, Ordering::Relaxed);
    seen
}

fn answer_to(target: &Target, input: &[u8]) -> (Result<Said, String>, usize, Duration) {
    let started = Instant::now();
    let (answer, memory) = meter::peak(|| catch_unwind(AssertUnwindSafe(|| (target.parse)(input))));
    let words = |panic: Box<dyn std::any::Any + Send>| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_default()
    };
    (answer.map_err(words), memory, started.elapsed())
}

/// What this thread has had of the processor.
fn processor() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts the time of a thread");
    let first = text.split(' ').next().and_then(|ns| ns.parse().ok());
    Duration::from_nanos(first.expect("the first number is the time on the processor"))
}

/// Ends the process with the number of the input when a thread stays with it: nothing else stops a thread.
fn watch(target: &Target, at: &[AtomicU64], done: impl Fn() -> bool) {
    let now = || at.iter().map(|at| at.load(Ordering::Relaxed)).collect::<Vec<_>>();
    let (mut last, mut since) = (now(), Instant::now());
    while !done() {
        thread::sleep(Duration::from_millis(5));
        let current = now();
        let stuck = last.iter().zip(&current).any(|(was, is)| was == is && *is != u64::MAX);
        if !stuck {
            (last, since) = (current, Instant::now());
        } else if since.elapsed() > HANGING {
            let _ = writeln!(stderr(), "GATE FUZZ: {} hangs at one of the inputs {current:?}", target.name);
            process::abort();
        }
    }
}
