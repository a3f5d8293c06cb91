//! `sweep` on a disk that fails: this program, started again by a gate, calls what the shipped program calls and hands it
//! another file system. Its workers are processes of the shipped program, which knows no disk but the operating system's.

use std::{
    env,
    path::PathBuf,
    process::{Command, ExitCode},
    sync::Arc,
};

use sweep::cli::{self, Ground};
use sweep_disk::OsDisk;
use sweep_faults::{Counting, Death};

/// Names the durable change that fails, counted from 1; where it is set, this program is `sweep`.
const AT: &str = "SWEEP_GATES_CRASH_AT";
/// Says how.
const BY: &str = "SWEEP_GATES_CRASH_BY";

/// A `sweep` whose durable change `at` fails: `kill` ends the process in the middle of it, `eio` and `enospc` make it and
/// all later ones fail, `eio-once` and `enospc-once` it alone.
pub(crate) fn sweep(at: u64, by: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program is somewhere"));
    command.env(AT, at.to_string()).env(BY, by);
    command
}

/// Acts as `sweep`, if it was started as one.
pub(crate) fn act() -> Option<ExitCode> {
    let at = env::var(AT).ok()?.parse().expect("the number of a change");
    let counting = |death| Counting::new(Arc::new(OsDisk), at, death);
    let disk = match env::var(BY).as_deref() {
        Ok("kill") => counting(Death::Kill),
        Ok("eio") => counting(Death::FailFromThen),
        Ok("eio-once") => counting(Death::FailOnce),
        Ok("enospc") => counting(Death::FailFromThen).full(),
        Ok("enospc-once") => counting(Death::FailOnce).full(),
        other => panic!("no way to fail: {other:?}"),
    };
    let shipped = PathBuf::from(env!("CARGO_BIN_EXE_sweep"));
    Some(cli::main(&Ground::new(Arc::new(disk), shipped)))
}
