//! What binds a worker to its scheduler, and the one place with unsafe code: what a worker does between `fork` and
//! `exec`.

use std::{io, os::unix::process::CommandExt, process::Command};

use rustix::{
    fs::{Mode, OFlags, open},
    process::{
        Pid, Resource, Rlimit, Signal, getpid, getppid, set_child_subreaper, set_parent_process_death_signal,
        setrlimit,
    },
};

/// Where memory runs out, the kernel takes a worker rather than the scheduler.
const SACRIFICE: &[u8] = b"500";

/// Makes this process the parent of everything whose own parent has gone, so that what a worker leaves behind can be
/// reaped with its group, wherever this runs: in a container there may be nobody else who would do it.
pub fn adopt_strays() {
    // Without it strays go to the system's first process, as anywhere.
    let _ = set_child_subreaper(Some(getpid()));
}

/// Ties a worker to the calling thread: it gets its own process group, is killed when that thread ends, and leaves no
/// core dump (weights and faces must not lie around). The thread must therefore outlive the worker.
pub(super) fn isolate(command: &mut Command) {
    command.process_group(0);
    let scheduler = getpid();
    // SAFETY: between fork and exec only async-signal-safe calls are allowed. `bind` makes system calls, and neither
    // allocates nor takes a lock: its errors are plain numbers.
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
    // A system without this file chooses for itself.
    if let Ok(file) = open(c"/proc/self/oom_score_adj", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) {
        let _ = rustix::io::write(&file, SACRIFICE);
    }
    Ok(())
}
