//! The file system that a sweep is written to, and how tests make it fail.
//!
//! `SWEEP_CRASH_AT=n` kills the process in the middle of its nth durable change (a file or folder made, written, synced, renamed,
//! linked, touched or removed in the results or the cache), so that what a crash leaves behind can be tried change by change.
//! `SWEEP_CRASH_BY` says how instead: `kill` (the default), `eio`, `enospc` (this change and all later ones fail), `eio-once`,
//! `enospc-once` (this change alone fails).

use std::{env, sync::Arc};

use super::CommandError;
use crate::disk::{Counting, Death, Disk, OsDisk};

/// The file system as it is, unless the environment says how it fails.
pub(super) fn disk() -> Result<Arc<dyn Disk>, CommandError> {
    let Some(at) = env::var_os("SWEEP_CRASH_AT") else { return Ok(Arc::new(OsDisk)) };
    let by = env::var("SWEEP_CRASH_BY").unwrap_or_else(|_| "kill".to_owned());
    let at = at.to_str().and_then(|text| text.parse().ok());
    at.and_then(|at| failing(at, &by)).ok_or(CommandError::CrashAid)
}

fn failing(at: u64, by: &str) -> Option<Arc<dyn Disk>> {
    let counting = |death| Counting::new(Arc::new(OsDisk), at, death);
    Some(Arc::new(match by {
        "kill" => counting(Death::Kill),
        "eio" => counting(Death::FailFromThen),
        "eio-once" => counting(Death::FailOnce),
        "enospc" => counting(Death::FailFromThen).full(),
        "enospc-once" => counting(Death::FailOnce).full(),
        _ => return None,
    }))
}
