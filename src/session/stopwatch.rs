//! What carrying runs out costs: time on the wall, of processors, of GPUs.

use std::{collections::BTreeSet, time::Instant};

use sweep_protocol::terms::Device;

use crate::{pool::SlotSpec, store::Outlay};

/// Linux tells times of processes in hundredths of a second, whatever its clock does inside.
const TICKS_PER_SECOND: f64 = 100.0;

/// Runs from when it was started.
pub(super) struct Stopwatch {
    started: Instant,
    processor_s: f64,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self { started: Instant::now(), processor_s: processor_seconds() }
    }

    /// What was spent until now on these slots, whose workers have ended.
    pub(super) fn read(&self, slots: &[SlotSpec]) -> Outlay {
        let wall_s = self.started.elapsed().as_secs_f64();
        let gpus: BTreeSet<u32> = slots
            .iter()
            .filter_map(|slot| if let Device::Cuda(number) = slot.device { Some(number) } else { None })
            .collect();
        Outlay {
            sessions: 1,
            wall_s,
            processor_s: (processor_seconds() - self.processor_s).max(0.0),
            gpu_s: gpus.len() as f64 * wall_s,
        }
    }
}

/// Seconds that processors have spent on this process and on those of its children that have ended.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    ticks(&stat).map_or(0.0, |ticks| ticks as f64 / TICKS_PER_SECOND)
}

/// utime, stime, cutime and cstime together: fields 14 to 17 of proc(5). The second field, the name, may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, behind) = stat.rsplit_once(')')?;
    let times: Vec<u64> =
        behind.split_whitespace().skip(11).take(4).map_while(|field| field.parse().ok()).collect();
    (times.len() == 4).then(|| times.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::{processor_seconds, ticks};

    #[test]
    fn times_stand_where_the_manual_says() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194304 100 200 0 0 10 20 300 400 20 0 1 0 5";
        assert_eq!((ticks(stat), ticks("7 (a)"), ticks("")), (Some(730), None, None));
    }

    #[test]
    fn this_process_has_spent_some() {
        let mut sum = 0.0_f64;
        while processor_seconds() == 0.0 {
            sum = (0..100_000).fold(sum, |sum, next| sum + f64::from(next).sqrt());
        }
        assert!(sum >= 0.0);
    }
}
