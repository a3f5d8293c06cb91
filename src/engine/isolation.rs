//! The one place with unsafe code: what a worker does between `fork` and `exec`.

use std::{io, os::unix::process::CommandExt, process::Command};

use rustix::process::{
    Pid, Resource, Rlimit, Signal, getpid, getppid, set_parent_process_death_signal, setrlimit,
};

/// Ties a worker to the calling thread: it gets its own process group, is killed when that thread ends, and leaves no
/// core dump (weights and faces must not lie around). The thread must therefore outlive the worker.
pub(super) fn isolate(command: &mut Command) {
    command.process_group(0);
    let scheduler = getpid();
    // SAFETY: between fork and exec only async-signal-safe calls are allowed. `bind` makes three system calls, and
    // neither allocates nor takes a lock: its errors are plain numbers.
    #[expect(unsafe_code, reason = "a child can be tied to its parent only between fork and exec")]
    unsafe {
        command.pre_exec(move || bind(scheduler));
    }
}

fn bind(scheduler: Pid) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // The scheduler may have died before the line above took effect.
    if getppid() != Some(scheduler) {
        return Err(rustix::io::Errno::SRCH.into());
    }
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}
