//! SIM: the real scheduler core in a simulated world of workers, disks, clocks, users and deaths, a new one for each seed.
//!
//! Each world has a random part of all faults (swarm testing). In half of them faults go on to the end and nothing wrong
//! may happen: P1 to P7 and P9. In the others faults cease, and then every run must come to its end (P10). A fault that
//! strikes too rarely fails the gate: what was not tried was not tested. `SWEEP_GATE_SEED=n` tries one seed alone.

mod deeds;
mod disk;
mod fault;
mod life;
mod worker;
mod world;

use crate::report::Report;
use fault::Fault;
pub(crate) use worker::measurement;
use world::World;

/// How often each fault must have struck.
const ENOUGH: u64 = 100;
/// Every nth world is made twice and must go the same way.
const TWICE: u64 = 50;

pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    if let Some(seed) = std::env::var("SWEEP_GATE_SEED").ok().and_then(|seed| seed.parse().ok()) {
        report.trial(&format!("seed {seed}"), || {
            let _ = World::new(seed, true).live();
        });
        return report;
    }
    let mut struck = [0; Fault::ALL.len()];
    for seed in 0..trials {
        report.trial(&format!("seed {seed}"), || {
            let is_traced = seed % TWICE == 0;
            let (strikes, trace) = World::new(seed, is_traced).live();
            for (sum, count) in struck.iter_mut().zip(strikes) {
                *sum += count;
            }
            if is_traced {
                assert_eq!(World::new(seed, true).live().1, trace, "the same seed, another world");
            }
        });
    }
    for (fault, count) in Fault::ALL.iter().zip(struck) {
        if count < ENOUGH {
            report.failures.push(format!("{fault:?} struck {count} times, which is no test"));
        }
    }
    let rarest = Fault::ALL.iter().zip(struck).min_by_key(|(_, count)| *count);
    report.figure(format!(
        "{} strikes of {} faults, rarest {rarest:?}",
        struck.iter().sum::<u64>(),
        Fault::ALL.len()
    ));
    report
}
