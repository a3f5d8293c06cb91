//! The machine and the limits that it sets this process.

use std::{fs, thread};

use rustix::process::{Resource, getrlimit};
use sweep_protocol::FORMAT;

use super::Finding;

/// Files that a scheduler with a dozen workers has open, with room to spare.
const FEWEST_FILES: u64 = 256;
/// Processes and threads that a dozen workers are.
const FEWEST_PROCESSES: u64 = 256;

pub(super) fn examine() -> Vec<Finding> {
    let mut findings = vec![
        Finding::ok("sweep", format!("{}, run format {FORMAT}", env!("CARGO_PKG_VERSION"))),
        processors(),
    ];
    findings.extend(memory());
    findings.extend([
        limit("open files", Resource::Nofile, FEWEST_FILES, "ulimit -n 4096"),
        limit("processes", Resource::Nproc, FEWEST_PROCESSES, "ulimit -u 4096"),
        file_size(),
    ]);
    findings
}

fn processors() -> Finding {
    match thread::available_parallelism() {
        Ok(cores) => Finding::ok("cores", cores.to_string()),
        Err(error) => Finding::warn("cores", format!("unknown: {error}"), "say how many workers: --jobs N"),
    }
}

/// Memory that is free, in the kernel's own estimate.
fn memory() -> Option<Finding> {
    const ENOUGH_MIB: u64 = 1024;
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let mib = line.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1024;
    let found = format!("{mib} MiB available");
    Some(if mib < ENOUGH_MIB {
        Finding::warn(
            "memory",
            found,
            "a worker needs about 500 MiB: fewer workers with --jobs N, or end other programs",
        )
    } else {
        Finding::ok("memory", found)
    })
}

fn limit(what: &'static str, resource: Resource, fewest: u64, way_out: &str) -> Finding {
    match getrlimit(resource).current {
        Some(most) if most < fewest => {
            Finding::warn(what, format!("at most {most}"), format!("{way_out}, or fewer --jobs"))
        }
        Some(most) => Finding::ok(what, format!("at most {most}")),
        None => Finding::ok(what, "unlimited"),
    }
}

fn file_size() -> Finding {
    match getrlimit(Resource::Fsize).current {
        Some(most) => Finding::warn("file size", format!("at most {most} bytes"), "ulimit -f unlimited"),
        None => Finding::ok("file size", "unlimited"),
    }
}
