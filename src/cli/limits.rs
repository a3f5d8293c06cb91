//! Limits under which no sweep can be carried out: found before anything is written, and named.

use std::{
    env,
    sync::{Arc, atomic::AtomicBool},
};

use rustix::process::{Resource, getrlimit};
use signal_hook::consts::SIGXFSZ;

use super::CommandError;
use crate::{frame::make_threads, pool::SignalError};

/// A limit of this process.
struct Limit {
    resource: Resource,
    /// How a shell calls it.
    name: &'static str,
    /// What it limits.
    what: &'static str,
    /// The least that a sweep of any size needs.
    least: u64,
}

const MIB: u64 = 1 << 20;

/// A scheduler with one worker, and a report of few points.
const LIMITS: [Limit; 4] = [
    Limit { resource: Resource::As, name: "ulimit -v", what: "bytes of address space", least: 768 * MIB },
    Limit { resource: Resource::Data, name: "ulimit -d", what: "bytes of data", least: 384 * MIB },
    Limit { resource: Resource::Stack, name: "ulimit -s", what: "bytes of stack", least: MIB },
    Limit { resource: Resource::Nofile, name: "ulimit -n", what: "open files", least: 32 },
];

/// Makes a file that grows beyond `ulimit -f` an error that can be told, rather than the end of the process.
pub(super) fn bear_small_files() -> Result<(), CommandError> {
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))).map_err(SignalError::from)?;
    Ok(())
}

/// Refuses to begin what could not be brought to an end; makes the threads that it takes.
pub(super) fn check() -> Result<(), CommandError> {
    for Limit { resource, name, what, least } in LIMITS {
        if let Some(most) = getrlimit(resource).current
            && most < least
        {
            return Err(CommandError::Limited { name, what, most, least });
        }
    }
    let asked = env::var("POLARS_MAX_THREADS").ok().and_then(|text| text.parse().ok());
    Ok(make_threads(asked)?)
}
